from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from pairly.common.problems import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from security.types import Client as Visitor
from users import announcement_selectors as selectors
from users.errors import StepUpRequired
from users.models import Announcement, Notification, User
from users.services import announcements, tokens
from users.types import SignIn

from .helpers import Meeting, at_once, bearer, start_api

HERE = Visitor(ip="192.0.2.7", user_agent="test")
WORDS = {"title": "A new way to find people", "body": "It starts on Monday.", "audience": "all"}


def proof(staff, *, is_fresh=True):
    at = timezone.now() - (timedelta(0) if is_fresh else timedelta(hours=1))
    return SignIn(staff.uid, uuid.uuid4(), factor="totp", stepped_up_at=at)


def publish(staff=None, **words):
    staff = staff or make_staff("admin")
    return announcements.publish(by=staff, sign_in=proof(staff), client=HERE, **{**WORDS, **words})


def told(announcement):
    """How often each person was told of it."""
    rows = Notification.objects.filter(kind="announcement", payload__announcement=str(announcement.uid))
    people = list(rows.values_list("user_id", flat=True))
    return {user: people.count(user) for user in people}


@pytest.mark.django_db
def test_everybody_who_is_active_is_told_once():
    people = [make_user(role) for role in ("fan", "creator", "fan")]
    away = make_user("fan")
    User.objects.filter(pk=away.pk).update(is_active=False)
    one = publish()
    assert announcements.spread_due() == len(told(one))
    assert all(told(one).get(user.pk) == 1 for user in people)
    assert away.pk not in told(one)
    assert Announcement.objects.get().told_at is not None
    assert announcements.spread_due() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["fan", "creator"])
def test_an_announcement_for_a_role_reaches_that_role_alone(role):
    people = {name: make_user(name) for name in ("fan", "creator")}
    one = publish(audience=role)
    announcements.spread_due()
    for name, user in people.items():
        assert (user.pk in told(one)) == (name == role)
        assert selectors.list_announcements(user=user).exists() == (name == role)


@pytest.mark.django_db
def test_what_is_not_out_yet_nobody_hears_of():
    fan = make_user()
    one = publish(starts_at=timezone.now() + timedelta(hours=1))
    assert announcements.spread_due() == 0
    assert not selectors.list_announcements(user=fan).exists()
    with pytest.raises(NotFound):
        selectors.get_announcement(user=fan, uid=one.uid)
    Announcement.objects.update(starts_at=timezone.now())
    assert announcements.spread_due() > 0
    assert selectors.get_announcement(user=fan, uid=one.uid).is_current


@pytest.mark.django_db
def test_what_is_over_is_read_as_past_and_tells_nobody():
    fan = make_user()
    one = publish(ends_at=timezone.now() + timedelta(hours=1))
    Announcement.objects.update(
        starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(hours=1)
    )
    assert announcements.spread_due() == 0
    assert not selectors.get_announcement(user=fan, uid=one.uid).is_current


@pytest.mark.django_db
def test_what_is_taken_back_is_read_by_nobody_and_stops_in_the_middle_of_telling():
    people = [make_user() for _ in range(3)]
    staff = make_staff("admin")
    one = publish(staff)
    assert announcements.tell_next(uid=one.uid, limit=2) == 2
    announcements.withdraw(by=staff, sign_in=proof(staff), client=HERE, uid=one.uid)
    assert announcements.tell_next(uid=one.uid, limit=2) is None
    assert len(told(one)) == 2
    assert not selectors.list_announcements(user=people[0]).exists()
    assert selectors.get_written(user=staff, uid=one.uid).state == "withdrawn"
    with pytest.raises(NotFound):
        announcements.withdraw(by=staff, sign_in=proof(staff), client=HERE, uid=one.uid)


@pytest.mark.django_db
def test_who_signs_up_later_finds_it_in_the_list():
    one = publish()
    announcements.spread_due()
    late = make_user()
    assert announcements.spread_due() == 0
    assert [row.uid for row in selectors.list_announcement_rows(user=late, limit=5)] == [one.uid]


@pytest.mark.django_db
def test_only_staff_who_may_and_have_just_proven_it_publish_and_take_back():
    one = publish()
    for person, error in ((make_staff("support"), Forbidden), (make_user("fan"), Forbidden)):
        for deed in (
            lambda person=person: publish(person),
            lambda person=person: announcements.preview(by=person, **WORDS),
            lambda person=person: selectors.list_written(user=person, limit=5),
            lambda person=person: announcements.withdraw(by=person, sign_in=proof(person), client=HERE, uid=one.uid),
        ):
            with pytest.raises(error):
                deed()
    admin = make_staff("admin")
    stale = proof(admin, is_fresh=False)
    with pytest.raises(StepUpRequired):
        announcements.publish(by=admin, sign_in=stale, client=HERE, **WORDS)
    with pytest.raises(StepUpRequired):
        announcements.withdraw(by=admin, sign_in=stale, client=HERE, uid=one.uid)
    assert Announcement.objects.filter(withdrawn_at__isnull=True).count() == 1


@pytest.mark.django_db
def test_each_deed_is_in_the_record_and_holds_none_of_its_words():
    staff = make_staff("admin")
    one = publish(staff)
    announcements.withdraw(by=staff, sign_in=proof(staff), client=HERE, uid=one.uid)
    entries = list(AuditEntry.objects.filter(actor_uid=staff.uid).order_by("pk"))
    assert [entry.action for entry in entries] == ["announcement.published", "announcement.withdrawn"]
    assert all(entry.details["announcement"] == str(one.uid) for entry in entries)
    assert WORDS["title"] not in str([entry.details for entry in entries])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"body": ""}, "body"),
        ({"body": "x" * 4001}, "body"),
        ({"audience": "staff"}, "audience"),
        ({"ends_at": timezone.now() - timedelta(days=1)}, "ends_at"),
    ],
)
def test_what_cannot_be_announced_is_said_at_its_field(words, field):
    staff = make_staff("admin")
    for deed in (lambda: publish(staff, **words), lambda: announcements.preview(by=staff, **{**WORDS, **words})):
        with pytest.raises(InvalidInput) as refused:
            deed()
        assert [row["pointer"] for row in refused.value.errors] == [f"/{field}"]
    assert not Announcement.objects.exists()


@pytest.mark.django_db
def test_a_form_that_is_sent_twice_is_one_announcement():
    staff, uid = make_staff("admin"), uuid.uuid4()
    first, second = publish(staff, uid=uid), publish(staff, uid=uid)
    assert first.uid == second.uid == uid
    assert Announcement.objects.count() == 1
    with pytest.raises(IdempotencyConflict):
        publish(uid=uid)


class Crash(Exception):
    """The worker is killed."""


@pytest.mark.django_db
@pytest.mark.parametrize("point", ["before the step is written", "after it"])
def test_a_crash_in_the_middle_of_telling_leaves_out_nobody_and_tells_nobody_twice(point, monkeypatch):
    people = [make_user() for _ in range(7)]
    one = publish()
    notify_each, n_steps = announcements.notify_each, []

    def crash(**how):
        n_steps.append(1)
        if len(n_steps) == 2 and point == "before the step is written":
            raise Crash
        written = notify_each(**how)
        if len(n_steps) == 2:
            raise Crash
        return written

    monkeypatch.setattr(announcements, "notify_each", crash)
    announcements.tell_next(uid=one.uid, limit=3)
    with pytest.raises(Crash):
        announcements.tell_next(uid=one.uid, limit=3)
    assert len(told(one)) == 3
    while announcements.tell_next(uid=one.uid, limit=3) is not None:
        pass
    assert all(told(one)[user.pk] == 1 for user in people)
    assert set(told(one).values()) == {1}


@pytest.mark.django_db
def test_a_run_makes_way_after_so_many_steps_and_the_next_one_goes_on(monkeypatch):
    people = [make_user() for _ in range(4)]
    one = publish()
    enqueued = []
    monkeypatch.setattr(announcements.after_commit, "enqueue_now", lambda **how: enqueued.append(how["task"]))
    monkeypatch.setattr(announcements, "ANNOUNCEMENT_BATCH", 1)
    steps = []
    tell_next = announcements.tell_next
    monkeypatch.setattr(announcements, "tell_next", lambda *, uid: steps.append(uid) or tell_next(uid=uid, limit=1))
    assert announcements.spread_due(batches=2) == 2
    assert enqueued == ["users.spread_announcements"]
    announcements.spread_due(batches=100)
    assert all(told(one)[user.pk] == 1 for user in people)


def test_of_30_workers_at_one_announcement_each_person_is_told_once(committed_db):
    people = [make_user() for _ in range(40)]
    one = publish()
    at_once(30, lambda _: [announcements.tell_next(uid=one.uid, limit=3) for _ in range(3)])
    while announcements.tell_next(uid=one.uid, limit=3) is not None:
        pass
    assert set(told(one)) >= {user.pk for user in people}
    assert set(told(one).values()) == {1}


def test_without_the_key_and_the_hold_on_its_row_people_would_be_told_again(committed_db, monkeypatch):
    for _ in range(40):
        make_user()
    one = publish()
    telling = announcements.Telling
    monkeypatch.setattr(announcements, "Telling", lambda pk, payload, key: telling(pk, payload=payload))
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows)
    has_listed, list_readers = Meeting(), announcements.selectors.list_readers

    def list_together(**how):
        found = list_readers(**how)
        has_listed.wait()
        return found

    monkeypatch.setattr(announcements.selectors, "list_readers", list_together)
    at_once(30, lambda _: announcements.tell_next(uid=one.uid, limit=3))
    assert max(told(one).values()) > 1


def test_without_the_forms_own_id_each_would_be_published(committed_db):
    staff = make_staff("admin")
    at_once(5, lambda _: publish(staff))
    assert Announcement.objects.count() == 5


def test_of_30_times_the_same_form_one_announcement_is_published(committed_db):
    staff, uid = make_staff("admin"), uuid.uuid4()
    at_once(30, lambda _: publish(staff, uid=uid))
    assert Announcement.objects.count() == 1
    assert AuditEntry.objects.filter(action="announcement.published").count() == 1


@pytest.mark.django_db
def test_the_lists_take_as_many_queries_however_long_they_are(django_assert_num_queries):
    staff, fan = make_staff("admin"), make_user()
    staff = User.objects.get(pk=staff.pk)
    staff.has_perm("users.staff_announce")  # asked for once and kept
    for _ in range(2):
        for _ in range(3):
            publish(staff)
        with django_assert_num_queries(1):
            selectors.list_announcement_rows(user=fan, limit=20)
        with django_assert_num_queries(1):
            selectors.list_written(user=staff, limit=20)


@pytest.mark.django_db
def test_the_page_shows_what_is_written_and_makes_nothing_of_it():
    publish(title="<b>Bold</b>", body="First line\nhttps://evil.example\n\n<script>stop()</script>")
    page = sign_in_as(make_user()).get("/announcements/").content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page
    assert "First line<br>https://evil.example</p>" in page
    assert "&lt;script&gt;" in page
    assert 'href="https://evil.example' not in page


@pytest.mark.django_db
def test_the_page_goes_on_by_cursor_and_to_strangers_it_does_not_open():
    staff = make_staff("admin")
    for number in range(21):
        publish(staff, title=f"Number {number}")
    browser = sign_in_as(make_user())
    first = browser.get("/announcements/")
    assert first.content.count(b"<article") == 20
    second = browser.get(f"/announcements/?before={first.context['before']}")
    assert second.content.count(b"<article") == 1
    assert browser.get("/announcements/?before=nonsense").status_code == 200
    assert Client().get("/announcements/").headers["Location"].startswith("/sign-in/")


@pytest.mark.django_db
def test_the_api_lists_them_by_cursor_for_the_role_that_asks():
    staff = make_staff("admin")
    for number in range(3):
        publish(staff, title=f"Number {number}")
    publish(staff, audience="creator")
    headers = bearer(tokens.issue(started=start_api(make_user("fan")))["access_token"])
    first = Client().get("/api/v1/announcements?limit=2", **headers).json()
    assert [row["title"] for row in first["results"]] == ["Number 2", "Number 1"]
    second = Client().get(first["next"], **headers).json()
    assert [row["title"] for row in second["results"]] == ["Number 0"]
    assert second["next"] is None
    creators_own = Announcement.objects.get(audience="creator")
    assert Client().get(f"/api/v1/announcements/{creators_own.pk}", **headers).status_code == 404
    assert Client().get("/api/v1/announcements?cursor=x", **headers).status_code == 404

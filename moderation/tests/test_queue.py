"""Cases: taken by one, decided once, never by whom they are about; the pages around it."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from moderation import selectors
from moderation.errors import CaseNotHeld, CaseTaken, ReasonMissing, UnknownOutcome
from moderation.models import WorkItem, WorkNote
from moderation.services import work
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound, Problem
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from users.models import User
from users.tests.helpers import Meeting, at_once

from .kinds import GONE, KIND, applied, open_cases, registered

Severity = WorkItem.Severity
STAFF, CASES = 30, 10


@pytest.fixture(autouse=True)
def _queue() -> Iterator[None]:
    with registered():
        yield


def take(user: User) -> WorkItem:
    item = work.take_next(kind=KIND, user=user)
    assert item is not None
    return item


def let_time_pass(item: WorkItem) -> None:
    """The time of who holds the case is over."""
    WorkItem.objects.filter(pk=item.pk).update(taken_until=timezone.now() - timedelta(seconds=1))


def is_free(item: WorkItem) -> bool:
    return WorkItem.objects.filter(pk=item.pk, taken_by__isnull=True, decided_at__isnull=True).exists()


# -- the service ----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_opening_the_same_twice_gives_one_case() -> None:
    ref = uuid7()
    first = work.open_item(kind=KIND, ref=ref, severity=Severity.HIGH)
    again = work.open_item(kind=KIND, ref=ref, severity=Severity.LOW)
    assert (again.pk, again.severity, WorkItem.objects.count()) == (first.pk, Severity.HIGH, 1)
    assert timedelta(hours=23) < first.due_at - timezone.now() <= timedelta(hours=24)


@pytest.mark.django_db
def test_the_most_severe_comes_first_then_the_oldest() -> None:
    staff = [make_staff("support") for _ in range(3)]
    old, new = open_cases(2)
    (severe,) = open_cases(1, severity=Severity.CRITICAL)
    assert [take(one).pk for one in staff] == [severe.pk, old.pk, new.pk]
    assert work.take_next(kind=KIND, user=make_staff("support")) is None


@pytest.mark.django_db
def test_who_holds_a_case_gets_it_again_before_another() -> None:
    staff = make_staff("support")
    open_cases(2)
    first = take(staff)
    open_cases(1, severity=Severity.CRITICAL)
    assert take(staff).pk == first.pk


@pytest.mark.django_db
def test_nobody_gets_a_case_about_themselves_or_sees_it() -> None:
    staff = make_staff("support")
    (own,) = open_cases(1, subject_uid=staff.uid)
    assert work.take_next(kind=KIND, user=staff) is None
    for attempt in (work.take, work.release, work.pass_on):
        with pytest.raises(NotFound):
            attempt(uid=own.uid, user=staff)
    with pytest.raises(NotFound):
        work.decide(uid=own.uid, user=staff, outcome="approved", note="mine")
    assert selectors.list_items(user=staff, kind=KIND, limit=9) == []
    assert sign_in_as(staff).get(f"/staff/cases/{own.uid}/").status_code == 404
    assert is_free(own)


@pytest.mark.django_db
def test_a_case_comes_back_after_ten_minutes_and_looking_at_it_begins_them_anew() -> None:
    staff, other = make_staff("support"), make_staff("support")
    open_cases(1)
    item = take(staff)
    assert timedelta(minutes=9) < item.taken_until - timezone.now() <= timedelta(minutes=10)
    WorkItem.objects.update(taken_until=timezone.now() + timedelta(minutes=1))
    assert sign_in_as(staff).get(f"/staff/cases/{item.uid}/").status_code == 200
    assert WorkItem.objects.filter(taken_until__gt=timezone.now() + timedelta(minutes=9)).exists()
    # Somebody else's look does not.
    WorkItem.objects.update(taken_until=timezone.now() + timedelta(minutes=1))
    assert sign_in_as(other).get(f"/staff/cases/{item.uid}/").status_code == 200
    assert not WorkItem.objects.filter(taken_until__gt=timezone.now() + timedelta(minutes=9)).exists()
    assert work.take_next(kind=KIND, user=other) is None
    let_time_pass(item)
    assert take(other).pk == item.pk
    with pytest.raises(CaseNotHeld):
        work.decide(uid=item.uid, user=staff, outcome="approved", note="too late")
    assert applied == []


@pytest.mark.django_db
def test_a_case_is_decided_once_by_who_holds_it_and_with_a_reason() -> None:
    staff, other = make_staff("support"), make_staff("support")
    subject = make_user()
    open_cases(1, subject_uid=subject.uid)
    item = take(staff)
    with pytest.raises(CaseNotHeld):
        work.decide(uid=item.uid, user=other, outcome="approved", note="I did not take it")
    with pytest.raises(ReasonMissing):
        work.decide(uid=item.uid, user=staff, outcome="approved", note="  ")
    with pytest.raises(UnknownOutcome):
        work.decide(uid=item.uid, user=staff, outcome="gone", note="so")
    assert applied == []
    work.decide(uid=item.uid, user=staff, outcome="approved", note="the papers fit")
    with pytest.raises(CaseNotHeld):
        work.decide(uid=item.uid, user=staff, outcome="refused", note="again")
    item.refresh_from_db()
    assert (item.outcome, item.decided_by, item.taken_by) == ("approved", staff, None)
    assert applied == [("apply", str(item.uid), "the papers fit")]
    entry = AuditEntry.objects.get(action="staff.case_decided")
    assert (entry.actor_uid, entry.subject_uid, entry.by_staff) == (staff.uid, subject.uid, True)
    assert (entry.reason, entry.details["outcome"], entry.details["role"]) == ("the papers fit", "approved", "support")


@pytest.mark.django_db
def test_a_decision_that_cannot_be_done_leaves_the_case_open_and_no_trace() -> None:
    staff = make_staff("support")
    open_cases(1)
    item = take(staff)
    with pytest.raises(Problem):
        work.decide(uid=item.uid, user=staff, outcome="impossible", note="try")
    item.refresh_from_db()
    assert (item.decided_at, item.taken_by) == (None, staff)
    assert not WorkNote.objects.exists()
    assert not AuditEntry.objects.filter(action="staff.case_decided").exists()


@pytest.mark.django_db
def test_what_takes_two_is_decided_by_another_person() -> None:
    first, second = make_staff("support"), make_staff("support")
    open_cases(1)
    item = take(first)
    item = work.decide(uid=item.uid, user=first, outcome="by_two", note="fits")
    assert (item.decided_at, item.passed_by, item.taken_by) == (None, first, None)
    assert work.take_next(kind=KIND, user=first) is None
    with pytest.raises(CaseNotHeld):
        work.take(uid=item.uid, user=first)
    with pytest.raises(CaseNotHeld):
        work.decide(uid=item.uid, user=first, outcome="by_two", note="once more")
    assert take(second).pk == item.pk
    item = work.decide(uid=item.uid, user=second, outcome="by_two", note="I agree")
    assert (item.outcome, item.decided_by, item.passed_by) == ("by_two", second, first)
    assert [what for what, _uid, _note in applied] == ["first", "apply"]


@pytest.mark.django_db
def test_a_decision_may_take_two_people_for_some_cases_only() -> None:
    staff = make_staff("support")
    for number, is_decided in ((3, True), (4, False)):
        item = work.open_item(kind=KIND, ref=uuid.UUID(int=number))
        work.take(uid=item.uid, user=staff)
        item = work.decide(uid=item.uid, user=staff, outcome="by_two_at_times", note="fits")
        assert (item.decided_at is not None) == is_decided
        assert (item.passed_by == staff) != is_decided


@pytest.mark.django_db
def test_a_case_can_be_left_to_somebody_else_put_back_and_closed_for_nobody() -> None:
    staff, other = make_staff("support"), make_staff("support")
    case, second = open_cases(2)
    work.take(uid=case.uid, user=staff)
    with pytest.raises(CaseTaken):
        work.take(uid=case.uid, user=other)
    work.release(uid=case.uid, user=other)
    assert not is_free(case)
    work.release(uid=case.uid, user=staff)
    assert is_free(case)
    work.take(uid=case.uid, user=staff)
    work.pass_on(uid=case.uid, user=staff)
    assert is_free(case)
    with pytest.raises(CaseNotHeld):
        work.pass_on(uid=second.uid, user=other)
    assert take(other).pk == case.pk
    assert take(staff).pk == second.pk
    assert work.close_item(kind=KIND, ref=case.ref, outcome="withdrawn")
    assert not work.close_item(kind=KIND, ref=case.ref, outcome="withdrawn")


@pytest.mark.django_db
def test_who_may_not_work_on_a_queue_finds_nothing() -> None:
    (item,) = open_cases(1)
    for outsider in (make_staff("moderator"), make_user("fan")):
        with pytest.raises(NotFound):
            work.take_next(kind=KIND, user=outsider)
        with pytest.raises(NotFound):
            work.take(uid=item.uid, user=outsider)
    client = sign_in_as(make_staff("moderator"))
    for path in (f"/staff/cases/{item.uid}/", f"/staff/queues/{KIND}/", "/staff/queues/nothing/"):
        assert client.get(path).status_code == 404
    for what in ("take", "release", "pass-on", "note", "decide"):
        assert client.post(f"/staff/cases/{item.uid}/{what}/", {"note": "x", "text": "x"}).status_code == 404
    assert is_free(item)
    assert not WorkNote.objects.exists()


# -- races ----------------------------------------------------------------------------------------------------
def take_at_once() -> list[int]:
    """STAFF people take from CASES cases; the ids of what they got."""
    staff = [make_staff("support") for _ in range(STAFF)]
    open_cases(CASES)

    def one(number: int) -> int:
        item = work.take_next(kind=KIND, user=staff[number])
        return item.pk if item else 0

    return at_once(STAFF, one)


def test_of_30_people_who_take_from_10_cases_each_case_has_one(committed_db: str) -> None:
    got = [pk for pk in take_at_once() if pk]
    assert sorted(got) == sorted(WorkItem.objects.values_list("pk", flat=True))


def test_without_the_row_lock_several_would_get_the_same_case(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_chosen, give = Meeting(), work._give

    def give_together(item: WorkItem, user: User) -> None:
        has_chosen.wait()
        give(item, user)

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    monkeypatch.setattr(work, "_give", give_together)
    got = [pk for pk in take_at_once() if pk]
    assert len(got) > len(set(got))


def decide_at_once() -> list[str]:
    """One person decides the same case in 30 requests."""
    staff = make_staff("support")
    (item,) = open_cases(1)
    work.take(uid=item.uid, user=staff)

    def one(number: int) -> str:
        try:
            outcome = ("approved", "refused")[number % 2]
            work.decide(uid=item.uid, user=staff, outcome=outcome, note="so")
        except CaseNotHeld:
            return "not held"
        return "decided"

    return at_once(STAFF, one)


def test_of_30_decisions_on_one_case_exactly_one_counts(committed_db: str) -> None:
    assert sorted(decide_at_once()) == ["decided", *["not held"] * (STAFF - 1)]
    assert len(applied) == 1


def test_without_the_condition_several_decisions_would_count(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_held_by", lambda item, user: WorkItem.objects.filter(pk=item.pk))
    assert decide_at_once().count("decided") > 1
    assert len(applied) > 1


# -- the pages ------------------------------------------------------------------------------------------------
def browser() -> tuple[User, Client]:
    staff = make_staff("support")
    return staff, sign_in_as(staff)


@pytest.mark.django_db
def test_the_queue_shows_age_target_severity_and_who_works_on_it() -> None:
    _staff, client = browser()
    late, taken = open_cases(2, severity=Severity.HIGH)
    WorkItem.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=2))
    other = make_staff("support", name="Olga Other")
    work.take(uid=taken.uid, user=other)
    page = client.get(f"/staff/queues/{KIND}/").content.decode()
    assert page.index(str(late.uid)) < page.index(str(taken.uid))
    assert "overdue by 2\xa0hours" in page
    assert "due in 23\xa0hours" in page
    assert "high" in page
    assert "Olga Other" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "n"),
    [("", 3), ("?state=open", 3), ("?state=mine", 1), ("?state=decided", 1), ("?severity=4", 1), ("?severity=1", 0),
     ("?state=mine&severity=4", 1), ("?state=gone", 3), ("?severity=x", 3)],
)  # fmt: skip
def test_the_filters_of_a_queue_are_in_the_url(query: str, n: int) -> None:
    staff, client = browser()
    first, *_rest = open_cases(3)
    (severe,) = open_cases(1, severity=Severity.CRITICAL)
    work.take(uid=first.uid, user=staff)
    work.decide(uid=first.uid, user=staff, outcome="refused", note="no")
    work.take(uid=severe.uid, user=staff)
    page = client.get(f"/staff/queues/{KIND}/{query}").content.decode()
    assert page.count('<li class="line">') == n


@pytest.mark.django_db
def test_decided_cases_are_shown_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.case_views.QUEUE_PAGE", 2)
    staff, client = browser()
    for item in open_cases(5):
        work.take(uid=item.uid, user=staff)
        work.decide(uid=item.uid, user=staff, outcome="refused", note="no")
    url, seen = f"/staff/queues/{KIND}/?state=decided", []
    for _page in range(3):
        page = client.get(url).content.decode()
        seen.append(page.count('<li class="line">'))
        following = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        url = f"/staff/queues/{KIND}/{following}"
    assert (seen, following) == ([2, 2, 1], "")


@pytest.mark.django_db
def test_the_case_shows_evidence_the_person_and_notes_and_the_look_is_recorded() -> None:
    staff, client = browser()
    subject = make_user("creator", name="Sue Subject")
    (item,) = open_cases(1, subject_uid=subject.uid)
    page = client.get(f"/staff/cases/{item.uid}/").content.decode()
    for words in (f"evidence {item.ref}", "Sue Subject", "Creator", "Not verified", "Work on this case"):
        assert words in page
    entry = AuditEntry.objects.get(action="staff.case_viewed")
    assert (entry.actor_uid, entry.subject_uid) == (staff.uid, subject.uid)
    assert (entry.by_staff, entry.is_private_view, entry.details["role"]) == (True, True, "support")
    client.get(f"/staff/cases/{item.uid}/")
    assert AuditEntry.objects.filter(action="staff.case_viewed", is_private_view=True).count() == 2


@pytest.mark.django_db
def test_a_case_whose_matter_is_gone_says_so() -> None:
    _staff, client = browser()
    item = work.open_item(kind=KIND, ref=GONE, subject_uid=uuid.uuid4())
    assert "no longer there" in client.get(f"/staff/cases/{item.uid}/").content.decode()


@pytest.mark.django_db
def test_after_a_decision_the_next_case_comes_and_after_the_last_the_queue() -> None:
    staff, client = browser()
    first, second = open_cases(2)
    answer = client.post(f"/staff/queues/{KIND}/take/")
    assert answer.headers["Location"] == f"/staff/cases/{first.uid}/"
    page = client.get(f"/staff/cases/{first.uid}/").content.decode()
    assert 'data-key="A"' in page
    assert 'data-key="R"' in page
    for item, following in ((first, f"/staff/cases/{second.uid}/"), (second, f"/staff/queues/{KIND}/")):
        answer = client.post(f"/staff/cases/{item.uid}/decide/", {"outcome": "approved", "note": "fits"})
        assert (answer.status_code, answer.headers["Location"]) == (302, following)
    assert "Nothing waits in this queue for you." in client.get(f"/staff/queues/{KIND}/").content.decode()
    assert list(WorkItem.objects.values_list("decided_by", flat=True)) == [staff.pk] * 2


@pytest.mark.django_db
def test_a_refused_decision_keeps_the_page_and_says_why() -> None:
    staff, client = browser()
    (item,) = open_cases(1)
    path = f"/staff/cases/{item.uid}/"
    not_mine = client.post(f"{path}decide/", {"outcome": "approved", "note": "a thought"})
    assert not_mine.status_code == 409
    assert "not yours any more" in not_mine.content.decode()
    assert "a thought" in not_mine.content.decode()
    work.take(uid=item.uid, user=staff)
    for outcome, note, status, words in (
        ("approved", "", 422, "Write down why"),
        ("gone", "so", 422, "cannot be decided like that"),
        ("impossible", "a kept thought", 409, "The waiting time is not over."),
    ):
        answer = client.post(f"{path}decide/", {"outcome": outcome, "note": note})
        page = answer.content.decode()
        assert answer.status_code == status
        assert words in page
        assert note in page
    item.refresh_from_db()
    assert item.decided_at is None


@pytest.mark.django_db
def test_notes_are_kept_with_their_author_and_shown_as_text() -> None:
    staff, client = browser()
    (item,) = open_cases(1)
    path = f"/staff/cases/{item.uid}/"
    assert client.post(f"{path}note/", {"text": ""}).status_code == 422
    assert client.post(f"{path}note/", {"text": "<b>look</b>\ntwice"}).status_code == 302
    page = client.get(path).content.decode()
    assert "&lt;b&gt;look&lt;/b&gt;<br>twice" in page
    assert WorkNote.objects.get().author == staff


@pytest.mark.django_db
def test_taking_putting_back_and_leaving_a_case_are_buttons() -> None:
    _staff, client = browser()
    first, second = open_cases(2)
    path = f"/staff/cases/{first.uid}/"
    assert client.post(f"{path}take/").headers["Location"] == path
    assert "Put it back" in client.get(path).content.decode()
    assert client.post(f"{path}release/").headers["Location"] == f"/staff/queues/{KIND}/"
    client.post(f"{path}take/")
    assert client.post(f"{path}pass-on/").headers["Location"] == f"/staff/cases/{second.uid}/"
    assert "You have had your say" in client.get(path).content.decode()
    other = make_staff("support")
    work.take(uid=first.uid, user=other)
    answer = client.post(f"{path}take/", follow=True)
    assert "not yours any more" in answer.content.decode()
    for what in ("take", "release", "pass-on", "note", "decide"):
        assert client.get(f"{path}{what}/").status_code == 405


@pytest.mark.django_db
def test_posts_need_the_csrf_token() -> None:
    _staff, client = browser()
    (item,) = open_cases(1)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    for what, where in itertools.product(("take", "decide"), (f"/staff/cases/{item.uid}",)):
        assert strict.post(f"{where}/{what}/", {"outcome": "approved", "note": "x"}).status_code == 403
    assert is_free(item)

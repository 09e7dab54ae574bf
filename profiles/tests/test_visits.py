from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from pairly.common import redis as common_redis
from pairly.common import redis_health
from pairly.testing.people import make_user, sign_in_as
from profiles import social_selectors
from profiles.models import Profile, Viewer, Visit
from profiles.services import visits
from profiles.tasks import flush_looks, retain_visits
from users.models import Block, Restriction, User
from users.tests.helpers import at_once

from .knowing import block

WAITING, MOVING = "looks", "looks:moving"


@pytest.fixture
def creator(db):
    return make_user("creator")


def look(user, creator, *, day=None, into=WAITING):
    day = day or datetime.now(UTC).date()
    name = common_redis.key(*into.split(":"))
    common_redis.get_client().sadd(name, f"{creator.profile.pk}:{user.pk}:{day}")


def views(creator):
    return Profile.objects.get(user=creator).view_count


def names(creator):
    return [row.visitor.name for row in social_selectors.get_visitors(user=creator).page.rows]


def unnamed(creator):
    return social_selectors.get_visitors(user=creator).n_unnamed


@pytest.mark.django_db
def test_a_thousand_looks_of_one_person_from_everywhere_on_several_days_are_one_view(creator):
    fan = make_user("fan")
    fan = User.objects.get(pk=fan.pk)
    today = datetime.now(UTC).date()
    for number in range(1_000):
        visits.note_look(user=fan, profile=creator.profile)
        if number % 250 == 0:
            flush_looks()
    for days_ago in range(5):
        look(fan, creator, day=today - timedelta(days=days_ago))
    flush_looks()
    assert (views(creator), Visit.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_the_page_and_the_api_on_several_devices_are_looks_of_one_viewer_and_a_visitor_is_none(creator, client):
    fan, path = make_user("fan"), f"/creators/{creator.uid}/"
    app = APIClient()
    app.force_authenticate(user=fan)
    for browser in (sign_in_as(fan), sign_in_as(fan), sign_in_as(creator), client):
        assert browser.get(path).status_code == 200
        browser.head(path)
    assert app.get(f"/api/v1/profiles/{creator.uid}").json()["view_count"] == 0
    assert not Visit.objects.exists()
    assert flush_looks() == 1
    assert app.get(f"/api/v1/profiles/{creator.uid}").json()["view_count"] == 1
    assert names(creator) == [fan.name]


@pytest.mark.django_db
def test_days_count_once_each_whatever_the_order_they_come_in(creator):
    fan, today = make_user("fan"), datetime.now(UTC).date()
    for days_ago, n_days in ((3, 1), (3, 1), (1, 2), (2, 2), (0, 3), (0, 3)):
        look(fan, creator, day=today - timedelta(days=days_ago))
        flush_looks()
        visit = Visit.objects.get()
        assert visit.n_days == n_days
        assert (visit.first_at, visit.last_at) == tuple(sorted((visit.first_at, visit.last_at)))
    assert visit.last_at.date() == today
    assert visit.first_at == datetime.combine(today - timedelta(days=2), datetime.min.time(), UTC) - timedelta(
        seconds=1
    )


@pytest.mark.django_db
def test_several_days_in_one_batch_are_as_many_days(creator):
    fan, today = make_user("fan"), datetime.now(UTC).date()
    for days in ((5, 4), (4, 3, 2, 0)):
        for days_ago in days:
            look(fan, creator, day=today - timedelta(days=days_ago))
        flush_looks()
    assert (Visit.objects.get().n_days, views(creator)) == (5, 1)


@pytest.mark.django_db
def test_who_is_blocked_hidden_gone_or_the_owner_is_no_visitor(creator):
    people = {name: make_user("fan") for name in ("blocked", "blocker", "hidden", "gone")}
    Block.objects.create(blocker=creator, blocked=people["blocked"])
    Block.objects.create(blocker=people["blocker"], blocked=creator)
    Restriction.objects.create(user=people["hidden"], kind="hide")
    User.objects.filter(pk=people["gone"].pk).update(is_active=False)
    for who in (*people.values(), creator):
        look(who, creator)
    assert flush_looks() == 0
    assert (views(creator), Visit.objects.count()) == (0, 0)


@pytest.mark.parametrize("is_blocker", [True, False])
@pytest.mark.django_db
def test_a_block_forgets_the_visit_and_blocking_and_unblocking_counts_nobody_twice(creator, is_blocker):
    fan = make_user("fan")
    for _ in range(3):
        look(fan, creator)
        flush_looks()
        assert (names(creator), views(creator)) == ([fan.name], 1)
        block(*((creator, fan) if is_blocker else (fan, creator)))
        assert not Visit.objects.exists()
        Block.objects.all().delete()
    assert views(creator) == 1


@pytest.mark.django_db
def test_who_becomes_hidden_or_is_blocked_is_in_the_list_of_visitors_no_more(creator):
    people = [make_user("fan") for _ in range(4)]
    for who in people:
        look(who, creator)
    flush_looks()
    hidden, blocked, blocker, seen = people
    Restriction.objects.create(user=hidden, kind="suspension")
    Block.objects.create(blocker=creator, blocked=blocked)
    Block.objects.create(blocker=blocker, blocked=creator)
    assert (names(creator), unnamed(creator)) == ([seen.name], 0)


@pytest.mark.django_db
def test_who_leaves_no_name_counts_and_switching_it_off_hides_earlier_visits(creator):
    shy, bold = make_user("fan", name="Shy"), make_user("fan", name="Bold")

    def switch(leaves):
        Profile.objects.filter(user=shy).update(leaves_visits=leaves)

    switch(False)
    for who in (shy, bold):
        look(who, creator)
    flush_looks()
    assert (views(creator), names(creator), unnamed(creator)) == (2, ["Bold"], 1)
    switch(True)  # for what comes, not for what was
    assert (names(creator), unnamed(creator)) == (["Bold"], 1)
    look(shy, creator)
    flush_looks()
    assert (set(names(creator)), unnamed(creator)) == ({"Bold", "Shy"}, 0)
    switch(False)
    assert (names(creator), unnamed(creator)) == (["Bold"], 1)


@pytest.mark.django_db
def test_after_90_days_a_visit_is_forgotten_and_who_comes_back_is_no_new_view(creator):
    old, recent = make_user("fan"), make_user("fan")
    for who in (old, recent):
        look(who, creator)
    flush_looks()
    for who, days in ((old, 91), (recent, 89)):
        at = timezone.now() - timedelta(days=days)
        Visit.objects.filter(visitor=who).update(first_at=at, last_at=at)
    assert names(creator) == [recent.name]
    assert retain_visits() == 1
    assert retain_visits() == 0
    assert views(creator) == 2
    look(old, creator)
    assert flush_looks() == 0
    assert (views(creator), set(names(creator))) == (2, {old.name, recent.name})


@pytest.mark.django_db
def test_what_remains_of_a_viewer_names_nobody(creator):
    fan = make_user("fan")
    for whom in (creator, make_user("creator")):
        look(fan, whom)
    flush_looks()
    hashes = [bytes(one) for one in Viewer.objects.values_list("pair_hash", flat=True)]
    assert len(set(hashes)) == 2  # nor that two viewers are one person
    assert {len(one) for one in hashes} == {32}


@pytest.mark.django_db
def test_what_a_crash_left_is_moved_by_the_next_run_and_what_it_repeats_changes_nothing(creator, monkeypatch):
    fan, other = make_user("fan"), make_user("fan")
    look(fan, creator)

    class Crash(Exception):
        pass

    def crash(*_args, **_kwargs):
        raise Crash

    client = common_redis.get_client()
    with monkeypatch.context() as patch:  # after the commit, before Redis forgets
        patch.setattr(client, "srem", crash)
        with pytest.raises(Crash):
            flush_looks()
    with monkeypatch.context() as patch:  # after the renaming, before the commit
        patch.setattr(visits, "record", crash)
        with pytest.raises(Crash):
            flush_looks()
    look(other, creator)
    before = Visit.objects.get(visitor=fan)
    assert flush_looks() == 1
    assert (views(creator), Visit.objects.count(), Visit.objects.get(visitor=fan).n_days) == (2, 2, before.n_days)
    assert client.exists(common_redis.key(WAITING), common_redis.key("looks", "moving")) == 0


@pytest.mark.django_db
def test_what_is_no_look_is_thrown_away(creator):
    name = common_redis.key(WAITING)
    common_redis.get_client().sadd(name, "nonsense", "1:2", "1:2:3", "999999:999999:2026-01-01", ":::")
    look(make_user("fan"), creator)
    assert flush_looks() == 1


@pytest.mark.django_db
def test_more_looks_than_fit_into_one_statement_are_all_moved(creator, monkeypatch):
    monkeypatch.setattr(visits, "BATCH", 4)
    fans = [make_user("fan") for _ in range(10)]
    for fan in fans:
        look(fan, creator)
    assert flush_looks() == 10
    assert views(creator) == 10


@pytest.mark.django_db
def test_a_page_is_shown_while_redis_is_away_and_the_look_is_lost(creator, monkeypatch):
    fan = make_user("fan")
    browser = sign_in_as(fan)

    def refuse(*_args, **_kwargs):
        raise redis.ConnectionError

    monkeypatch.setattr(common_redis.get_client(), "sadd", refuse)
    try:
        assert browser.get(f"/creators/{creator.uid}/").status_code == 200
        assert redis_health.is_away()
        visits.note_look(user=fan, profile=creator.profile)
    finally:
        redis_health.forget_failure()
    assert flush_looks() == 0


def test_30_flushes_at_once_of_the_same_looks_count_each_viewer_once(committed_db):
    creators = [make_user("creator") for _ in range(4)]
    fans = [make_user("fan") for _ in range(8)]
    for fan in fans:
        for creator in creators:
            look(fan, creator)
    assert sum(at_once(30, lambda _: visits.flush())) == 32
    assert [views(creator) for creator in creators] == [8, 8, 8, 8]
    assert set(Visit.objects.values_list("n_days", flat=True)) == {1}


def test_control_who_reads_first_and_then_writes_counts_a_viewer_several_times(committed_db):
    creator, fan = make_user("creator"), make_user("fan")
    gate = threading.Barrier(12)  # fewer than there are connections

    def flush(_):
        is_new = not Viewer.objects.filter(profile=creator.profile).exists()
        gate.wait(timeout=30)
        if is_new:
            Viewer.objects.bulk_create([Viewer(profile=creator.profile, pair_hash=b"x")], ignore_conflicts=True)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE profiles_profile SET view_count = view_count + 1 WHERE user_id = %s", [creator.pk]
                )

    look(fan, creator)
    at_once(12, flush)
    assert views(creator) == 12


@pytest.mark.django_db
def test_visitors_come_in_pages_the_latest_first_each_once(creator):
    fans = [make_user("fan", name=f"Fan {number}") for number in range(5)]
    for fan in fans:
        look(fan, creator)
    flush_looks()
    at = timezone.now()
    for number, fan in enumerate(fans):  # two of them at the very same time
        Visit.objects.filter(visitor=fan).update(
            first_at=at - timedelta(days=9), last_at=at - timedelta(hours=number // 2)
        )
    seen, after = [], ""
    for _ in range(3):
        shown = social_selectors.get_visitors(user=creator, after=after, size=2)
        seen += [row.visitor.name for row in shown.page.rows]
        after = shown.page.after
    assert (after, seen) == ("", ["Fan 1", "Fan 0", "Fan 3", "Fan 2", "Fan 4"])
    for foreign in ("x", "1", "1-", "-1", "9" * 40):
        assert len(social_selectors.get_visitors(user=creator, after=foreign).page.rows) == 5


@pytest.mark.parametrize("n", [3, 6])
@pytest.mark.django_db
def test_the_visitors_take_three_queries_however_many_they_are(creator, n, django_assert_num_queries):
    for _ in range(n):
        look(make_user("fan"), creator)
    flush_looks()
    with django_assert_num_queries(3):
        shown = social_selectors.get_visitors(user=creator)
        assert [row.visitor.profile.portrait for row in shown.page.rows] == [None] * n

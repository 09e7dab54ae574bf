from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from pairly.common.problems import InvalidInput, NotFound, Problem
from pairly.testing.people import make_user
from profiles import social_selectors
from profiles.constants import LIST_ENTRIES_MAX, LISTS_MAX
from profiles.errors import ListExists, ListFull, TooManyLists
from profiles.models import Connection, Follow, ListEntry, PeopleList
from profiles.services import connections, follows, lists, pairs
from users.models import Block, Restriction
from users.registry import run_block_hooks
from users.tests.helpers import at_once

from .knowing import block, told


@pytest.fixture
def fan(db):
    return make_user("fan")


def followed(user):
    return [row.followed for row in social_selectors.list_follows(user=user)]


def in_list(user, people_list):
    return {row.user for row in social_selectors.list_entries(people_list=people_list, user=user)}


@pytest.mark.django_db
def test_a_creator_is_told_once_of_somebody_who_follows_and_goes_and_follows_again(fan):
    creator = make_user("creator")
    assert [follows.follow(user=fan, uid=creator.uid) for _ in range(2)] == [True, False]
    assert followed(fan) == [creator]
    follows.unfollow(user=fan, uid=creator.uid)
    follows.unfollow(user=fan, uid=creator.uid)
    assert followed(fan) == []
    assert follows.follow(user=fan, uid=creator.uid)
    assert told(creator) == [("follow", {"user_id": str(fan.uid)})]


@pytest.mark.django_db
def test_only_creators_whom_one_sees_can_be_followed(fan):
    creator, hidden, blocker, blocked = (make_user("creator") for _ in range(4))
    Restriction.objects.create(user=hidden, kind="hide")
    block(blocker, creator)
    block(creator, blocked)
    for who in (fan, creator, hidden, blocker, blocked):
        with pytest.raises(NotFound):
            follows.follow(user=creator, uid=who.uid)
    assert not Follow.objects.exists()


@pytest.mark.parametrize("is_blocker", [True, False])
@pytest.mark.django_db
def test_a_block_in_either_direction_ends_what_was_and_unblocking_brings_nothing_back(fan, is_blocker):
    creator, bystander = make_user("creator"), make_user("creator")
    for whom in (creator, bystander):
        follows.follow(user=fan, uid=whom.uid)
        made = lists.create_list(user=fan, name=f"With {whom.name}", with_uid=whom.uid)
        connections.ask(user=fan, uid=whom.uid)
        connections.accept(user=whom, uid=fan.uid)
    follows.follow(user=bystander, uid=creator.uid)
    other = lists.create_list(user=creator, name="Fans", with_uid=fan.uid)
    block(*((creator, fan) if is_blocker else (fan, creator)))
    Block.objects.all().delete()
    assert followed(fan) == [bystander]
    assert followed(bystander) == [creator]
    assert in_list(creator, other) == set()
    assert in_list(fan, made) == {bystander}
    assert ListEntry.objects.count() == 1
    assert social_selectors.find_connection(user=fan, uid=creator.uid) is None
    assert social_selectors.find_connection(user=fan, uid=bystander.uid) is not None


@pytest.mark.parametrize(("who_asked", "state"), [("blocker", "withdrawn"), ("blocked", "declined")])
@pytest.mark.django_db
def test_a_block_settles_open_requests_by_itself(fan, who_asked, state):
    creator = make_user("creator")
    one, other = (creator, fan) if who_asked == "blocker" else (fan, creator)
    connections.ask(user=one, uid=other.uid)
    block(creator, fan)
    assert Connection.objects.get().state == state
    assert list(social_selectors.list_connections(user=fan)) == []
    assert list(social_selectors.list_connections(user=creator)) == []


@pytest.mark.django_db
def test_who_is_hidden_blocked_or_gone_is_left_out_wherever_one_looks(fan):
    people = {name: make_user("creator") for name in ("seen", "hidden", "blocked", "blocker", "away", "nameless")}
    people_list = lists.create_list(user=fan, name="All")
    for who in people.values():
        follows.follow(user=fan, uid=who.uid)
        lists.add(user=fan, list_uid=people_list.pk, uid=who.uid)
        connections.ask(user=who, uid=fan.uid)
    Restriction.objects.create(user=people["hidden"], kind="suspension")
    # Rows that came in between are left out as well as those that a block finds.
    Block.objects.create(blocker=fan, blocked=people["blocked"])
    Block.objects.create(blocker=people["blocker"], blocked=fan)
    people["away"].is_active = False
    people["away"].save()
    people["nameless"].profile.delete()
    seen = people["seen"]
    assert followed(fan) == [seen]
    assert in_list(fan, people_list) == {seen}
    assert [one.n_people for one in social_selectors.list_lists(user=fan)] == [1]
    assert [row.asker for row in social_selectors.list_connections(user=fan)] == [seen]
    assert social_selectors.count_requests(user=fan) == 1
    assert social_selectors.find_connection(user=fan, uid=people["blocked"].uid) is None


def test_whoever_is_blocked_while_they_follow_ask_or_list_ends_up_without(committed_db):
    """The block waits for what is under way, finds it and ends it; who comes later finds the block."""
    for deed in ("follow", "ask", "list"):
        left = _race_with_a_block(deed)
        assert left == 0, deed


def test_control_without_turns_a_follow_outlives_the_block(committed_db, monkeypatch):
    monkeypatch.setattr(pairs, "take_turns", lambda *_: None)
    assert _race_with_a_block("follow") == 1


def _race_with_a_block(deed):
    """A deed is held up between its look at blocks and its end; a block comes in the meantime. What is left of it."""
    fan, creator = make_user("fan"), make_user("creator")
    has_looked, may_write, blocked = threading.Event(), threading.Event(), threading.Event()
    people_list = lists.create_list(user=fan, name=f"{deed}")

    def do():
        with suppress(NotFound), transaction.atomic():
            pairs.hold(user=fan, uid=creator.uid)  # a second time is the same lock
            has_looked.set()
            may_write.wait(timeout=30)
            if deed == "follow":
                Follow.objects.create(follower=fan, followed=creator)
            elif deed == "ask":
                Connection.objects.create(asker=fan, asked=creator)
            else:
                ListEntry.objects.create(people_list=people_list, user=creator)
        connection.close()

    def block_them():
        has_looked.wait(timeout=30)
        with transaction.atomic():
            Block.objects.create(blocker=creator, blocked=fan)
            with connection.cursor() as cursor:  # it is about to wait, or to go through
                cursor.execute("SELECT pg_backend_pid()")
                pid.append(cursor.fetchone()[0])
            run_block_hooks(blocker=creator, blocked=fan)
        blocked.set()
        connection.close()

    pid: list[int] = []
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(do), pool.submit(block_them)]
        while not blocked.is_set() and not (pid and _waits_for_a_lock(pid[0])):
            pass
        may_write.set()
        for job in jobs:
            job.result(timeout=60)
    connection.close()
    n_open = Connection.objects.filter(asker=fan, state__in=["requested", "accepted"]).count()
    return Follow.objects.filter(follower=fan).count() + n_open + ListEntry.objects.filter(user=creator).count()


def _waits_for_a_lock(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted", [pid])
        return cursor.fetchone()[0] > 0


# -- lists ----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_list_is_made_filled_renamed_emptied_and_deleted(fan):
    creator, other = make_user("creator"), make_user("fan")
    made = lists.create_list(user=fan, name="  Chess \n friends ")
    assert made.name == "Chess friends"
    assert [lists.add(user=fan, list_uid=made.pk, uid=who.uid) for who in (creator, other, creator)] == [
        True,
        True,
        False,
    ]
    assert in_list(fan, made) == {creator, other}
    lists.remove(user=fan, list_uid=made.pk, uid=other.uid)
    lists.remove(user=fan, list_uid=made.pk, uid=other.uid)
    lists.rename_list(user=fan, list_uid=made.pk, name="chess Friends")
    assert [(one.name, one.n_people) for one in social_selectors.list_lists(user=fan)] == [("chess Friends", 1)]
    lists.delete_list(user=fan, list_uid=made.pk)
    assert not ListEntry.objects.exists()
    assert told(creator) == told(other) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "refusal"), [("", InvalidInput), ("x" * 61, InvalidInput), ("FRIENDS", ListExists)])
def test_a_name_is_needed_short_and_ones_own(fan, name, refusal):
    lists.create_list(user=make_user("fan"), name="Other")
    first = lists.create_list(user=fan, name="Friends")
    second = lists.create_list(user=fan, name="Other")
    with pytest.raises(refusal):
        lists.create_list(user=fan, name=name)
    with pytest.raises(refusal):
        lists.rename_list(user=fan, list_uid=second.pk, name=name)
    assert {one.name for one in PeopleList.objects.filter(owner=fan)} == {"Friends", "Other"}
    assert lists.rename_list(user=fan, list_uid=first.pk, name="friends").name == "friends"


@pytest.mark.django_db
def test_a_stranger_gets_at_no_list(fan):
    stranger, creator = make_user("fan"), make_user("creator")
    made = lists.create_list(user=fan, name="Friends", with_uid=creator.uid)
    for work in (
        lambda: lists.rename_list(user=stranger, list_uid=made.pk, name="Mine"),
        lambda: lists.delete_list(user=stranger, list_uid=made.pk),
        lambda: lists.add(user=stranger, list_uid=made.pk, uid=fan.uid),
        lambda: lists.remove(user=stranger, list_uid=made.pk, uid=creator.uid),
        lambda: social_selectors.get_list(user=stranger, uid=made.pk),
    ):
        with pytest.raises(NotFound):
            work()
    assert list(social_selectors.list_entries(people_list=made, user=stranger)) == []
    assert in_list(fan, made) == {creator}


@pytest.mark.django_db
def test_who_cannot_be_seen_cannot_be_listed_and_no_list_is_left_behind(fan):
    hidden = make_user("creator")
    Restriction.objects.create(user=hidden, kind="hide")
    for uid in (hidden.uid, fan.uid):
        with pytest.raises(NotFound):
            lists.create_list(user=fan, name="Friends", with_uid=uid)
    assert not PeopleList.objects.exists()


def _trying(work):
    def attempt(n):
        try:
            work(n)
        except Problem as problem:
            return type(problem)
        return None

    return attempt


def test_of_30_lists_at_once_20_are_made_and_of_one_name_one(committed_db):
    fan, other = make_user("fan"), make_user("fan")
    made = at_once(30, _trying(lambda n: lists.create_list(user=fan, name=f"List {n}")))
    assert made.count(None) == LISTS_MAX
    assert made.count(TooManyLists) == 30 - LISTS_MAX
    made = at_once(30, _trying(lambda n: lists.create_list(user=other, name="Friends" if n % 2 else "FRIENDS")))
    assert (made.count(None), made.count(ListExists)) == (1, 29)


def _full_but_for(n_free):
    fan = make_user("fan")
    made = lists.create_list(user=fan, name="Friends")
    many = [make_user("fan") for _ in range(30)]
    fillers = [make_user("fan") for _ in range(LIST_ENTRIES_MAX - n_free)]
    ListEntry.objects.bulk_create([ListEntry(people_list=made, user=one) for one in fillers])
    return fan, made, many


def test_of_30_people_added_at_once_to_a_list_as_many_come_in_as_there_is_room_for(committed_db):
    fan, made, many = _full_but_for(5)
    added = at_once(30, _trying(lambda n: lists.add(user=fan, list_uid=made.pk, uid=many[n].uid)))
    assert (added.count(None), added.count(ListFull)) == (5, 25)


def test_control_without_the_lock_all_come_in(committed_db, monkeypatch):
    fan, made, many = _full_but_for(5)
    gate = threading.Barrier(12)  # fewer than there are connections to the database

    def create(**fields):
        gate.wait(timeout=30)  # all of them have counted
        return ListEntry.objects.create(**fields)

    monkeypatch.setattr(lists, "_hold", lambda user, uid: PeopleList.objects.get(owner=user, pk=uid))
    monkeypatch.setattr(lists, "ListEntry", SimpleNamespace(objects=SimpleNamespace(create=create)))
    added = at_once(12, _trying(lambda n: lists.add(user=fan, list_uid=made.pk, uid=many[n].uid)))
    assert added.count(None) == 12


def test_following_30_times_at_once_is_once_and_told_once(committed_db):
    fan, creator = make_user("fan"), make_user("creator")
    assert sum(at_once(30, lambda _: follows.follow(user=fan, uid=creator.uid))) == 1
    assert (Follow.objects.count(), len(told(creator))) == (1, 1)

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from pairly.common.problems import NotFound, RateLimited
from pairly.testing.people import make_user
from profiles import social_selectors
from profiles.constants import ASK_AGAIN_DAYS, CONNECTIONS_ASKED_A_DAY
from profiles.models import Connection
from profiles.services import connections, pairs
from users.models import Notification, Restriction
from users.tests.helpers import at_once

from .knowing import block, stage, told

RACERS = 12  # who wait for each other inside transactions: fewer than there are connections to the database


@pytest.fixture
def pair(db):
    return make_user("fan"), make_user("creator")


def test_asked_and_accepted_two_people_are_connected_and_both_were_told_once(pair):
    fan, creator = pair
    connections.ask(user=fan, uid=creator.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("asked", "asks")
    assert told(creator) == [("connection_request", {"user_id": str(fan.uid)})]
    connections.accept(user=creator, uid=fan.uid)
    connections.accept(user=creator, uid=fan.uid)
    connections.ask(user=fan, uid=creator.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("connected", "connected")
    assert told(fan) == [("connection_accepted", {"user_id": str(creator.uid)})]
    assert (Connection.objects.count(), Notification.objects.count()) == (1, 2)


def test_who_was_declined_sees_a_request_that_waits_and_the_other_one_nothing(pair):
    fan, creator = pair
    connections.ask(user=fan, uid=creator.uid)
    connections.decline(user=creator, uid=fan.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("asked", "")
    assert len(social_selectors.list_connections(user=fan, state="requested", direction="out")) == 1
    assert not social_selectors.list_connections(user=creator).exists()
    assert told(fan) == []


def test_what_a_declined_person_can_try_looks_as_if_nobody_had_declined_and_nobody_hears_of_it(pair):
    fan, creator = pair
    for answer in (None, connections.decline):
        connections.ask(user=fan, uid=creator.uid)
        if answer:
            answer(user=creator, uid=fan.uid)
        seen = [stage(fan, creator)]
        for deed in (connections.ask, connections.withdraw, connections.withdraw, connections.ask):
            deed(user=fan, uid=creator.uid)
            seen.append(stage(fan, creator))
        assert seen == ["asked", "asked", "", "", "asked"]
        n_visible = 1 if answer is None else 0
        assert social_selectors.count_requests(user=creator) == n_visible
        connections.withdraw(user=fan, uid=creator.uid)
    assert len(told(creator)) == 1


def test_after_30_days_a_declined_request_can_be_made_again(pair):
    fan, creator = pair
    connections.ask(user=fan, uid=creator.uid)
    connections.decline(user=creator, uid=fan.uid)
    for days, is_asked in ((ASK_AGAIN_DAYS - 1, ""), (ASK_AGAIN_DAYS, "asks")):
        Connection.objects.update(settled_at=timezone.now() - timedelta(days=days))
        connections.ask(user=fan, uid=creator.uid)
        assert stage(creator, fan) == is_asked


def test_who_declined_may_think_better_of_it_and_asking_back_connects(pair):
    fan, creator = pair
    connections.ask(user=fan, uid=creator.uid)
    connections.decline(user=creator, uid=fan.uid)
    connections.ask(user=creator, uid=fan.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("connected", "connected")


def test_a_declined_request_that_was_taken_back_is_nothing_to_accept_by_asking_back(pair):
    fan, creator = pair
    connections.ask(user=fan, uid=creator.uid)
    connections.decline(user=creator, uid=fan.uid)
    connections.withdraw(user=fan, uid=creator.uid)
    connections.ask(user=creator, uid=fan.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("asks", "asked")
    connections.ask(user=fan, uid=creator.uid)
    assert stage(fan, creator) == "connected"


def test_a_connection_ends_for_both_and_neither_is_told(pair):
    fan, creator = pair
    connections.ask(user=fan, uid=creator.uid)
    connections.accept(user=creator, uid=fan.uid)
    n_told = Notification.objects.count()
    connections.end(user=creator, uid=fan.uid)
    connections.end(user=creator, uid=fan.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("", "")
    assert Notification.objects.count() == n_told
    connections.ask(user=fan, uid=creator.uid)
    assert stage(creator, fan) == "asks"


@pytest.mark.parametrize(("before", "deed"), [("asked", "end"), ("asked", "decline"), ("connected", "withdraw")])
def test_a_button_pressed_too_late_does_nothing_else(pair, before, deed):
    fan, creator = pair
    connections.ask(user=fan, uid=creator.uid)
    if before == "connected":
        connections.accept(user=creator, uid=fan.uid)
    getattr(connections, deed)(user=fan, uid=creator.uid)
    assert stage(fan, creator) == before


def test_leaving_ends_whatever_there_is(pair):
    fan, creator = pair
    for begin in ([], [(creator, connections.accept, fan)]):
        connections.ask(user=fan, uid=creator.uid)
        for who, deed, whom in begin:
            deed(user=who, uid=whom.uid)
        connections.leave(user=fan, uid=creator.uid)
        assert (stage(fan, creator), stage(creator, fan)) == ("", "")
    connections.ask(user=fan, uid=creator.uid)
    connections.leave(user=creator, uid=fan.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("asked", "")


def test_at_most_20_people_are_asked_in_a_day_and_taking_back_gives_none_back(pair):
    fan, creator = pair
    for _ in range(CONNECTIONS_ASKED_A_DAY):
        other = make_user("creator")
        connections.ask(user=fan, uid=other.uid)
        connections.withdraw(user=fan, uid=other.uid)
    with pytest.raises(RateLimited) as refused:
        connections.ask(user=fan, uid=creator.uid)
    assert refused.value.retry_after_s > 86_000
    connections.ask(user=fan, uid=other.uid)  # who was asked today may be asked again
    Connection.objects.update(created_at=timezone.now() - timedelta(days=1))
    connections.ask(user=fan, uid=creator.uid)
    assert stage(creator, fan) == "asks"


def test_a_stranger_can_neither_accept_nor_decline_nor_take_back_nor_end(pair):
    fan, creator = pair
    stranger = make_user("creator")
    connections.ask(user=fan, uid=creator.uid)
    for who, whom in ((stranger, fan), (stranger, creator), (fan, creator)):
        with pytest.raises(NotFound):
            connections.accept(user=who, uid=whom.uid)
    for deed in (connections.decline, connections.withdraw, connections.end, connections.leave):
        deed(user=stranger, uid=fan.uid)
        deed(user=stranger, uid=creator.uid)
    assert (stage(fan, creator), stage(creator, fan)) == ("asked", "asks")


def test_nobody_asks_themselves_the_hidden_the_blocked_or_nobody(pair):
    fan, _creator = pair
    hidden, blocker, blocked = (make_user("creator") for _ in range(3))
    Restriction.objects.create(user=hidden, kind="hide")
    block(blocker, fan)
    block(fan, blocked)
    for uid in (fan.uid, hidden.uid, blocker.uid, blocked.uid, Restriction.objects.get().uid):
        with pytest.raises(NotFound):
            connections.ask(user=fan, uid=uid)
    assert not Connection.objects.exists()


def test_two_who_ask_each_other_at_the_same_time_are_connected(committed_db):
    for _ in range(4):
        one, other = make_user("fan"), make_user("creator")
        at_once(30, _asking_each_other(one, other))
        assert (stage(one, other), stage(other, one)) == ("connected", "connected")
    assert Connection.objects.count() == 4


def _asking_each_other(one, other):
    sides = [(one, other), (other, one)]
    return lambda n: connections.ask(user=sides[n % 2][0], uid=sides[n % 2][1].uid)


def _without_turns(monkeypatch, *, n):
    """Nobody waits for anybody, and n of them have looked before the first one writes."""
    monkeypatch.setattr(pairs, "take_turns", lambda *_: None)
    monkeypatch.setattr(pairs, "take_turns_alone", lambda **_: None)
    check, gate = connections._check_allowance, threading.Barrier(n)

    def check_and_wait(**who):
        check(**who)
        gate.wait(timeout=30)

    monkeypatch.setattr(connections, "_check_allowance", check_and_wait)


def test_control_without_turns_one_of_the_two_runs_into_the_unique_index(committed_db, monkeypatch):
    _without_turns(monkeypatch, n=2)
    with pytest.raises(IntegrityError, match="connection_once_a_pair"):
        at_once(2, _asking_each_other(make_user("fan"), make_user("creator")))


def test_of_40_requests_at_once_20_are_made(committed_db):
    fan = make_user("fan")
    people = [make_user("creator") for _ in range(40)]

    def ask(n):
        try:
            connections.ask(user=fan, uid=people[n].uid)
        except RateLimited:
            return False
        return True

    assert sum(at_once(40, ask)) == CONNECTIONS_ASKED_A_DAY
    assert Connection.objects.count() == CONNECTIONS_ASKED_A_DAY


def test_control_without_turns_more_are_made(committed_db, monkeypatch):
    fan = make_user("fan")
    people = [make_user("creator") for _ in range(CONNECTIONS_ASKED_A_DAY - 1 + RACERS)]
    for _ in range(CONNECTIONS_ASKED_A_DAY - 1):
        connections.ask(user=fan, uid=people.pop().uid)
    _without_turns(monkeypatch, n=RACERS)
    at_once(RACERS, lambda n: connections.ask(user=fan, uid=people[n].uid))
    assert Connection.objects.count() == CONNECTIONS_ASKED_A_DAY - 1 + RACERS


def test_accepting_and_taking_back_at_once_leaves_one_of_the_two(committed_db):
    for _ in range(5):
        fan, creator = make_user("fan"), make_user("creator")
        connections.ask(user=fan, uid=creator.uid)
        deeds = [
            lambda f=fan, c=creator: connections.withdraw(user=f, uid=c.uid),
            lambda f=fan, c=creator: connections.accept(user=c, uid=f.uid),
        ]

        def act(n, deeds=deeds):
            with suppress(NotFound):
                deeds[n % 2]()

        at_once(8, act)
        row = Connection.objects.get(asker=fan)
        is_accepted = Notification.objects.filter(user=fan, kind="connection_accepted").exists()
        assert (row.state == "accepted") == is_accepted

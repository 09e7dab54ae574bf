"""Accepting, declining and answering a request at once; being away, and prices, while messages are on their way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from credits import invariants, selectors
from messaging.errors import MessageRejected
from messaging.models import Conversation, Message
from messaging.services import requests
from pairly.testing.pen_friends import Letters, PenFriend
from profiles.services.away import set_away

THREADS = 30
PRICE = 5_000


def at_once(*jobs):
    """Run all at the same moment, each with a connection of its own; what they gave."""
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        try:
            return job()
        except MessageRejected as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.fixture
def asked(committed_db):
    with override_settings(SOCKET_FRAMES=100_000):
        letters = Letters(
            fan=PenFriend("fan", name="Fay", credits_centi=1_000_000),
            creator=PenFriend("creator", name="Cleo", price_centi=PRICE),
            are_strangers=True,
        )
        letters.write(letters.creator, "Hello")
        yield letters


def state_of(letters):
    place = Conversation.objects.get(uid=letters.uid)
    return place.low_request if place.low_id == letters.fan.user.pk else place.high_request


def settle(letters, what):
    return lambda: what(user=letters.fan.user, conversation_uid=letters.uid)


@pytest.mark.parametrize("has_answer", [False, True])
def test_accepting_or_answering_wins_over_declining(asked, has_answer):
    win = (lambda: asked.write(asked.fan, "Yes")) if has_answer else settle(asked, requests.accept)
    at_once(win, *[settle(asked, requests.decline)] * (THREADS - 1))
    assert state_of(asked) == "accepted"


def test_without_the_condition_a_decline_overtakes_an_answer(asked, monkeypatch):
    """The control: what was true when it was read is not when it is written."""
    read, answered = threading.Event(), threading.Event()

    def decline_by_what_was_read():
        was_asked = state_of(asked) == "asked"
        read.set()
        answered.wait(30)
        if was_asked:
            Conversation.objects.filter(uid=asked.uid, low=asked.fan.user).update(low_request="declined")
            Conversation.objects.filter(uid=asked.uid, high=asked.fan.user).update(high_request="declined")

    def answer():
        read.wait(30)
        asked.write(asked.fan, "Yes")
        answered.set()

    at_once(decline_by_what_was_read, answer)
    assert state_of(asked) == "declined"


def test_who_is_away_is_written_to_for_nothing_or_for_the_price_agreed_to(committed_db):
    with override_settings(SOCKET_FRAMES=100_000):
        creator = PenFriend("creator", name="Cleo", price_centi=PRICE)
        pairs = [
            Letters(fan=PenFriend("fan", name=f"Fay {n}", credits_centi=PRICE), creator=creator) for n in range(THREADS)
        ]

        def go_away():
            set_away(user=creator.user, until=timezone.now() + timedelta(days=1))
            return "away"

        def write(letters):
            return lambda: letters.write(letters.fan, "Hello", price_centi=PRICE).charged_centi

        outcomes = at_once(*[write(letters) for letters in pairs[: THREADS // 2]], go_away)
        late = at_once(*[write(letters) for letters in pairs[THREADS // 2 :]])
    assert set(outcomes) <= {PRICE, "price_changed", "away"}
    assert set(late) == {"price_changed"}
    held = [selectors.get_balance(user_id=letters.fan.user.pk).held_centi for letters in pairs]
    assert sum(held) == PRICE * outcomes.count(PRICE) == PRICE * Message.objects.count()
    assert [found for found in invariants.check_all() if not found.is_ok] == []

"""Races of the whole send: envelopes, chain and money in one call."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import override_settings

from credits import invariants, selectors
from credits.services import purchases
from messaging.client.conversation import Conversation
from messaging.client.identity import Identity
from messaging.errors import MessageRejected
from messaging.models import Message
from messaging.services import conversations, keys, sending
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.people import make_user

THREADS = 16
PRICE = 5_000


def person(role):
    user = make_user(role, price_centi=PRICE if role == "creator" else None)
    identity = Identity.create(user=user.uid.bytes)
    for entry in identity.first_statements(now_ms=now_ms()):
        body = entry.as_json()
        keys.add_statement(user=user, family=uuid7(), label_=body.pop("label"), **body)
    return user, identity


def sealed(fan, me, creator, theirs):
    """A first message of `fan` to `creator`, ready to send."""
    place, _ = conversations.open_conversation(user=fan, peer_uid=creator.uid)
    envelope = Conversation(place.uid.bytes, me, creator.uid.bytes, {}).write(
        text="race",
        message_id=uuid.uuid4().bytes,
        price_centi=PRICE,
        recipients=[theirs.encryption[0].public, me.encryption[0].public],
        now_ms=now_ms(),
    )
    return place.uid, envelope


def race(fan, jobs):
    gate = threading.Barrier(THREADS)

    def run(share):
        gate.wait()
        try:
            return [attempt(fan, *job) for job in share]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [r for part in pool.map(run, [jobs[i::THREADS] for i in range(THREADS)]) for r in part]


def attempt(fan, place, envelope):
    try:
        return "replay" if sending.send_message(user=fan, conversation=place, envelope=envelope).is_replay else "sent"
    except MessageRejected as error:
        return error.code


@pytest.fixture
def fan_with_credit_for_one(committed_db):
    fan, identity = person("fan")
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=PRICE, currency="USD", amount_minor=50, payment_uid=uuid7()
    )
    with override_settings(SOCKET_FRAMES=100_000):
        yield fan, identity


def test_100_racing_sends_with_credit_for_one_are_one_message_and_one_charge(fan_with_credit_for_one):
    fan, me = fan_with_credit_for_one
    jobs = [sealed(fan, me, *person("creator")) for _ in range(100)]
    outcomes = race(fan, jobs)
    assert outcomes.count("sent") == 1
    assert outcomes.count("insufficient_credits") == 99
    assert Message.objects.count() == 1
    balance = selectors.get_balance(user_id=fan.pk)
    assert (balance.balance_centi, balance.held_centi) == (0, PRICE)
    assert [f for f in invariants.check_all() if not f.is_ok] == []


def test_100_identical_retries_are_one_message_one_receipt_and_one_charge(fan_with_credit_for_one):
    fan, me = fan_with_credit_for_one
    outcomes = race(fan, [sealed(fan, me, *person("creator"))] * 100)
    assert outcomes.count("sent") == 1
    assert outcomes.count("replay") == 99
    assert Message.objects.count() == 1
    assert selectors.get_balance(user_id=fan.pk).held_centi == PRICE

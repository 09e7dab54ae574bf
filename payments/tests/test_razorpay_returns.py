"""Razorpay's refunds and disputes from the notice to the ledger, in every order.

What happens at the provider has an order of its own; what we hear of it has none, and hears some of it twice.
"""

from __future__ import annotations

import itertools
import os
import random

import pytest

from credits import invariants
from payments.models import MoneyBack, WebhookEvent
from payments.tests.buying import Buyer, deliver, work
from payments.tests.test_razorpay_purchase import HOOK, buy

pytestmark = pytest.mark.django_db
PROVE = bool(os.environ.get("PAIRLY_PROVE"))  # all orders instead of some

PART = ("refunded", {"amount_minor": 200_00})
REST = ("disputed", {"amount_minor": 249_00})
# What happens, and how it must end: status, money refunded.
HISTORIES = {
    "failed, then paid": (["failed", "paid"], ("paid", 0)),
    "failed, authorised late": (["failed", "authorised"], ("paid", 0)),
    "refunded": (["paid", PART, "refunded"], ("refunded", 449_00)),
    "part refunded, rest disputed and lost": (["failed", "paid", PART, REST, "lost"], ("lost", 200_00)),
    "disputed and won": (["failed", "paid", "disputed", "won"], ("won", 0)),
    "asked about, escalated, lost and won by an appeal": (
        ["paid", ("disputed", {"is_inquiry": True}), "escalated", "lost", "appealed"],
        ("won", 0),
    ),
    "asked about and closed": (["paid", ("disputed", {"is_inquiry": True}), "closed"], ("paid", 0)),
}


def step_of(word):
    return (word, {}) if isinstance(word, str) else word


@pytest.mark.parametrize("name", HISTORIES)
def test_notices_in_every_order_and_repeated_have_one_end(shop, name):
    """The provider is as far as the furthest notice delivered, so each order has its own way through the states."""
    words, end = HISTORIES[name]
    orders = list(itertools.permutations(range(len(words))))
    for order in orders if PROVE else random.Random(name).sample(orders, min(2, len(orders))):
        buyer = Buyer()
        payment = buy(buyer.user)
        happened = []
        for number in order:
            while len(happened) <= number:
                word, how = step_of(words[len(happened)])
                happened.append(shop.hold(payment.uid, word, **how))
            for webhook in happened[number] * 2:
                assert deliver(webhook, path=HOOK).status_code == 200
                work()
        payment.refresh_from_db()
        assert (payment.status, payment.refunded_minor, payment.flag) == (*end, ""), order
        assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []
        assert not WebhookEvent.objects.filter(processed_at__isnull=True).exists()
        assert buyer.balance_centi == (50_000 if end in {("paid", 0), ("won", 0)} else 0)


def test_a_suspicion_of_fraud_marks_the_payment_and_takes_nothing(shop):
    buyer = Buyer()
    payment = buy(buyer.user)
    for word in ("paid", "warned"):
        for webhook in shop.hold(payment.uid, word):
            assert deliver(webhook, path=HOOK).status_code == 200
    work()
    payment.refresh_from_db()
    assert payment.warned_at
    assert (payment.status, MoneyBack.objects.get(kind="dispute").state) == ("paid", "warning")


def test_a_dispute_heard_of_before_the_payment_is_known_credits_and_takes_it_back(shop):
    buyer = Buyer()
    payment = buy(buyer.user)
    shop.hold(payment.uid, "paid")
    webhook = shop.hold(payment.uid, "disputed")[0]
    assert deliver(webhook, path=HOOK).status_code == 200
    work()
    payment.refresh_from_db()
    assert (payment.status, buyer.balance_centi) == ("disputed", 0)

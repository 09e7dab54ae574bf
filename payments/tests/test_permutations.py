"""Notices in every order, repeated, and answers that were overtaken on their way: one right end.

What happens at a provider has an order of its own; what we hear of it has none. Left out as impossible: anything before
`created` and `paid` (there is nothing to refund or dispute), `won` without `disputed`, a refund while a bank decides or
after it decided for its customer (the provider refuses it), and `lost` after `won` (a bank may change its mind only in
our favour).
"""

from __future__ import annotations

import itertools
import os
import random

import pytest

from credits import invariants
from payments.models import MoneyBack
from payments.services import fulfilment, returns
from payments.tests.buying import Buyer, deliver, start, work

pytestmark = pytest.mark.django_db
PROVE = bool(os.environ.get("PAIRLY_PROVE"))  # all orders instead of some

HALF = ("refunded", {"amount_minor": 200})
REST = ("disputed", {"amount_minor": 300})
# What happens, and how it must end: status, money refunded, credits left.
HISTORIES = {
    "part refunded, rest disputed and won": (["created", "paid", HALF, REST, "won"], ("won", 200, 30_000)),
    "part refunded, rest disputed and lost": (["created", "paid", HALF, REST, "lost"], ("lost", 200, 0)),
    "won and refunded after all": (["created", "paid", "disputed", "won", "refunded"], ("refunded", 500, 0)),
    "refunded and disputed all the same": (["created", "paid", "refunded", "disputed", "lost"], ("lost", 500, 0)),
    "lost and won by an appeal": (["created", "paid", "disputed", "lost", "appealed"], ("won", 0, 50_000)),
}


def step_of(word):
    return (word, {}) if isinstance(word, str) else word


def assert_end(buyer, payment, end):
    payment.refresh_from_db()
    assert (payment.status, payment.refunded_minor, buyer.balance_centi, payment.flag) == (*end, "")
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []


@pytest.mark.parametrize("name", HISTORIES)
def test_notices_in_every_order_and_repeated_have_one_end(shop, name):
    """The provider is as far as the furthest notice delivered, so each order has its own way through the states."""
    words, end = HISTORIES[name]
    orders = list(itertools.permutations(range(len(words))))
    for order in orders if PROVE else random.Random(name).sample(orders, 2):
        buyer = Buyer()
        payment = start(buyer.user)
        happened = []
        for number in order:
            while len(happened) <= number:
                word, how = step_of(words[len(happened)])
                happened.append(shop.hold(payment.uid, word, **how))
            for webhook in happened[number] * 2:
                assert deliver(webhook).status_code == 200
                work()
        assert_end(buyer, payment, end)


@pytest.mark.parametrize("name", HISTORIES)
def test_answers_that_were_overtaken_on_their_way_change_nothing(shop, name, monkeypatch):
    """The provider was asked after each step, and its answers are applied in every order, each of them twice."""
    words, end = HISTORIES[name]
    orders = list(itertools.permutations(range(len(words))))
    for order in orders if PROVE else random.Random(name).sample(orders, 3):
        buyer = Buyer()
        payment = start(buyer.user)
        answers = []
        for word in words:
            name_, how = step_of(word)
            shop.hold(payment.uid, name_, **how)
            answers.append(_ask(payment))
        with monkeypatch.context() as replayed:
            for number in [*order, *reversed(order)]:
                replayed.setattr(fulfilment, "_find_truth", lambda *_, truth=answers[number]: truth)
                fulfilment.fulfil(payment_id=payment.uid)
        assert_end(buyer, payment, end)
        rows = MoneyBack.objects.filter(payment=payment)
        assert rows.count() == len({row.provider_object_id for row in rows})


def _ask(payment):
    gateway = fulfilment.get_gateway(provider=payment.provider)
    return gateway.fetch_payment(session_id=payment.provider_session_id)


def test_control_without_the_order_of_states_an_overtaken_answer_would_undo_the_end(shop, monkeypatch):
    buyer = Buyer()
    payment = start(buyer.user)
    for word in ("paid", "disputed"):
        shop.hold(payment.uid, word)
    early = _ask(payment)
    shop.hold(payment.uid, "lost")
    fulfilment.fulfil(payment_id=payment.uid)
    monkeypatch.setattr(fulfilment, "_find_truth", lambda *_: early)
    assert fulfilment.fulfil(payment_id=payment.uid).status == "lost"
    # Every state told of counts as a step; the database's own guard stands behind it.
    monkeypatch.setattr(returns, "_is_step", lambda *_: True)
    with pytest.raises(Exception, match="cannot go from lost to open"):
        fulfilment.fulfil(payment_id=payment.uid)

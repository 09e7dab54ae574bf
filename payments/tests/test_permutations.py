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
from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db import transaction

from credits import invariants
from payments.gateways.base import ProviderPayment
from payments.models import MoneyBack, Payment
from payments.services import fulfilment, returns
from payments.tests.buying import Buyer, deliver, signed, start, work

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


def choose_orders(name, n_short):
    orders = list(itertools.permutations(range(len(HISTORIES[name][0]))))
    return orders if PROVE else random.Random(name).sample(orders, n_short)


def walk(orders, act, at_end, so_far=()):
    """Every order from the same beginning: `act` for each step with what came so far, `at_end` with the whole order.
    Orders that begin alike share their beginning, to which the database goes back."""
    for _, group in itertools.groupby(sorted(orders), key=lambda order: order[len(so_far)]):
        alike = list(group)
        now = alike[0][: len(so_far) + 1]
        begun = transaction.savepoint()
        act(now)
        if now == alike[0]:
            at_end(now)
        else:
            walk(alike, act, at_end, now)
        transaction.savepoint_rollback(begun)
        transaction.savepoint_commit(begun)  # released, or there would be more of them with each order


@dataclass
class Story:
    """A payment that has just begun here, and how it went on at the provider: what each step told, and what the
    provider answered from then on."""

    buyer: Buyer
    payment: Payment
    told: list[list[dict]] = field(default_factory=list)
    answers: list[ProviderPayment] = field(default_factory=list)

    @classmethod
    def of(cls, shop, words):
        buyer = Buyer()
        story = cls(buyer, start(buyer.user))
        for word in words:
            name, how = (word, {}) if isinstance(word, str) else word
            story.told.append(shop.hold(story.payment.uid, name, **how))
            story.answers.append(_ask(story.payment))
        return story

    def assert_end(self, end):
        self.payment.refresh_from_db()
        payment = self.payment
        assert (payment.status, payment.refunded_minor, self.buyer.balance_centi, payment.flag) == (*end, "")
        rows = MoneyBack.objects.filter(payment=payment)
        assert rows.count() == len({row.provider_object_id for row in rows})
        assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []


@pytest.mark.parametrize("name", HISTORIES)
def test_notices_in_every_order_and_repeated_have_one_end(shop, name, monkeypatch, record_property):
    """The provider is as far as the furthest notice delivered, so each order has its own way through the states."""
    words, end = HISTORIES[name]
    story, counted = Story.of(shop, words), Counter()

    def deliver_twice(order):
        monkeypatch.setattr(fulfilment, "_find_truth", lambda *_: story.answers[max(order)])
        for webhook in story.told[order[-1]] * 2:
            assert deliver(signed(webhook["body"])).status_code == 200
            work()
            counted["deliveries"] += 1

    def look(_order):
        story.assert_end(end)
        counted["orders"] += 1

    walk(choose_orders(name, 2), deliver_twice, look)
    for what, n in counted.items():
        record_property(what, n)


@pytest.mark.parametrize("name", HISTORIES)
def test_answers_that_were_overtaken_on_their_way_change_nothing(shop, name, monkeypatch, record_property):
    """The provider was asked after each step, and its answers are applied in every order, each of them twice."""
    words, end = HISTORIES[name]
    story, counted = Story.of(shop, words), Counter()

    def apply(number):
        monkeypatch.setattr(fulfilment, "_find_truth", lambda *_: story.answers[number])
        fulfilment.fulfil(payment_id=story.payment.uid)
        counted["answers"] += 1

    def repeat_and_look(order):
        for number in reversed(order):
            apply(number)
        story.assert_end(end)
        counted["orders"] += 1

    walk(choose_orders(name, 3), lambda order: apply(order[-1]), repeat_and_look)
    for what, n in counted.items():
        record_property(what, n)


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

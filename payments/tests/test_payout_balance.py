"""Our balance with a provider is too low: a payout waits, leaves once when it is filled up, and staff is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from credits import invariants
from payments.constants import BALANCE_RETRY, BALANCE_SPAN
from payments.gateways.base import BalanceTooLow
from payments.gateways.payout_registry import get_payout_gateway
from payments.gateways.stripe_connect import StripeConnectGateway
from payments.models import Payout
from payments.payout_book_selectors import list_unbooked_payouts
from payments.payout_words import reason_words
from payments.services import payout_sending, payout_steps
from payments.tests.paying_out import (
    AMOUNT,
    accounts_of,
    approved,
    count_at_provider,
    make_payee,
    ops_of,
    ready,
    statuses,
)
from users.models import Notification

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def approved_by(kind="stripe"):
    creator = make_payee()
    return approved(creator, ready(creator, kind))


def locked(payout):
    return accounts_of(payout.user)["creator:payout_locked"]


def later(payout):
    """As if the time until the next try was over."""
    Payout.objects.filter(pk=payout.pk).update(checked_at=timezone.now() - BALANCE_RETRY - timedelta(minutes=1))


def assert_books():
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []
    assert list_unbooked_payouts() == []


def test_with_too_little_it_stays_approved_says_why_and_until_when_and_leaves_when_there_is_enough(shop):
    payout = approved_by()
    shop.turn(balance_minor=2_499)
    for _ in range(3):
        waiting = payout_sending.send(uid=payout.uid)
    assert (waiting.status, waiting.reason, waiting.sent_at) == ("approved", "balance_low", None)
    assert statuses(payout)[-2:] == [("approved", "approved"), ("approved", "balance_low")]
    line = payout.steps.order_by("-id").first()
    assert (line.owner, "balance" in reason_words(code=line.reason)) == ("pairly", True)
    assert timedelta(0) < line.latest_at - timezone.now() <= BALANCE_SPAN
    assert (locked(payout), ops_of(payout.user)) == (AMOUNT, ["payout"])
    shop.turn(balance_minor=2_500)
    assert payout_sending.sweep(at=timezone.now()) == 0  # not each minute
    assert payout_sending.sweep(at=timezone.now() + BALANCE_RETRY) == 1
    payout.refresh_from_db()
    assert (payout.status, payout.n_unsent, count_at_provider(shop, payout)) == ("paid", 0, 1)
    assert_books()


def test_a_transfer_that_is_refused_for_want_of_balance_is_set_aside_again_and_leaves_once_with_a_new_key(shop):
    payout = approved_by()
    shop.turn(n_uncovered=1)  # the balance was enough when it was asked for
    waiting = payout_sending.send(uid=payout.uid)
    assert (waiting.status, waiting.reason, waiting.n_unsent, waiting.sent_at) == ("approved", "balance_low", 1, None)
    assert statuses(payout)[-2:] == [("processing", "sent"), ("approved", "balance_low")]
    assert (locked(payout), count_at_provider(shop, payout)) == (AMOUNT, 0)
    assert "waiting" in [row.payload["state"] for row in Notification.objects.filter(user=payout.user, kind="payout")]
    assert_books()
    later(payout)
    assert payout_sending.sweep(at=timezone.now()) == 1
    payout.refresh_from_db()
    assert (payout.status, count_at_provider(shop, payout), locked(payout)) == ("paid", 1, 0)
    assert ops_of(payout.user) == ["payout", "payout_sent", "payout_sent", "payout_settled", "payout_unsent"]
    assert_books()


def test_the_first_key_is_spent_so_a_call_that_comes_late_makes_no_second_transfer(shop):
    payout = approved_by()
    turn = payout_sending._begin(payout.uid)
    shop.turn(n_uncovered=1)
    with pytest.raises(BalanceTooLow):
        payout_sending._call(turn)
    payout_sending._follow_low_balance(turn)
    later(payout)
    assert payout_sending.send(uid=payout.uid).status == "paid"
    with pytest.raises(BalanceTooLow):  # a repetition of the first, by whoever
        get_payout_gateway(kind="stripe").create_payout(order=turn.order)
    # And whoever believed the first refusal late sets nothing aside that has left.
    assert payout_sending._follow_low_balance(turn).status == "paid"
    assert payout_sending._unsend(payout.uid, attempt=0).status == "paid"
    assert (count_at_provider(shop, payout), locked(payout)) == (1, 0)
    assert_books()


def test_where_the_provider_cannot_be_asked_whether_it_made_one_nothing_is_set_aside(shop, monkeypatch, settings):
    payout = approved_by()
    shop.turn(n_uncovered=1)

    def low(self, *, order):
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"
        raise BalanceTooLow("balance_insufficient")

    monkeypatch.setattr(StripeConnectGateway, "create_payout", low)
    left = payout_sending.send(uid=payout.uid)
    assert (left.status, left.reason, left.n_unsent) == ("processing", "provider_away", 0)
    assert locked(payout) == 0


def test_by_razorpayx_it_waits_there_and_the_timeline_says_so(shop):
    payout = approved_by("razorpayx")
    shop.turn(balance_minor=1)
    assert payout_sending.send(uid=payout.uid).reason == "balance_low"
    assert statuses(payout)[-1] == ("processing", "balance_low")
    shop.turn()
    assert payout_sending.check(uid=payout.uid).reason == "sent"
    assert count_at_provider(shop, payout) == 1
    assert_books()


def test_a_promise_that_has_passed_is_made_anew(shop, monkeypatch):
    payout = approved_by()
    shop.turn(balance_minor=1)
    payout_sending.send(uid=payout.uid)
    passed = timezone.now() + BALANCE_SPAN + timedelta(hours=1)
    with monkeypatch.context() as cut:
        cut.setattr(payout_steps.timezone, "now", lambda: passed)
        payout_steps.note(
            payout=payout_steps.hold(uid=payout.uid), owner="pairly", reason="balance_low", within=BALANCE_SPAN
        )
    assert statuses(payout).count(("approved", "balance_low")) == 2
    assert payout.steps.order_by("-id").first().latest_at > passed


def test_the_table_lets_only_what_was_never_made_go_back(shop):
    payout = payout_sending.send(uid=approved_by("razorpayx").uid)
    assert payout.provider_payout_id
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(status="approved", sent_at=None, n_unsent=1)
    other = approved_by()
    assert payout_sending._begin(other.uid) is not None
    for wrong in ({"n_unsent": 0}, {"n_unsent": 2, "sent_at": None}, {"sent_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payout.objects.filter(pk=other.pk).update(status="approved", **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=other.pk).update(n_unsent=1)

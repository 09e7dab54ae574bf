"""What a creator's bank does with money that has left: told in the timeline, never counted as if it had come back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from credits import invariants
from credits import selectors as ledger
from payments.constants import BANK_FIX_SPAN
from payments.errors import ProviderUnavailable
from payments.gateways.payout_registry import get_payout_gateway
from payments.gateways.payouts import ArrivalState
from payments.models import PayoutStep, WebhookEvent
from payments.payout_book_selectors import list_unbooked_payouts
from payments.services import payout_arrivals, payout_sending, payout_steps
from payments.tests.buying import deliver, signed, work
from payments.tests.paying_out import AMOUNT, approved, happen, make_payee, onboard, ready, statuses
from users.models import Notification

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
LEFT = 1_000_000 - AMOUNT


@pytest.fixture
def paid(shop):
    creator = make_payee()
    return payout_sending.send(uid=approved(creator, ready(creator, "stripe")).uid)


def tell(shop, payout, word):
    """It happens in the creator's account, and its notice comes."""
    for webhook in happen(shop, payout, word):
        assert deliver(webhook, path="/api/v1/payments/webhook/stripe").status_code == 200
    work()
    payout.refresh_from_db()
    return last(payout)


def last(payout):
    line = payout.steps.order_by("-id").first()
    return line.status, line.owner, line.reason


def earned(payout):
    return ledger.get_earnings(user_id=payout.user_id).earned_centi


def told(payout):
    return [row.payload["state"] for row in Notification.objects.filter(user=payout.user, kind="payout").order_by("id")]


def assert_books():
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []
    assert list_unbooked_payouts() == []


def test_a_bank_that_refuses_is_told_as_the_creators_turn_with_a_date_and_no_credit_is_earned_again(shop, paid):
    assert tell(shop, paid, "failed") == ("paid", "you", "bank_failed_closed")
    line = paid.steps.order_by("-id").first()
    assert timedelta(days=29) < line.latest_at - timezone.now() <= BANK_FIX_SPAN
    assert (paid.status, earned(paid)) == ("paid", LEFT)
    paid.method.refresh_from_db()
    assert paid.method.state == "pending"  # no further payout goes there until it is corrected
    assert told(paid)[-1] == "bank_failed"
    n_lines = PayoutStep.objects.count()
    payout_arrivals.follow(kind="stripe", account_id=paid.method.provider_account_id)
    assert (PayoutStep.objects.count(), len(told(paid))) == (n_lines, len(set(told(paid))))
    assert_books()


def test_what_a_bank_refused_goes_out_again_and_arrives(shop, paid):
    tell(shop, paid, "failed")
    onboard(paid.method, number="000123456781")
    assert tell(shop, paid, "under_way") == ("paid", "bank", "bank_again")
    assert tell(shop, paid, "arrived") == ("paid", "nobody", "arrived")
    assert tell(shop, paid, "failed") == ("paid", "you", "bank_failed_closed")  # a bank may change its mind for days
    assert told(paid).count("bank_failed") == 2
    assert earned(paid) == LEFT
    assert_books()


def test_a_reversal_after_the_failure_earns_the_credits_again_once_and_later_notices_say_nothing(shop, paid):
    failure = happen(shop, paid, "failed")
    tell(shop, paid, "reversed")
    for _ in range(2):
        for webhook in failure:
            deliver(webhook, path="/api/v1/payments/webhook/stripe")
        work()
    assert last(paid) == ("returned", "you", "came_back")
    assert earned(paid) == 1_000_000
    assert_books()


def test_a_part_that_is_reversed_is_for_staff_and_books_nothing(shop, paid):
    assert tell(shop, paid, "part_reversed") == ("paid", "pairly", "provider_differs")
    assert earned(paid) == LEFT
    assert_books()


def test_a_payout_of_an_account_is_told_of_the_payouts_that_are_in_it_alone(shop):
    creator = make_payee()
    method = ready(creator, "stripe")
    first, second = (payout_sending.send(uid=approved(creator, method).uid) for _ in range(2))
    assert tell(shop, first, "arrived") == ("paid", "nobody", "arrived")
    assert last(second) == ("paid", "bank", "paid")
    assert tell(shop, second, "under_way") == ("paid", "bank", "paid")  # as it said already
    stranger = make_payee()
    other = payout_sending.send(uid=approved(stranger, ready(stranger, "stripe")).uid)
    assert tell(shop, second, "failed") == ("paid", "you", "bank_failed_closed")
    assert last(other) == ("paid", "bank", "paid")


def test_without_a_notice_the_day_finds_it_and_after_its_date_somebody_here_looks(shop, paid, monkeypatch):
    happen(shop, paid, "failed", webhook="drop")
    payout_sending.sweep_paid(at=timezone.now() + timedelta(days=1, hours=1))
    assert last(paid) == ("paid", "you", "bank_failed_closed")
    passed = timezone.now() + BANK_FIX_SPAN + timedelta(days=1)
    with monkeypatch.context() as cut:
        cut.setattr(payout_steps.timezone, "now", lambda: passed)
        for _ in range(2):
            payout_sending.sweep_paid(at=passed + timedelta(days=2))
    assert last(paid) == ("paid", "pairly", "bank_failed_long")
    assert statuses(paid).count(("paid", "bank_failed_long")) == 1
    assert tell(shop, paid, "arrived") == ("paid", "nobody", "arrived")


def test_a_provider_that_is_away_leaves_the_notice_undone(shop, paid, settings):
    (failure,) = happen(shop, paid, "failed")
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(ProviderUnavailable):
        payout_arrivals.follow(kind="stripe", account_id=paid.method.provider_account_id)
    deliver(failure, path="/api/v1/payments/webhook/stripe")
    with pytest.raises(ProviderUnavailable):
        work()
    assert WebhookEvent.objects.get(type="payout.failed").processed_at is None
    settings.STRIPE_API_BASE = shop.url
    work()
    assert last(paid) == ("paid", "you", "bank_failed_closed")


def test_a_thin_event_names_the_account_as_its_context_and_each_destination_has_its_secret(shop, paid, settings):
    settings.STRIPE_CONNECT_WEBHOOK_SECRET = "whsec_first whsec_second"
    happen(shop, paid, "failed", webhook="drop")
    event = {
        "id": "evt_thin", "object": "v2.core.event", "type": "v1.payout.failed", "livemode": False,
        "created": "2026-11-20T10:00:00Z", "context": paid.method.provider_account_id,
        "related_object": {"id": "po_x", "type": "payout", "url": "/v1/payouts/po_x"},
    }  # fmt: skip
    body = json.dumps(event)
    for secret, status in (("whsec_third", 400), ("whsec_second", 200)):
        assert deliver(signed(body, secret=secret), path="/api/v1/payments/webhook/stripe").status_code == status
    work()
    assert last(paid) == ("paid", "you", "bank_failed_closed")
    snapshot = {"id": "evt_snap", "object": "event", "type": "payout.updated", "livemode": False, "account": "acct_x",
                "api_version": "x", "created": 1, "data": {"object": {"id": "po_x", "object": "payout"}}}  # fmt: skip
    body = json.dumps(snapshot)
    for secret, status in (("whsec_third", 400), ("whsec_first", 200)):
        assert deliver(signed(body, secret=secret), path="/api/v1/payments/webhook/stripe").status_code == status


def test_an_account_without_payouts_to_its_bank_and_other_kinds_have_no_arrivals(paid):
    since = timezone.now() - timedelta(days=1)
    gateway = get_payout_gateway(kind="stripe")
    assert gateway.fetch_arrivals(account_id=paid.method.provider_account_id, since=since) == {}
    assert get_payout_gateway(kind="manual").fetch_arrivals(account_id="", since=since) == {}
    assert set(ArrivalState) == {"under_way", "arrived", "failed"}

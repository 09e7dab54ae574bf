from __future__ import annotations

import itertools
import json
import os
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from credits import invariants
from payments.models import Payment, WebhookEvent
from payments.services import fulfilment, reconciliation
from payments.tests.buying import Buyer, deliver, deliver_all, signed, start, work
from payments.tests.sandboxes import request_for
from users.tests.helpers import at_once

PROVE = bool(os.environ.get("PAIRLY_PROVE"))  # all 24 orders instead of every third


def assert_ledger_holds() -> None:
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []


@pytest.mark.django_db
def test_a_paid_payment_is_credited(shop):
    buyer = Buyer()
    payment = start(buyer.user)
    deliver_all(shop.hold(payment.uid, "paid"))
    assert buyer.balance_centi == 0
    work()
    assert buyer.balance_centi == 50_000
    shown = buyer.get_payment(payment.uid).json()
    assert (shown["status"], shown["checkout_url"]) == ("paid", None)
    assert shown["paid_at"]
    assert_ledger_holds()


def test_duplicates_in_parallel_from_every_door_credit_once(committed_db, shop):
    buyer = Buyer()
    payment = start(buyer.user)
    once = shop.hold(payment.uid, "paid")
    webhooks = once * 6

    def hit(number: int) -> int:
        if number < len(webhooks):
            status = deliver(webhooks[number]).status_code
            work()
            return status
        fulfilment.fulfil(payment_id=payment.uid)  # the return page and the reconciler
        return 200

    assert set(at_once(len(webhooks) + 6, hit)) == {200}
    assert {deliver(webhook).status_code for webhook in once * 44} == {200}  # 50 of each altogether
    work()
    assert buyer.balance_centi == 50_000
    assert WebhookEvent.objects.count() == 3
    assert invariants.check_all() == [f for f in invariants.check_all() if f.is_ok]


@pytest.mark.django_db
def test_the_order_of_notices_does_not_matter(shop):
    orders = list(itertools.permutations(range(4)))
    for order in orders if PROVE else orders[::3]:
        buyer = Buyer()
        payment = start(buyer.user)
        webhooks = shop.hold(payment.uid, "created") + shop.hold(payment.uid, "paid")
        for index in order:
            assert deliver(webhooks[index]).status_code == 200
            work()
        assert buyer.balance_centi == 50_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("paid", "flag"),
    [
        ({"amount_minor": 499}, "wrong_amount"),
        ({"amount_minor": 501}, "wrong_amount"),
        ({"currency": "INR"}, "wrong_currency"),
    ],
)
def test_another_amount_or_currency_is_flagged_and_not_credited(shop, paid, flag):
    buyer = Buyer()
    payment = start(buyer.user)
    deliver_all(shop.hold(payment.uid, "paid", **paid))
    work()
    fulfilment.fulfil(payment_id=payment.uid)
    payment.refresh_from_db()
    assert (payment.status, payment.flag, buyer.balance_centi) == ("created", flag, 0)
    shown = buyer.get_payment(payment.uid).json()
    assert (shown["is_under_review"], shown["checkout_url"]) == (True, None)
    assert_ledger_holds()


@pytest.mark.django_db
def test_a_paid_session_of_another_payment_credits_nobody(shop, gateway):
    shop.turn(error_after_commit=3)
    buyer = Buyer()
    assert buyer.post_checkout().status_code == 503
    payment = Payment.objects.get()
    other = uuid.uuid4()
    gateway.create_checkout(request=request_for(other))
    event = json.loads(shop.hold(other, "paid")[-1]["body"])
    event["data"]["object"]["metadata"]["payment_id"] = str(payment.uid)
    assert deliver(signed(json.dumps(event))).status_code == 200
    work()
    payment.refresh_from_db()
    assert (payment.status, payment.flag, buyer.balance_centi) == ("created", "wrong_reference", 0)


@pytest.mark.django_db
def test_a_checkout_the_provider_does_not_know_is_flagged(shop):
    payment = Payment.objects.create(
        user=Buyer().user, request_id=uuid.uuid4(), provider="stripe", package="credits-500", currency="USD",
        amount_minor=500, credits_centi=50_000, provider_session_id="cs_test_unknown",
    )  # fmt: skip
    assert fulfilment.fulfil(payment_id=payment.uid).flag == "not_at_provider"


@pytest.mark.django_db
def test_a_method_that_settles_later_is_credited_when_the_money_is_there(shop):
    buyer = Buyer()
    payment = start(buyer.user)
    deliver_all(shop.hold(payment.uid, "pending"))
    work()
    assert (buyer.balance_centi, buyer.get_payment(payment.uid).json()["status"]) == (0, "created")
    deliver_all(shop.hold(payment.uid, "paid"))
    work()
    assert (buyer.balance_centi, buyer.get_payment(payment.uid).json()["status"]) == (50_000, "paid")


@pytest.mark.django_db
def test_failed_and_expired_payments_are_closed_and_late_money_still_counts(shop):
    buyer = Buyer()
    expired, failed = start(buyer.user), start(buyer.user)
    deliver_all(shop.hold(expired.uid, "expired"))
    shop.hold(failed.uid, "pending")
    deliver_all(shop.hold(failed.uid, "failed"))
    work()
    assert buyer.get_payment(expired.uid).json()["status"] == "expired"
    assert buyer.get_payment(failed.uid).json()["status"] == "failed"
    deliver_all(shop.hold(failed.uid, "paid"))
    work()
    assert buyer.get_payment(failed.uid).json()["status"] == "paid"
    assert buyer.balance_centi == 50_000


@pytest.mark.django_db
def test_money_that_went_back_before_the_credit_is_credited_and_taken_back(shop):
    buyer = Buyer()
    payment = start(buyer.user)
    shop.hold(payment.uid, "paid")
    deliver_all(shop.hold(payment.uid, "refunded"))
    work()
    fulfilled = fulfilment.fulfil(payment_id=payment.uid)
    assert (fulfilled.status, fulfilled.flag, buyer.balance_centi) == ("refunded", "", 0)
    assert_ledger_holds()


@pytest.mark.django_db
def test_a_notice_that_only_names_the_providers_payment_finds_ours_before_it_is_credited(shop):
    buyer = Buyer()
    payment = start(buyer.user)
    shop.hold(payment.uid, "paid")
    deliver_all(shop.hold(payment.uid, "disputed"))  # nothing in it is of ours
    work()
    payment.refresh_from_db()
    assert (payment.status, payment.flag, buyer.balance_centi) == ("disputed", "", 0)
    assert_ledger_holds()


@pytest.mark.django_db
def test_the_reconciler_finds_what_no_notice_told(shop):
    buyer = Buyer()
    payment, waiting = start(buyer.user), start(buyer.user)
    shop.hold(payment.uid, "paid")
    assert reconciliation.reconcile(at=timezone.now()) == 0  # too young
    assert reconciliation.reconcile(at=timezone.now() + timedelta(minutes=3)) == 1
    assert buyer.balance_centi == 50_000
    waiting.refresh_from_db()
    assert waiting.status == "created"


@pytest.mark.django_db
def test_a_checkout_that_never_got_its_session_expires_after_a_day(shop):
    shop.turn(error_after_commit=3)
    assert Buyer().post_checkout().status_code == 503
    assert reconciliation.reconcile(at=timezone.now() + timedelta(hours=23)) == 0
    assert reconciliation.reconcile(at=timezone.now() + timedelta(hours=25)) == 1
    assert Payment.objects.get().status == "expired"


@pytest.mark.django_db
def test_the_sweeper_does_lost_jobs_and_waits_for_an_absent_provider(shop, settings):
    buyer = Buyer()
    payment = start(buyer.user)
    deliver_all(shop.hold(payment.uid, "paid"))
    later = timezone.now() + timedelta(minutes=2)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert reconciliation.sweep_events(at=later) == 0
    settings.STRIPE_API_BASE = shop.url
    assert reconciliation.sweep_events(at=later) == 3
    assert reconciliation.sweep_events(at=later) == 0
    assert buyer.balance_centi == 50_000


@pytest.mark.django_db
def test_a_settled_payment_without_its_ledger_operation_is_an_i4_difference(shop):
    payment = start(Buyer().user)
    Payment.objects.filter(pk=payment.pk).update(
        status="paid", paid_at=timezone.now(), provider_payment_id="pi_never_booked"
    )
    found = {finding.name: finding.difference for finding in invariants.check_in_transaction()}
    assert str(payment.uid) in found["I4"]

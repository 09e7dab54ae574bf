from __future__ import annotations

import json

import pytest
from django.test import Client

from payments.models import WebhookEvent
from payments.tests.buying import API, Buyer, deliver, signed, start, work


@pytest.mark.django_db
def test_forged_altered_and_stale_notices_get_400_and_change_nothing(shop):
    buyer = Buyer()
    payment = start(buyer.user)
    webhook = shop.hold(payment.uid, "paid")[-1]
    body = webhook["body"]
    nonsense = {"Stripe-Signature": "nonsense", "Content-Type": "application/json"}
    tries = [
        signed(body, secret="whsec_of_somebody_else"),
        {**webhook, "body": body.replace('"amount_total": 500', '"amount_total": 50000')},
        {**webhook, "body": body + " "},
        signed(body, age_s=301),
        {"headers": nonsense, "body": body},
        {"headers": {"Content-Type": "application/json"}, "body": body},
        signed("[]"),
        signed("no json"),
    ]
    for bad in tries:
        for path in (f"{API}/webhook/stripe", f"{API}/webhook", "/api/payments/webhook/stripe"):
            answer = deliver(bad, path=path)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
            assert answer["Content-Type"] == "application/problem+json"
    work()
    payment.refresh_from_db()
    assert (payment.status, payment.flag, buyer.balance_centi) == ("created", "", 0)
    assert WebhookEvent.objects.count() == 0


@pytest.mark.django_db
def test_a_repeated_notice_is_kept_once_through_all_addresses(shop):
    payment = start(Buyer().user)
    webhook = shop.hold(payment.uid, "paid")[-1]
    for path in (f"{API}/webhook/stripe", f"{API}/webhook", "/api/payments/webhook"):
        assert deliver(webhook, path=path).status_code == 200
    row = WebhookEvent.objects.get()
    assert (row.type, row.reference) == ("checkout.session.completed", str(payment.uid))
    work()
    assert deliver(webhook).status_code == 200
    row.refresh_from_db()
    assert row.processed_at


@pytest.mark.django_db
def test_nothing_personal_of_a_notice_is_kept(shop):
    payment = start(Buyer().user)
    event = json.loads(shop.hold(payment.uid, "paid")[-1]["body"])
    event["data"]["object"]["customer_details"] = {"email": "ada@example.org", "name": "Ada"}
    assert deliver(signed(json.dumps(event))).status_code == 200
    assert "example.org" not in json.dumps(WebhookEvent.objects.get().payload)


@pytest.mark.django_db
def test_a_live_notice_is_refused_where_test_money_moves_and_the_reverse(shop, settings):
    payment = start(Buyer().user)
    test_event = shop.hold(payment.uid, "paid")[-1]
    live_event = json.dumps({**json.loads(test_event["body"]), "livemode": True})
    answer = deliver(signed(live_event))
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_mode")
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    assert deliver(test_event).json()["code"] == "wrong_mode"
    assert WebhookEvent.objects.count() == 0


@pytest.mark.django_db
def test_a_notice_about_nothing_of_ours_is_taken_and_done(shop):
    event = {"id": "evt_1", "object": "event", "type": "customer.created", "livemode": False}
    event["data"] = {"object": {"id": "cus_1", "object": "customer"}}
    assert deliver(signed(json.dumps(event))).status_code == 200
    work()
    assert WebhookEvent.objects.get().processed_at


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_refused(shop):
    assert deliver(signed(" " * 256_001)).status_code == 413


@pytest.mark.django_db
def test_razorpay_says_that_it_is_not_available_where_it_is_not_set_up(shop, settings):
    settings.RAZORPAY_KEY_ID = ""
    webhook = {"headers": {"X-Razorpay-Signature": "00", "Content-Type": "application/json"}, "body": "{}"}
    for path in (f"{API}/webhook/razorpay", f"{API}/webhook"):
        answer = deliver(webhook, path=path)
        assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")


@pytest.mark.django_db
def test_a_notice_is_only_posted(shop):
    assert Client().get(f"{API}/webhook/stripe").status_code == 405

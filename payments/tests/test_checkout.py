from __future__ import annotations

import uuid

import httpx
import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from pairly.testing.fixtures import free_port
from payments.models import Payment
from payments.tests.buying import API, Buyer, deliver_all, start, work
from users.tests.helpers import at_once


@pytest.mark.django_db
def test_the_packages_are_public_and_have_a_price_in_each_currency():
    answer = Client().get(f"{API}/packages").json()
    assert [(row["id"], row["credits_centi"]) for row in answer["results"]] == [
        ("credits-500", 50_000),
        ("credits-1050", 105_000),
        ("credits-2200", 220_000),
        ("credits-5750", 575_000),
    ]
    prices = [{p["currency"]: p["amount_minor"] for p in row["prices"]} for row in answer["results"]]
    assert [row["USD"] for row in prices] == [row["EUR"] for row in prices] == [500, 1000, 2000, 5000]
    assert [row["INR"] for row in prices] == [44_900, 89_900, 179_900, 449_900]


@pytest.mark.django_db
def test_a_checkout_gives_a_payment_and_the_address_of_its_page(shop):
    buyer = Buyer()
    answer = buyer.post_checkout(package_id="credits-1050", currency="inr")
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"payment_id", "checkout_url"}
    assert "INR 899.00" in httpx.get(body["checkout_url"]).text
    shown = buyer.get_payment(body["payment_id"]).json()
    assert (shown["status"], shown["credits_centi"], shown["amount_minor"]) == ("created", 105_000, 89_900)
    assert shown["checkout_url"] == body["checkout_url"]


@pytest.mark.django_db
def test_one_key_is_one_payment_and_another_choice_under_it_is_a_conflict(shop):
    buyer, key = Buyer(), str(uuid.uuid4())
    first, second = buyer.post_checkout(key=key), buyer.post_checkout(key=key)
    assert (second.status_code, second.json()) == (201, first.json())
    for changes in ({"package_id": "credits-1050"}, {"currency": "EUR"}):
        other = buyer.post_checkout(key=key, **changes)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert Payment.objects.count() == 1


@pytest.mark.django_db
def test_a_stranger_neither_sees_a_payment_nor_shares_its_key(shop):
    buyer, stranger, key = Buyer(), Buyer(), str(uuid.uuid4())
    mine = buyer.post_checkout(key=key).json()
    theirs = stranger.post_checkout(key=key).json()
    assert theirs["payment_id"] != mine["payment_id"]
    assert theirs["checkout_url"] != mine["checkout_url"]
    hidden, unknown = stranger.get_payment(mine["payment_id"]), stranger.get_payment(uuid.uuid4())
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json() == unknown.json()
    assert Client().get(f"{API}/{mine['payment_id']}").status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "changes", "status", "code"),
    [
        ("", {}, 400, "idempotency_key_required"),
        ("not-a-uuid", {}, 400, "idempotency_key_required"),
        (None, {"package_id": "credits-1"}, 422, "unknown_package"),
        (None, {"currency": "GBP"}, 422, "unknown_currency"),
        (None, {"provider": "cash"}, 422, "invalid_choice"),
    ],
)
def test_a_checkout_that_cannot_be_says_why(shop, key, changes, status, code):
    answer = Buyer().post_checkout(key=key, **changes)
    body = answer.json()
    codes = [row["code"] for row in body.get("errors", [])] or [body["code"]]
    assert (answer.status_code, codes) == (status, [code])
    assert answer["Content-Type"] == "application/problem+json"
    assert Payment.objects.count() == 0


@pytest.mark.django_db
def test_a_provider_that_is_not_set_up_is_not_available(shop, settings):
    settings.RAZORPAY_KEY_ID = ""
    answer = Buyer().post_checkout(provider="razorpay")
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert Payment.objects.count() == 0


@pytest.mark.django_db
def test_a_checkout_needs_a_sign_in(shop):
    body = {"package_id": "credits-500", "provider": "stripe", "currency": "USD"}
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answer = Client(headers=headers).post(f"{API}/checkout", body, content_type="application/json")
    assert answer.status_code == 401


@pytest.mark.django_db
def test_a_provider_that_is_away_can_be_tried_again_with_the_same_key(shop, settings):
    buyer, key = Buyer(), str(uuid.uuid4())
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{free_port()}"
    away = buyer.post_checkout(key=key)
    assert (away.status_code, away.json()["code"]) == (503, "provider_unavailable")
    assert away["Retry-After"]
    reserved = Payment.objects.get()
    assert (reserved.status, reserved.provider_session_id) == ("created", None)
    settings.STRIPE_API_BASE = shop.url
    assert buyer.post_checkout(key=key).json()["payment_id"] == str(reserved.uid)


@pytest.mark.django_db
def test_an_answer_that_stays_lost_is_made_good_by_the_notice(shop):
    buyer = Buyer()
    shop.turn(error_after_commit=3)
    assert buyer.post_checkout().status_code == 503
    payment = Payment.objects.get()
    assert payment.provider_session_id is None
    deliver_all(shop.hold(payment.uid, "paid"))
    work()
    work()
    assert buyer.balance_centi == 50_000
    assert buyer.get_payment(payment.uid).json()["status"] == "paid"


def test_parallel_requests_of_one_key_make_one_payment(committed_db, shop):
    buyer, key = Buyer(), uuid.uuid4()
    urls = at_once(8, lambda _: start(buyer.user, idempotency_key=key).checkout_url)
    assert len(set(urls)) == 1
    assert Payment.objects.count() == 1


@pytest.mark.django_db
def test_the_database_refuses_steps_back_and_changes_of_what_was_agreed(shop):
    payment = start(Buyer().user)
    rows = Payment.objects.filter(pk=payment.pk)
    rows.update(status="expired")
    for change in (
        {"status": "created"},
        {"status": "failed"},
        {"status": "paid"},  # without the provider's object and a time
        {"amount_minor": 1},
        {"credits_centi": 999_999},
        {"provider_session_id": "cs_other"},
        {"status": "nonsense"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)

"""Buying through Razorpay from the first click to the balance, without a browser."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from credits import invariants
from pairly.testing.people import PASSWORD, make_user
from payments.gateways.razorpay import RazorpayGateway
from payments.models import Payment, WebhookEvent
from payments.services import fulfilment
from payments.tests.buying import API, Buyer, deliver, start, work
from payments.tests.sandboxes import razorpay_headers
from payments.tests.test_pages import browser_of
from users.tests.helpers import at_once

HOOK = f"{API}/webhook/razorpay"
AUTH = ("rzp_test_sandbox", "sandbox")


def buy(user, **changes):
    return start(user, provider="razorpay", currency="INR", **changes)


def notices(body, **how):
    return {"headers": {"Content-Type": "application/json", **razorpay_headers(body.encode(), **how)}, "body": body}


def tries_of(shop, payment):
    with httpx.Client(base_url=f"{shop.url}/razorpay/v1", auth=AUTH, timeout=30) as client:
        link = client.get(f"/payment_links/{payment.provider_session_id}").json()
        return [one["status"] for one in client.get(f"/orders/{link['order_id']}/payments").json()["items"]]


@pytest.fixture
def fan():
    user = make_user("fan")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.mark.django_db
def test_a_paid_link_is_credited_once_whoever_tells_of_it_and_how_often(shop):
    buyer = Buyer()
    payment = buy(buyer.user)
    webhooks = shop.hold(payment.uid, "paid")
    for webhook in webhooks:
        for path in (HOOK, f"{API}/webhook", "/api/payments/webhook"):
            assert deliver(webhook, path=path).status_code == 200
    assert WebhookEvent.objects.filter(provider="razorpay").count() == len(webhooks)
    work()
    assert buyer.balance_centi == 50_000
    for webhook in reversed(webhooks):
        assert deliver(webhook, path=HOOK).status_code == 200
    # There is no time in the signature: the same words come again under another id, and only ask once more.
    assert deliver(notices(webhooks[-1]["body"], event_id="another"), path=HOOK).status_code == 200
    work()
    assert (buyer.balance_centi, WebhookEvent.objects.count()) == (50_000, len(webhooks) + 1)
    shown = buyer.get_payment(payment.uid).json()
    assert (shown["status"], shown["provider"], shown["is_under_review"]) == ("paid", "razorpay", False)
    assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []


@pytest.mark.django_db
def test_forged_and_altered_notices_get_400_and_change_nothing(shop):
    buyer = Buyer()
    payment = buy(buyer.user)
    webhook = shop.hold(payment.uid, "paid")[-1]
    body = webhook["body"]
    unnamed = {name: value for name, value in webhook["headers"].items() if name != "X-Razorpay-Event-Id"}
    tries = [
        notices(body, secret="of somebody else"),
        notices(body, secret="sandbox"),
        {**webhook, "body": body.replace("44900", "99900")},
        {**webhook, "body": body + " "},
        {"headers": unnamed, "body": body},
        notices("[]"),
        notices("no json"),
    ]
    for bad in tries:
        for path in (HOOK, f"{API}/webhook"):
            answer = deliver(bad, path=path)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    # One provider's notice at the other's door has no signature there.
    assert deliver(webhook, path=f"{API}/webhook/stripe").json()["code"] == "bad_signature"
    work()
    payment.refresh_from_db()
    assert (payment.status, payment.flag, buyer.balance_centi) == ("created", "", 0)
    assert WebhookEvent.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_failed_payment_that_is_authorised_late_is_captured_and_credited(shop, order):
    buyer = Buyer()
    payment = buy(buyer.user)
    failed = shop.hold(payment.uid, "failed")
    assert deliver(failed[0], path=HOOK).status_code == 200
    work()
    payment.refresh_from_db()
    assert (payment.status, buyer.balance_centi) == ("failed", 0)
    late = [shop.hold(payment.uid, "authorised")[0], failed[0]]
    for number in order:
        assert deliver(late[number], path=HOOK).status_code == 200
        work()
    payment.refresh_from_db()
    assert (payment.status, payment.flag, buyer.balance_centi) == ("paid", "", 50_000)
    assert tries_of(shop, payment) == ["captured"]


@pytest.mark.django_db
def test_an_expired_link_is_closed_and_money_that_comes_all_the_same_is_credited(shop):
    buyer = Buyer()
    payment = buy(buyer.user)
    shop.hold(payment.uid, "failed")
    shop.hold(payment.uid, "expired")
    assert fulfilment.fulfil(payment_id=payment.uid).status == "expired"
    shop.hold(payment.uid, "authorised")
    assert fulfilment.fulfil(payment_id=payment.uid).status == "paid"
    assert buyer.balance_centi == 50_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "flag"),
    [({"amount_minor": 100_00}, "wrong_amount"), ({"currency": "USD"}, "wrong_currency")],
)
def test_what_does_not_match_the_order_is_flagged_and_not_credited(shop, options, flag):
    buyer = Buyer()
    payment = buy(buyer.user)
    shop.hold(payment.uid, "paid", **options)
    payment = fulfilment.fulfil(payment_id=payment.uid)
    assert (payment.status, payment.flag, buyer.balance_centi) == ("created", flag, 0)


def test_one_authorised_try_is_captured_and_credited_once_by_thirty_at_once(committed_db, shop):
    buyer = Buyer()
    payment = buy(buyer.user)
    shop.hold(payment.uid, "failed")
    webhook = shop.hold(payment.uid, "authorised")[0]

    def hit(number: int) -> int:
        if number % 2:
            status = deliver(webhook, path=HOOK).status_code
            work()
            return status
        fulfilment.fulfil(payment_id=payment.uid)
        return 200

    assert set(at_once(30, hit)) == {200}
    assert (buyer.balance_centi, tries_of(shop, payment)) == (50_000, ["captured"])
    assert Payment.objects.get().status == "paid"
    assert all(finding.is_ok for finding in invariants.check_all())


def n_links(shop, payment) -> int:
    rows = httpx.get(f"{shop.url}/razorpay/v1/payment_links", params={"count": 100}, auth=AUTH).json()["payment_links"]
    return sum((row["notes"] or {}).get("payment_id") == str(payment.uid) for row in rows)


def buy_thirty_times(buyer) -> Payment:
    key = Payment._meta.get_field("uid").get_default()
    at_once(30, lambda _: buy(buyer.user, idempotency_key=key).checkout_url)
    return Payment.objects.get()


def test_thirty_clicks_with_one_key_open_one_link(committed_db, shop):
    assert n_links(shop, buy_thirty_times(Buyer())) == 1


def test_without_the_reference_thirty_clicks_open_many_links(committed_db, shop, monkeypatch):
    """The control: Razorpay's unique reference is what holds."""
    gateway = fulfilment.get_gateway(provider="razorpay")
    assert isinstance(gateway, RazorpayGateway)
    links = gateway._client.payment_link
    create, came, both_came = links.create, itertools.count(1), threading.Event()

    def create_without(data, **kwargs):
        if next(came) == 2:
            both_came.set()
        assert both_came.wait(60)  # none is stored before a second is on its way
        return create({name: value for name, value in data.items() if name != "reference_id"}, **kwargs)

    monkeypatch.setattr(links, "create", create_without)
    assert n_links(shop, buy_thirty_times(Buyer())) > 1


@pytest.fixture
def log(tmp_path, settings) -> Callable[[], list[str]]:
    settings.SECURITY_LOG_DIR = tmp_path
    return lambda: [line for path in tmp_path.glob("*.json") for line in path.read_text().splitlines()]


@pytest.mark.django_db
def test_the_signed_way_back_is_left_by_a_clean_address_that_credits(shop, fan, log):
    browser, payment = browser_of(fan), buy(fan)
    back = urlsplit(httpx.post(payment.checkout_url, data={"act": "pay"}).headers["location"])
    assert back.path == f"/credits/payments/{payment.uid}/"
    answer = browser.get(f"{back.path}?{back.query}")
    assert (answer.status_code, answer["Location"]) == (302, back.path)
    assert Payment.objects.get().status == "created"
    assert "your credits are here" in browser.get(back.path).content.decode()
    assert not [line for line in log() if "return_refused" in line]
    forged = back.query.replace("razorpay_signature=", "razorpay_signature=0")
    other = buy(fan)
    for path, query in ((back.path, forged), (f"/credits/payments/{other.uid}/", back.query)):
        assert browser.get(f"{path}?{query}")["Location"] == path
    assert len([line for line in log() if "return_refused" in line]) == 2
    other.refresh_from_db()
    assert other.status == "created"
    stranger = make_user("fan")
    stranger.set_password(PASSWORD)
    stranger.save()
    assert browser_of(stranger).get(f"{back.path}?{back.query}").status_code == 404


@pytest.mark.django_db
def test_nothing_personal_of_a_notice_is_kept(shop):
    payment = buy(Buyer().user)
    event = json.loads(shop.hold(payment.uid, "paid")[-1]["body"])
    event["payload"]["payment"]["entity"].update(email="lovelace@example.org", vpa="lovelace@bank")
    assert deliver(notices(json.dumps(event)), path=HOOK).status_code == 200
    assert "lovelace" not in json.dumps(WebhookEvent.objects.get().payload).lower()

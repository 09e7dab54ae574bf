"""The sandbox's Razorpay against the members of the entities as Razorpay documents them.

The client gives plain dictionaries and has no types to check against, so the names are written down here, from
razorpay.com/docs/api/{payments,orders,refunds,disputes}/entity, /payments/payment-links/entity, /docs/webhooks, and the
answers in the client's own documents (razorpay-python, documents/*.md).
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from payments.gateways.base import ProviderRefused
from payments.tests.sandboxes import request_for

AUTH = ("rzp_test_sandbox", "sandbox")
LINK = (
    "accept_partial amount amount_paid callback_method callback_url cancelled_at created_at currency customer "
    "description expire_by expired_at first_min_partial_amount id notes notify payments reference_id reminder_enable "
    "reminders short_url status updated_at upi_link user_id whatsapp_link"
)
ORDER = "amount amount_due amount_paid attempts created_at currency entity id notes offer_id receipt status"
PAYMENT = (
    "acquirer_data amount amount_refunded bank captured card_id contact created_at currency description email entity "
    "error_code error_description error_reason error_source error_step fee id international invoice_id method notes "
    "order_id refund_status status tax vpa wallet"
)
REFUND = (
    "acquirer_data amount batch_id created_at currency entity id notes payment_id receipt speed_processed "
    "speed_requested status"
)
DISPUTE = "amount amount_deducted created_at currency entity evidence id payment_id phase reason_code respond_by status"
SETTLEMENT = "amount created_at entity fees id status tax utr"
SETTLED = (
    "amount card_issuer card_network card_type created_at credit credit_type currency debit description dispute_id "
    "entity_id fee method notes on_hold order_id order_receipt payment_id posted_at settled settled_at "
    "settlement_id settlement_utr tax type"
)
EVENT = "account_id contains created_at entity event payload"


def names(entity):
    return " ".join(sorted(entity))


@pytest.fixture
def api(sandbox):
    with httpx.Client(base_url=f"{sandbox.url}/razorpay/v1", auth=AUTH, timeout=30) as client:
        yield client


def test_every_entity_has_the_documented_members(sandbox, razorpay, api):
    request = replace(request_for(), currency="INR")
    session = razorpay.create_checkout(request=request)
    assert names(api.get(f"/payment_links/{session.id}").json()) == LINK
    events = [
        json.loads(webhook["body"])
        for word in ("paid", "refunded", "disputed")
        for webhook in sandbox.hold(request.payment_id, word)
    ]
    shapes = {"payment_link": f"{LINK} order_id", "order": ORDER, "payment": PAYMENT}
    shapes |= {"refund": REFUND, "dispute": DISPUTE}
    for event in events:
        assert names(event) == EVENT
        assert event["contains"] == list(event["payload"])
        for name, box in event["payload"].items():
            assert names(box["entity"]) == names(shapes[name].split()), name
    link = api.get(f"/payment_links/{session.id}").json()
    assert names(api.get(f"/orders/{link['order_id']}").json()) == ORDER
    assert names(link["payments"][0]) == "amount created_at method payment_id status"
    for path in (f"/orders/{link['order_id']}/payments", f"/payments/{link['payments'][0]['payment_id']}/refunds"):
        assert names(api.get(path).json()) == "count entity items"
    assert names(api.get("/disputes", params={"count": 1}).json()) == "count entity items"
    assert names(api.get("/payment_links", params={"reference_id": str(request.payment_id)}).json()) == "payment_links"


def test_the_lists_of_everything_have_the_documented_members_and_page_as_documented(sandbox, razorpay, api):
    for _ in range(3):
        request = replace(request_for(), currency="INR")
        razorpay.create_checkout(request=request)
        for word in ("paid", "refunded"):
            sandbox.hold(request.payment_id, word)
        for kind in ("settlement", "adjustment"):
            body = {"kind": kind, "amount": 500}
            assert httpx.post(f"{sandbox.url}/sandbox/razorpay", json=body, timeout=30).status_code == 200
    now = datetime.now(UTC) + timedelta(hours=5, minutes=30)
    day = {"year": now.year, "month": now.month, "day": now.day}
    for path, query, shape in (
        ("/payments", {}, PAYMENT),
        ("/refunds", {}, REFUND),
        ("/settlements", {}, SETTLEMENT),
        ("/settlements/recon/combined", day, SETTLED),
    ):
        first = api.get(path, params={**query, "count": 2}).json()
        assert (first["entity"], first["count"], len(first["items"])) == ("collection", 2, 2), path
        assert {names(row) for row in first["items"]} == {names(shape.split())}, path
        following = api.get(path, params={**query, "count": 2, "skip": 2}).json()["items"]
        assert following
        name = "entity_id" if shape == SETTLED else "id"
        assert not {row[name] for row in following} & {row[name] for row in first["items"]}
        assert api.get(path, params={**query, "count": 1001}).status_code == 400
        if not query:
            assert api.get(path, params={"to": int(time.time()) - 3600}).json()["count"] == 0
    assert api.get("/settlements/recon/combined", params={"year": 2026}).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 99},
        {"amount": "100"},
        {"currency": "rupees"},
        {"reference_id": "x" * 41},
        {"callback_method": "post"},
        {"callback_url": "javascript:alert(1)"},
        {"expire_by": 1},
        {"notes": {"a": "x" * 257}},
        {"colour": "red"},
    ],
)
def test_a_link_is_refused_as_documented(api, change):
    good = {"amount": 500, "currency": "INR", "callback_url": "http://127.0.0.1:9/done", "callback_method": "get"}
    assert api.post("/payment_links", json=good).status_code == 200
    answer = api.post("/payment_links", json={**good, **change})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST_ERROR")
    assert set(answer.json()["error"]) >= {"code", "description", "source", "step", "reason", "metadata"}


def test_a_key_is_asked_for_and_must_be_one_for_tests(api):
    for auth in (None, ("rzp_live_x", "x"), ("rzp_test_x", "")):
        answer = httpx.get(f"{api.base_url}payment_links", auth=auth)
        assert (answer.status_code, answer.json()["error"]["description"]) == (401, "Authentication failed")


def test_a_refund_needs_a_captured_payment_and_a_long_enough_key(sandbox, razorpay, api):
    request = replace(request_for(), currency="INR")
    session = razorpay.create_checkout(request=request)
    sandbox.hold(request.payment_id, "authorised")
    link = api.get(f"/payment_links/{session.id}").json()
    payment_id = api.get(f"/orders/{link['order_id']}/payments").json()["items"][0]["id"]
    with pytest.raises(ProviderRefused):
        razorpay.refund(refund_id=request.payment_id, provider_object_id=payment_id, amount_minor=100, reason="x")
    sandbox.hold(request.payment_id, "paid")
    short = {"X-Refund-Idempotency": "short"}
    assert api.post(f"/payments/{payment_id}/refund", json={"amount": 100}, headers=short).status_code == 400

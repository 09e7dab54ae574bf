from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from pairly.testing.fixtures import free_port
from payments.gateways.base import (
    BadSignature,
    ProviderRefused,
    ProviderStatus,
    ProviderUnreachable,
)
from payments.gateways.stripe import StripeGateway
from payments.tests.sandboxes import SECRET, request_for, signature


def headers_of(webhook: dict[str, object]) -> dict[str, str]:
    return {name.lower(): value for name, value in webhook["headers"].items()}


def sign(body: bytes, *, age_s: int = 0, secret: str = SECRET) -> dict[str, str]:
    return headers_of({"headers": signature(body, secret=secret, age_s=age_s)})


def test_a_checkout_is_open_until_it_is_paid_on_the_hosted_page(sandbox, gateway):
    request = request_for()
    session = gateway.create_checkout(request=request)
    before = gateway.fetch_payment(session_id=session.id)
    assert (before.status, before.provider_object_id) == (ProviderStatus.CREATED, "")
    assert (before.reference, before.amount_minor, before.currency) == (str(request.payment_id), 500, "USD")
    assert httpx.post(session.url).headers["location"] == "http://127.0.0.1:9/done"
    after = gateway.fetch_payment(session_id=session.id)
    assert after.status is ProviderStatus.PAID
    assert after.provider_object_id.startswith("pi_")
    assert (after.amount_minor, after.currency, after.livemode) == (500, "USD", False)
    assert (after.returned_minor, after.is_disputed) == (0, False)


def test_the_same_payment_gets_the_same_session_and_other_content_is_refused(gateway):
    request = request_for()
    first = gateway.create_checkout(request=request)
    assert gateway.create_checkout(request=request) == first
    with pytest.raises(ProviderRefused):
        gateway.create_checkout(request=replace(request, amount_minor=501))


def test_an_answer_lost_after_the_commit_is_retried_into_the_same_session(sandbox, gateway):
    sandbox.turn(error_after_commit=1)
    request = request_for()
    first = gateway.create_checkout(request=request)
    assert gateway.create_checkout(request=request) == first
    webhooks = sandbox.hold(request.payment_id, "paid")
    assert json.loads(webhooks[-1]["body"])["data"]["object"]["id"] == first.id


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (["created"], ProviderStatus.CREATED),
        (["pending"], ProviderStatus.UNPAID),
        (["pending", "failed"], ProviderStatus.FAILED),
        (["pending", "paid"], ProviderStatus.PAID),
        (["expired"], ProviderStatus.EXPIRED),
    ],
)
def test_every_course_of_a_checkout_has_its_status(sandbox, gateway, steps, status):
    request = request_for()
    session = gateway.create_checkout(request=request)
    for step in steps:
        sandbox.hold(request.payment_id, step)
    assert gateway.fetch_payment(session_id=session.id).status is status


def test_money_that_went_back_is_reported(sandbox, gateway):
    request = request_for()
    session = gateway.create_checkout(request=request)
    sandbox.hold(request.payment_id, "paid")
    sandbox.hold(request.payment_id, "refunded", amount_minor=200)
    assert gateway.fetch_payment(session_id=session.id).returned_minor == 200
    sandbox.hold(request.payment_id, "disputed")
    assert gateway.fetch_payment(session_id=session.id).is_disputed


def test_what_was_received_is_reported_even_when_less_was_asked(sandbox, gateway):
    request = request_for()
    session = gateway.create_checkout(request=request)
    sandbox.hold(request.payment_id, "paid", amount_minor=100, currency="EUR")
    payment = gateway.fetch_payment(session_id=session.id)
    assert (payment.amount_minor, payment.currency) == (100, "EUR")


def test_signed_webhooks_of_the_sandbox_are_accepted_and_name_the_payment(sandbox, gateway):
    request = request_for()
    session = gateway.create_checkout(request=request)
    events = [
        gateway.parse_webhook(headers=headers_of(webhook), body=webhook["body"].encode())
        for webhook in sandbox.hold(request.payment_id, "paid")
    ]
    kinds = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    assert [event.type for event in events] == kinds
    assert {event.reference for event in events} == {str(request.payment_id)}
    assert len({event.payment_object_id for event in events}) == 1
    assert events[-1].session_id == session.id
    assert len({event.id for event in events}) == 3


def test_forged_altered_stale_and_unreadable_webhooks_are_refused(sandbox, gateway):
    request = request_for()
    gateway.create_checkout(request=request)
    webhook = sandbox.hold(request.payment_id, "paid")[-1]
    good, body = headers_of(webhook), webhook["body"].encode()
    event = json.loads(body)
    tries = [
        (sign(body, secret="whsec_of_somebody_else"), body),
        (good, body.replace(b'"amount_total": 500', b'"amount_total": 999')),
        (good, body + b" "),
        (sign(body, age_s=301), body),
        ({}, body),
        ({"stripe-signature": "t=,v1="}, body),
        ({"stripe-signature": "nonsense"}, body),
        (sign(b"\xff\xfe"), b"\xff\xfe"),
        (sign(b"[]"), b"[]"),
        (sign(b"{}"), b"{}"),
        (sign(b"null"), b"null"),
    ]
    for missing in ("id", "type", "data"):
        other = json.dumps({key: value for key, value in event.items() if key != missing}).encode()
        tries.append((sign(other), other))
    for headers, sent in tries:
        with pytest.raises(BadSignature):
            gateway.parse_webhook(headers=headers, body=sent)


def test_an_unreachable_provider_and_an_unknown_session_are_told_apart(gateway):
    away = StripeGateway(api_key="sk_test_x", webhook_secret=SECRET, api_base=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ProviderUnreachable):
        away.fetch_payment(session_id="cs_test_none")
    with pytest.raises(ProviderRefused) as refused:
        gateway.fetch_payment(session_id="cs_test_none")
    assert refused.value.code == "resource_missing"


def test_a_live_key_is_refused_by_the_sandbox_and_known_as_live(sandbox):
    live = StripeGateway(api_key="sk_live_x", webhook_secret=SECRET, api_base=sandbox.url)
    assert live.is_live
    with pytest.raises(ProviderRefused):
        live.create_checkout(request=request_for())


def test_a_gateway_without_a_webhook_secret_cannot_be_made():
    with pytest.raises(ValueError, match="secret"):
        StripeGateway(api_key="sk_test_x", webhook_secret="")

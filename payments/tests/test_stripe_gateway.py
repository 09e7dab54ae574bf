from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
import stripe

from pairly.testing.fixtures import free_port
from payments.gateways.base import (
    BadSignature,
    BalanceTooLow,
    GatewayError,
    ProviderRefused,
    ProviderStatus,
    ProviderUnreachable,
)
from payments.gateways.stripe import StripeGateway, translated_errors
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


def paid(sandbox, gateway, **how):
    request = request_for()
    session = gateway.create_checkout(request=request)
    sandbox.hold(request.payment_id, "paid", **how)
    return request.payment_id, session.id


def test_refunds_are_reported_one_by_one_and_a_failed_one_is_no_longer_money_that_went_back(sandbox, gateway):
    payment_id, session_id = paid(sandbox, gateway)
    sandbox.hold(payment_id, "refunded", amount_minor=200)
    sandbox.hold(payment_id, "refunded", amount_minor=100, status="pending")
    truth = gateway.fetch_payment(session_id=session_id)
    assert (truth.status, truth.returned_minor) == (ProviderStatus.PAID, 300)
    assert [(r.amount_minor, r.state) for r in truth.refunds] == [(200, "succeeded"), (100, "pending")]
    sandbox.hold(payment_id, "refund_failed")
    truth = gateway.fetch_payment(session_id=session_id)
    assert (truth.returned_minor, [r.state for r in truth.refunds]) == (200, ["succeeded", "failed"])


def test_more_refunds_than_come_with_a_charge_are_all_reported(sandbox, gateway):
    payment_id, session_id = paid(sandbox, gateway)
    for _ in range(12):
        sandbox.hold(payment_id, "refunded", amount_minor=10)
    assert len(gateway.fetch_payment(session_id=session_id).refunds) == 12


@pytest.mark.parametrize(
    ("steps", "state", "fee_minor"),
    [
        ([("disputed", {"is_inquiry": True})], "warning", 0),
        ([("disputed", {"is_inquiry": True}), ("closed", {})], "warning", 0),
        ([("disputed", {"is_inquiry": True}), ("escalated", {})], "open", 1_500),
        ([("disputed", {})], "open", 1_500),
        ([("disputed", {}), ("lost", {})], "lost", 1_500),
        ([("disputed", {}), ("won", {})], "won", 1_500),
        ([("disputed", {}), ("won", {"is_fee_back": True})], "won", 0),
    ],
)
def test_every_course_of_a_dispute_has_its_state_and_fee(sandbox, gateway, steps, state, fee_minor):
    payment_id, session_id = paid(sandbox, gateway)
    for word, how in steps:
        sandbox.hold(payment_id, word, **how)
    truth = gateway.fetch_payment(session_id=session_id)
    (dispute,) = truth.disputes
    assert (dispute.state, dispute.fee_minor, dispute.amount_minor) == (state, fee_minor, 500)
    assert dispute.evidence_due_at > datetime.now(UTC)
    assert truth.is_disputed


def test_a_refund_is_made_once_for_each_id_of_ours_also_when_its_answer_is_lost(sandbox, gateway):
    _payment_id, session_id = paid(sandbox, gateway)
    intent = gateway.fetch_payment(session_id=session_id).provider_object_id
    how = {"refund_id": uuid.uuid4(), "provider_object_id": intent, "amount_minor": 200, "reason": "asked_for"}
    sandbox.turn(error_after_commit=1)
    made = gateway.refund(**how)
    assert gateway.refund(**how) == made
    assert (made.amount_minor, made.state, made.reason, made.refund_id) == (
        200, "succeeded", "asked_for", str(how["refund_id"]),
    )  # fmt: skip
    assert gateway.fetch_payment(session_id=session_id).refunds == (made,)
    with pytest.raises(ProviderRefused):
        gateway.refund(**{**how, "amount_minor": 100})
    with pytest.raises(ProviderRefused) as refused:
        gateway.refund(**{**how, "refund_id": uuid.uuid4(), "amount_minor": 301})
    assert refused.value.code == "parameter_invalid_integer"


def test_a_warning_of_fraud_and_the_payment_of_a_foreign_notice_are_found(sandbox, gateway):
    payment_id, session_id = paid(sandbox, gateway)
    truth = gateway.fetch_payment(session_id=session_id)
    assert not truth.is_warned
    (webhook,) = sandbox.hold(payment_id, "warned")
    event = gateway.parse_webhook(headers=headers_of(webhook), body=webhook["body"].encode())
    assert (event.type, event.payment_object_id) == ("radar.early_fraud_warning.created", truth.provider_object_id)
    assert gateway.fetch_payment(session_id=session_id).is_warned
    assert gateway.find_reference(provider_object_id=truth.provider_object_id) == str(payment_id)
    assert gateway.find_reference(provider_object_id="pi_of_somebody_else") == ""


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
    with pytest.raises(ProviderUnreachable):  # a key of ours that is wrong says nothing about the payment
        live.create_checkout(request=request_for())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (stripe.InvalidRequestError("x", None, code="balance_insufficient", http_status=400), BalanceTooLow),
        (stripe.InvalidRequestError("x", None, code="lock_timeout", http_status=400), ProviderUnreachable),
        (stripe.APIError("x", http_status=409, code="idempotency_key_in_use"), ProviderUnreachable),
        (stripe.APIError("x", http_status=500), ProviderUnreachable),
        (stripe.RateLimitError("x", http_status=429), ProviderUnreachable),
        (stripe.PermissionError("x", http_status=403), ProviderUnreachable),
        (stripe.InvalidRequestError("x", None, code="resource_missing", http_status=404), ProviderRefused),
        (stripe.IdempotencyError("x", http_status=400), ProviderRefused),
    ],
)
def test_errors_of_stripe_are_told_in_one_place_for_payments_and_payouts(error, expected):
    with pytest.raises(GatewayError) as told, translated_errors():
        raise error
    assert type(told.value) is expected
    assert str(told.value) != "x"


def test_a_gateway_without_a_webhook_secret_cannot_be_made():
    with pytest.raises(ValueError, match="secret"):
        StripeGateway(api_key="sk_test_x", webhook_secret="")

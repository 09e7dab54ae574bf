from __future__ import annotations

import json
import uuid
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from pairly.testing.fixtures import free_port
from payments.gateways.base import BadSignature, ProviderRefused, ProviderStatus, ProviderUnreachable
from payments.gateways.razorpay import RazorpayGateway
from payments.tests.sandboxes import RAZORPAY_SECRET, razorpay_headers, request_for

AUTH = ("rzp_test_sandbox", "sandbox")


def inr():
    return replace(request_for(), amount_minor=449_00, currency="INR")


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def opened(gateway):
    request = inr()
    return request, gateway.create_checkout(request=request)


def pay_page(url, act="pay"):
    return httpx.post(url, data={"act": act}, timeout=30)


def test_a_link_is_open_until_it_is_paid_on_its_page_and_the_way_back_is_signed(razorpay):
    request, session = opened(razorpay)
    before = razorpay.fetch_payment(session_id=session.id)
    assert (before.status, before.provider_object_id) == (ProviderStatus.CREATED, "")
    assert (before.reference, before.amount_minor, before.currency) == (str(request.payment_id), 449_00, "INR")
    back = urlsplit(pay_page(session.url).headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == request.success_url
    query = dict(parse_qsl(back.query))
    assert razorpay.is_return_signed(query=query)
    after = razorpay.fetch_payment(session_id=session.id)
    assert after.status is ProviderStatus.PAID
    assert after.provider_object_id == query["razorpay_payment_id"]
    assert (after.amount_minor, after.currency, after.livemode) == (449_00, "INR", False)
    assert (after.returned_minor, after.is_disputed, after.refunds, after.disputes) == (0, False, (), ())
    assert razorpay.find_reference(provider_object_id=after.provider_object_id) == str(request.payment_id)
    assert razorpay.find_reference(provider_object_id="pay_ofSomebodyElse") == ""


def test_an_address_back_that_was_changed_or_made_up_is_not_razorpays(razorpay):
    _, session = opened(razorpay)
    other, _ = opened(razorpay)
    query = dict(parse_qsl(urlsplit(pay_page(session.url).headers["location"]).query))
    tries = [{}, {"razorpay_signature": "é"}, {**query, "razorpay_signature": "0" * 64}]
    for name in query:
        tries.append({**query, name: str(other.payment_id)})
        tries.append({key: value for key, value in query.items() if key != name})
    assert [razorpay.is_return_signed(query=one) for one in tries] == [False] * len(tries)


def test_the_same_payment_gets_the_same_link_and_other_content_is_refused(razorpay):
    request, first = opened(razorpay)
    assert razorpay.create_checkout(request=request) == first
    for other in (replace(request, amount_minor=449_01), replace(request, currency="USD")):
        with pytest.raises(ProviderRefused) as refused:
            razorpay.create_checkout(request=other)
        assert refused.value.code == "idempotency_error"


def test_an_answer_lost_after_the_commit_is_looked_up_by_its_reference(sandbox, razorpay):
    sandbox.turn(error_after_commit=1)
    request = inr()
    with pytest.raises(ProviderUnreachable):
        razorpay.create_checkout(request=request)
    session = razorpay.create_checkout(request=request)
    assert razorpay.fetch_payment(session_id=session.id).reference == str(request.payment_id)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (["created"], ProviderStatus.CREATED),
        (["pending"], ProviderStatus.UNPAID),
        (["failed"], ProviderStatus.FAILED),
        (["failed", "paid"], ProviderStatus.PAID),
        (["pending", "paid"], ProviderStatus.PAID),
        (["expired"], ProviderStatus.EXPIRED),
        (["failed", "expired"], ProviderStatus.EXPIRED),
    ],
)
def test_every_course_of_a_link_has_its_status(sandbox, razorpay, steps, status):
    request, session = opened(razorpay)
    for step in steps:
        sandbox.hold(request.payment_id, step)
    assert razorpay.fetch_payment(session_id=session.id).status is status


@pytest.mark.parametrize("before", [[], ["failed"], ["failed", "expired"]])
def test_what_is_authorised_however_late_is_captured_when_it_is_looked_at(sandbox, razorpay, before):
    request, session = opened(razorpay)
    for step in (*before, "authorised"):
        sandbox.hold(request.payment_id, step)
    payment = razorpay.fetch_payment(session_id=session.id)
    assert (payment.status, payment.amount_minor) == (ProviderStatus.PAID, 449_00)
    assert razorpay.fetch_payment(session_id=session.id) == payment


def test_a_try_authorised_after_another_has_paid_is_left_to_go_back(sandbox, razorpay):
    request, session = opened(razorpay)
    for step in ("failed", "paid"):
        sandbox.hold(request.payment_id, step)
    paid = razorpay.fetch_payment(session_id=session.id)
    sandbox.hold(request.payment_id, "authorised")
    # The try that was declined is so no more.
    assert razorpay.fetch_payment(session_id=session.id) == replace(paid, declines=())
    link = httpx.get(f"{sandbox.url}/razorpay/v1/payment_links/{session.id}", auth=AUTH).json()
    tries = httpx.get(f"{sandbox.url}/razorpay/v1/orders/{link['order_id']}/payments", auth=AUTH).json()["items"]
    assert sorted(one["status"] for one in tries) == ["authorized", "captured"]
    # Razorpay takes it all the same, by a setting of the account: the sum says that there is too much.
    late = next(one for one in tries if one["status"] == "authorized")
    httpx.post(
        f"{sandbox.url}/razorpay/v1/payments/{late['id']}/capture",
        json={"amount": late["amount"], "currency": "INR"},
        auth=AUTH,
    ).raise_for_status()
    both = razorpay.fetch_payment(session_id=session.id)
    assert (both.provider_object_id, both.amount_minor) == (paid.provider_object_id, 2 * 449_00)


def test_what_was_received_is_reported_even_when_less_was_asked(sandbox, razorpay):
    request, session = opened(razorpay)
    sandbox.hold(request.payment_id, "paid", amount_minor=100_00, currency="USD")
    payment = razorpay.fetch_payment(session_id=session.id)
    assert (payment.status, payment.amount_minor, payment.currency) == (ProviderStatus.PAID, 100_00, "USD")


def test_a_refund_is_made_once_for_its_key_and_reported(sandbox, razorpay):
    request, session = opened(razorpay)
    sandbox.hold(request.payment_id, "paid")
    object_id = razorpay.fetch_payment(session_id=session.id).provider_object_id
    refund_id = uuid.uuid4()
    ours = {"refund_id": refund_id, "provider_object_id": object_id, "amount_minor": 200_00, "reason": "asked"}
    sandbox.turn(error_after_commit=1)
    with pytest.raises(ProviderUnreachable):
        razorpay.refund(**ours)
    made = razorpay.refund(**ours)
    assert (razorpay.refund(**ours), made.amount_minor, made.state, made.reason) == (made, 200_00, "succeeded", "asked")
    assert made.refund_id == str(refund_id)
    with pytest.raises(ProviderRefused):
        razorpay.refund(**{**ours, "amount_minor": 201_00})
    with pytest.raises(ProviderRefused):
        razorpay.refund(**{**ours, "refund_id": uuid.uuid4(), "amount_minor": 449_00})
    payment = razorpay.fetch_payment(session_id=session.id)
    assert (payment.status, payment.returned_minor, payment.refunds) == (ProviderStatus.PAID, 200_00, (made,))
    razorpay.refund(**{**ours, "refund_id": uuid.uuid4(), "amount_minor": 249_00})
    payment = razorpay.fetch_payment(session_id=session.id)
    assert (payment.status, payment.amount_minor, payment.returned_minor) == (ProviderStatus.PAID, 449_00, 449_00)
    assert len(payment.refunds) == 2


@pytest.mark.parametrize(
    ("steps", "states", "is_disputed"),
    [
        ([("disputed", {})], ["open"], True),
        ([("disputed", {}), ("won", {})], ["won"], False),
        ([("disputed", {}), ("lost", {})], ["lost"], True),
        ([("disputed", {"phase": "retrieval"})], ["warning"], False),
        ([("disputed", {"phase": "retrieval"}), ("won", {})], ["warning"], False),
        ([("disputed", {"phase": "fraud"}), ("lost", {})], ["warning"], False),
        ([("disputed", {}), ("won", {}), ("disputed", {"phase": "pre_arbitration"})], ["won", "open"], True),
    ],
)
def test_a_dispute_is_reported_by_its_phase_and_outcome(sandbox, razorpay, steps, states, is_disputed):
    request, session = opened(razorpay)
    sandbox.hold(request.payment_id, "paid")
    for word, options in steps:
        sandbox.hold(request.payment_id, word, **options)
    payment = razorpay.fetch_payment(session_id=session.id)
    assert sorted(one.state for one in payment.disputes) == sorted(states)
    assert payment.is_disputed is is_disputed
    assert {one.amount_minor for one in payment.disputes} == {449_00}
    assert all(one.evidence_due_at for one in payment.disputes)


def test_the_reference_of_a_payment_is_found_by_its_id(sandbox, razorpay):
    request, session = opened(razorpay)
    sandbox.hold(request.payment_id, "paid")
    object_id = razorpay.fetch_payment(session_id=session.id).provider_object_id
    assert razorpay.find_reference(provider_object_id=object_id) == str(request.payment_id)
    assert razorpay.find_reference(provider_object_id="pay_of_somebody_else") == ""


@pytest.mark.parametrize(
    ("words", "state"), [([], "pending"), (["refund_done"], "succeeded"), (["refund_failed"], "failed")]
)
def test_a_refund_that_takes_its_time_is_told_by_its_state(sandbox, razorpay, words, state):
    request, session = opened(razorpay)
    sandbox.hold(request.payment_id, "paid")
    sandbox.hold(request.payment_id, "refunded", amount_minor=100_00, status="pending")
    for word in words:
        sandbox.hold(request.payment_id, word)
    payment = razorpay.fetch_payment(session_id=session.id)
    assert [one.state for one in payment.refunds] == [state]
    assert payment.returned_minor == (0 if state == "failed" else 100_00)
    assert payment.status is ProviderStatus.PAID


def test_a_bank_that_suspects_fraud_is_a_warning(sandbox, razorpay):
    request, session = opened(razorpay)
    sandbox.hold(request.payment_id, "paid")
    assert not razorpay.fetch_payment(session_id=session.id).is_warned
    sandbox.hold(request.payment_id, "disputed", phase="fraud")
    payment = razorpay.fetch_payment(session_id=session.id)
    assert (payment.is_warned, payment.is_disputed) == (True, False)
    sandbox.hold(request.payment_id, "won")
    assert not razorpay.fetch_payment(session_id=session.id).is_warned


def events_of(gateway, webhooks):
    return [gateway.parse_webhook(headers=lower(one["headers"]), body=one["body"].encode()) for one in webhooks]


def test_every_signed_notice_names_the_payment(sandbox, razorpay):
    request, session = opened(razorpay)
    failed = events_of(razorpay, sandbox.hold(request.payment_id, "failed"))
    paid = events_of(razorpay, sandbox.hold(request.payment_id, "paid"))
    back = events_of(razorpay, sandbox.hold(request.payment_id, "refunded", amount_minor=100_00))
    disputed = events_of(razorpay, sandbox.hold(request.payment_id, "disputed"))
    kinds = ["payment.authorized", "payment.captured", "order.paid", "payment_link.paid"]
    assert [event.type for event in paid] == kinds
    events = [*failed, *paid, *back, *disputed]
    assert {event.reference for event in events} == {str(request.payment_id)}
    assert {event.session_id for event in events} == {session.id}
    assert len({event.payment_object_id for event in [*paid, *back, *disputed]}) == 1
    assert len({event.id for event in events}) == len(events)
    assert [event.object_id.partition("_")[0] for event in paid] == ["pay", "pay", "order", "plink"]
    assert [event.object_id.partition("_")[0] for event in [*back, *disputed]] == ["rfnd", "rfnd", "disp"]


def test_forged_altered_and_unreadable_notices_are_refused(sandbox, razorpay):
    request, _ = opened(razorpay)
    webhook = sandbox.hold(request.payment_id, "paid")[-1]
    good, body = lower(webhook["headers"]), webhook["body"].encode()
    stranger = lower(razorpay_headers(body, secret="of somebody else"))
    tries = [
        (stranger, body),
        (lower(razorpay_headers(body, secret=AUTH[1])), body),  # the key's secret is not the webhook's
        (good, body.replace(b"44900", b"99900")),
        (good, body + b" "),
        ({}, body),
        ({**good, "x-razorpay-signature": "é"}, body),
        ({"x-razorpay-signature": good["x-razorpay-signature"]}, body),  # without its id it cannot be known again
        ({**good, "x-razorpay-event-id": ""}, body),
    ]
    for text in (b"\xff\xfe", b"[]", b"{}", b"null", b"no json", b'{"event": "x", "payload": {"payment": 1}}'):
        tries.append((lower(razorpay_headers(text)), text))
    for headers, sent in tries:
        with pytest.raises(BadSignature):
            razorpay.parse_webhook(headers=headers, body=sent)


def test_nothing_personal_of_a_notice_is_kept(sandbox, razorpay):
    request, _ = opened(razorpay)
    event = json.loads(sandbox.hold(request.payment_id, "paid")[-1]["body"])
    for box in event["payload"].values():
        box["entity"].update(
            email="lovelace@example.org", contact="+91 1234 567 890", vpa="lovelace@bank", customer={"name": "Lovelace"}
        )
    body = json.dumps(event).encode()
    kept = json.dumps(razorpay.parse_webhook(headers=lower(razorpay_headers(body)), body=body).payload)
    assert "lovelace" not in kept.lower()
    assert "1234 567 890" not in kept


def test_an_unreachable_provider_and_an_unknown_link_are_told_apart(sandbox, razorpay):
    away = RazorpayGateway(
        key_id=AUTH[0], key_secret=AUTH[1], webhook_secret="x", api_base=f"http://127.0.0.1:{free_port()}"
    )
    with pytest.raises(ProviderUnreachable):
        away.fetch_payment(session_id="plink_none")
    with pytest.raises(ProviderRefused) as refused:
        razorpay.fetch_payment(session_id="plink_none")
    assert refused.value.code == "resource_missing"
    other_door = RazorpayGateway(key_id=AUTH[0], key_secret=AUTH[1], webhook_secret="x", api_base=sandbox.url)
    with pytest.raises(ProviderUnreachable):  # an answer, but not Razorpay's
        other_door.fetch_payment(session_id="plink_none")


def test_a_live_key_is_refused_by_the_sandbox_and_known_as_live(sandbox):
    live = RazorpayGateway(
        key_id="rzp_live_x", key_secret="x", webhook_secret=RAZORPAY_SECRET, api_base=f"{sandbox.url}/razorpay"
    )
    assert live.is_live
    with pytest.raises(ProviderRefused):
        live.create_checkout(request=request_for())


def test_a_gateway_without_a_webhook_secret_cannot_be_made():
    with pytest.raises(ValueError, match="secret"):
        RazorpayGateway(key_id="rzp_test_x", key_secret="x", webhook_secret="")

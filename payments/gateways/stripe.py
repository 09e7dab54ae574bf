"""Stripe: Checkout Sessions and disputes, through the official client, and what its errors mean for every resource."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import stripe
import structlog
from stripe import params

from ..constants import EARLY_FRAUD_WARNING
from .base import (
    BadSignature,
    BalanceTooLow,
    CheckoutRequest,
    CheckoutSession,
    GatewayError,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderStatus,
    ProviderUnreachable,
    WebhookEvent,
)
from .stripe_cards import card_of, declines_of

log = structlog.get_logger(__name__)

TIMEOUT_S = 10
TOLERANCE_S = 300
MAX_RETRIES = 2
SIGNATURE_HEADER = "stripe-signature"
PAGE_SIZE = 100
# Stripe's words in ours. An appeal goes on about money that is gone; a prevented dispute took none.
_REFUND_STATES = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}
_DISPUTE_STATES = {
    "won": "won", "lost": "lost", "prevented": "warning", "warning_closed": "warning",
    "warning_needs_response": "warning", "warning_under_review": "warning",
}  # fmt: skip
_ENDED = ("won", "lost", "prevented", "warning_closed")
# What is kept of a notice and its object: no name, no address, no card.
_KEPT_OF_EVENT = ("id", "type", "created", "livemode", "api_version", "account")
_KEPT_OF_OBJECT = (
    "id", "object", "created", "status", "payment_status", "amount", "amount_total", "amount_received",
    "amount_refunded", "currency", "client_reference_id", "payment_intent", "charge", "reason", "metadata",
)  # fmt: skip


class StripeGateway:
    """`PaymentGateway` for Stripe. `api_base` "" is Stripe itself, otherwise the sandbox."""

    def __init__(self, *, api_key: str, webhook_secret: str, api_base: str = "") -> None:
        if not webhook_secret:
            raise ValueError("a webhook secret is required: without one anybody could report a payment")
        self._webhook_secret = webhook_secret
        self._is_live = "_live_" in api_key
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=MAX_RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
        )

    @property
    def is_live(self) -> bool:
        return self._is_live

    def create_checkout(self, *, request: CheckoutRequest) -> CheckoutSession:
        """A Checkout Session; credits are priced in the request's currency, never converted by Stripe."""
        reference = str(request.payment_id)
        metadata = {**request.metadata, "payment_id": reference}
        fields: params.checkout.SessionCreateParams = {
            "mode": "payment",
            "client_reference_id": reference,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "adaptive_pricing": {"enabled": False},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.currency.lower(),
                        "unit_amount": request.amount_minor,
                        "product_data": {"name": request.description},
                    },
                }
            ],
        }
        with translated_errors():
            session = self._client.v1.checkout.sessions.create(params=fields, options={"idempotency_key": reference})
        if not session.url:
            raise ProviderRefused("session_without_url")
        return CheckoutSession(id=session.id, url=session.url)

    def fetch_payment(self, *, session_id: str) -> ProviderPayment:
        """The session with its PaymentIntent, charge and refunds in one call; what a bank says of a paid one in two."""
        with translated_errors():
            session = self._client.v1.checkout.sessions.retrieve(
                session_id, params={"expand": ["payment_intent.latest_charge.refunds"]}
            )
            intent = session.payment_intent if isinstance(session.payment_intent, stripe.PaymentIntent) else None
            charge = intent.latest_charge if intent and isinstance(intent.latest_charge, stripe.Charge) else None
            status = _status(session, intent)
            # What arrived counts, not what was asked: both are compared with our own row.
            paid = intent if status is ProviderStatus.PAID else None
            return ProviderPayment(
                session_id=session.id,
                reference=session.client_reference_id or "",
                status=status,
                provider_object_id=intent.id if intent else "",
                amount_minor=paid.amount_received if paid else session.amount_total or 0,
                currency=(intent.currency if intent else session.currency or "").upper(),
                livemode=session.livemode,
                returned_minor=charge.amount_refunded if charge else 0,
                is_disputed=charge.disputed if charge else False,
                refunds=self._list_refunds(charge) if charge else (),
                disputes=self._list_disputes(paid) if paid else (),
                is_warned=self._is_warned(paid) if paid else False,
                card=card_of(charge.payment_method_details) if charge else None,
                declines=declines_of(intent) if intent else (),
            )

    def _list_refunds(self, charge: stripe.Charge) -> tuple[ProviderRefund, ...]:
        """The oldest first. The ten that come with the charge are all in all but odd cases."""
        rows = list(charge.refunds.data) if charge.refunds else []
        if charge.refunds and charge.refunds.has_more:
            listed = self._client.v1.refunds.list(params={"charge": charge.id, "limit": PAGE_SIZE})
            rows = list(listed.auto_paging_iter())
        return tuple(_refund(row) for row in reversed(rows))

    def _list_disputes(self, intent: stripe.PaymentIntent) -> tuple[ProviderDispute, ...]:
        listed = self._client.v1.disputes.list(params={"payment_intent": intent.id, "limit": PAGE_SIZE})
        return tuple(_dispute(row) for row in reversed(listed.data))

    def _is_warned(self, intent: stripe.PaymentIntent) -> bool:
        warnings = self._client.v1.radar.early_fraud_warnings.list(params={"payment_intent": intent.id, "limit": 1})
        return bool(warnings.data)

    def find_reference(self, *, provider_object_id: str) -> str:
        """Of the PaymentIntent, which carries it since its checkout."""
        with translated_errors():
            try:
                intent = self._client.v1.payment_intents.retrieve(provider_object_id)
            except stripe.InvalidRequestError as error:
                if error.code == "resource_missing":
                    return ""
                raise
        return _metadata(intent.metadata).get("payment_id", "")

    def refund(
        self, *, refund_id: uuid.UUID, provider_object_id: str, amount_minor: int, reason: str
    ) -> ProviderRefund:
        """A Refund of the PaymentIntent."""
        fields: params.RefundCreateParams = {
            "payment_intent": provider_object_id,
            "amount": amount_minor,
            "metadata": {"refund_id": str(refund_id), "reason": reason},
        }
        if reason == EARLY_FRAUD_WARNING:
            fields["reason"] = "fraudulent"
        with translated_errors():
            made = self._client.v1.refunds.create(params=fields, options={"idempotency_key": str(refund_id)})
        return _refund(made)

    def accept_dispute(self, *, dispute_id: str) -> None:
        """Close it: `needs_response` becomes `lost`. It is asked first, for Stripe knows a key for a day only."""
        with translated_errors():
            if self._client.v1.disputes.retrieve(dispute_id).status not in _ENDED:
                self._client.v1.disputes.close(dispute_id, options={"idempotency_key": f"accept-{dispute_id}"})

    def parse_webhook(self, *, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        return parse_snapshot(headers=headers, body=body, secret=self._webhook_secret)


def parse_snapshot(*, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookEvent:
    """Verifies `Stripe-Signature` over the raw body, not older than TOLERANCE_S. Raises BadSignature."""
    try:
        event = stripe.Webhook.construct_event(body, headers.get(SIGNATURE_HEADER) or "", secret, TOLERANCE_S)
        return _webhook_event(event, json.loads(body))
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
        # Besides a wrong signature: no UTF-8, no JSON, no event. The reason is not the sender's business.
        raise BadSignature(type(error).__name__) from error


def _status(session: stripe.checkout.Session, intent: stripe.PaymentIntent | None) -> ProviderStatus:
    if session.payment_status == "paid":
        return ProviderStatus.PAID
    if session.status == "expired":
        return ProviderStatus.EXPIRED
    if session.status == "open":
        return ProviderStatus.CREATED
    # Complete but unpaid: a method that settles later. It failed once Stripe wants another method.
    if intent and intent.status in ("requires_payment_method", "canceled"):
        return ProviderStatus.FAILED
    return ProviderStatus.UNPAID


def _metadata(given: stripe.StripeObject | None) -> dict[str, str]:
    return given.to_dict() if given else {}


def _refund(row: stripe.Refund) -> ProviderRefund:
    given = _metadata(row.metadata)
    return ProviderRefund(
        id=row.id,
        amount_minor=row.amount,
        state=_REFUND_STATES.get(row.status or "", "pending"),
        reason=given.get("reason", "") or row.reason or "",
        refund_id=given.get("refund_id", ""),
    )


def _dispute(row: stripe.Dispute) -> ProviderDispute:
    """Fees are looked at in the payment's currency alone: the account settles each in itself."""
    due_by = row.evidence_details.due_by
    return ProviderDispute(
        id=row.id,
        amount_minor=row.amount,
        state=_DISPUTE_STATES.get(row.status, "open"),
        reason=row.reason,
        fee_minor=max(0, sum(one.fee for one in row.balance_transactions if one.currency == row.currency)),
        evidence_due_at=datetime.fromtimestamp(due_by, UTC) if due_by else None,
    )


def _webhook_event(event: stripe.Event, payload: dict[str, Any]) -> WebhookEvent:
    item: dict[str, Any] = payload["data"]["object"]
    is_session = item["object"] == "checkout.session"
    # A session, charge, refund or dispute names its PaymentIntent; a PaymentIntent is one.
    intent = item["id"] if item["object"] == "payment_intent" else item.get("payment_intent")
    return WebhookEvent(
        id=_text(event.id),
        type=_text(event.type),
        object_id=_text(item["id"]),
        livemode=event.livemode is True,
        session_id=_text(item["id"]) if is_session else "",
        reference=_text((item.get("metadata") or {}).get("payment_id") or ""),
        payment_object_id=_text(intent or ""),
        payload={
            **{name: payload[name] for name in _KEPT_OF_EVENT if name in payload},
            "data": {"object": {name: item[name] for name in _KEPT_OF_OBJECT if name in item}},
        },
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 255 or not value.isprintable():
        raise ValueError("not an identifier")
    return value


@contextmanager
def translated_errors() -> Iterator[None]:
    """Stripe's errors in the product's words, for every resource. No message passes: it may quote parameters."""
    try:
        yield
    except stripe.StripeError as error:
        raise _translated(error) from error


def _translated(error: stripe.StripeError) -> GatewayError:
    """A key of ours that is wrong, an idempotency key in use or too little on our balance say nothing about what was
    asked for: it is tried again later, and nobody is told that it failed."""
    name = error.code or type(error).__name__
    if error.code == "balance_insufficient":
        return BalanceTooLow(name)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        log.error("stripe_refuses_our_key", error=type(error).__name__)
        return ProviderUnreachable(name)
    is_conflict = error.http_status == 409 or error.code in ("idempotency_key_in_use", "lock_timeout")
    if is_conflict or isinstance(error, (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError)):
        return ProviderUnreachable(name)
    return ProviderRefused(name)

"""Stripe's objects, with the members that the application reads (API reference, version below)."""

from __future__ import annotations

import time
from typing import Any

from .store import Object, new_id

API_VERSION = "2026-10-28.endive"
SESSION_LIFE_S = 24 * 3600
EVIDENCE_S = 7 * 24 * 3600


def session(*, params: dict[str, Any], line_items: list[Object], amount: int, currency: str) -> Object:
    """An open Checkout Session in mode `payment`; its PaymentIntent is made when someone pays."""
    now = int(time.time())
    return {
        "id": new_id("cs_test"),
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "currency": currency,
        "customer_details": None,
        "expires_at": now + SESSION_LIFE_S,
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": params["success_url"],
        # Not members of Stripe's object: shown on the hosted page, given to the PaymentIntent.
        "_line_items": line_items,
        "_payment_metadata": (params.get("payment_intent_data") or {}).get("metadata") or {},
    }


def payment_intent(*, session: Object, amount: int, currency: str) -> Object:
    """A PaymentIntent that waits for a payment method."""
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_received": 0,
        "created": int(time.time()),
        "currency": currency,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": session["_payment_metadata"],
        "status": "requires_payment_method",
    }


def card_details(*, card_fingerprint: str | None, card_country: str | None) -> Object | None:
    """What a charge tells of its card; None where no card was named."""
    if not card_fingerprint:
        return None
    card = {"brand": "visa", "country": card_country or None, "fingerprint": card_fingerprint, "funding": "credit"}
    return {"type": "card", "card": card}


def decline(*, method: Object | None) -> Object:
    """The error of a PaymentIntent whose card was declined."""
    shown = {"id": new_id("pm"), "object": "payment_method", **method} if method else None
    return {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "do_not_honor",
        "charge": new_id("ch"),
        "payment_method": shown,
    }


def charge(*, intent: Object, method: Object | None = None) -> Object:
    """The charge of a PaymentIntent that succeeded."""
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "captured": True,
        "created": int(time.time()),
        "currency": intent["currency"],
        "disputed": False,
        "livemode": False,
        "metadata": intent["metadata"],
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method_details": method,
        "refunded": False,
        "status": "succeeded",
    }


def refund(*, charge: Object, amount: int, status: str = "succeeded", params: dict[str, Any] | None = None) -> Object:
    """A refund; `status` as Stripe's: pending, succeeded or failed."""
    given = params or {}
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": int(time.time()),
        "currency": charge["currency"],
        "failure_reason": None,
        "metadata": given.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": given.get("reason"),
        "status": status,
    }


def dispute(*, charge: Object, amount: int, is_inquiry: bool) -> Object:
    """A dispute that waits for an answer; an inquiry takes no money."""
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": int(time.time()),
        "currency": charge["currency"],
        "evidence": {},
        "evidence_details": {
            "due_by": int(time.time()) + EVIDENCE_S,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }


def balance_transaction(*, source: Object, amount: int, fee: int, category: str) -> Object:
    """A movement of the platform's balance: `amount` below 0 is taken, `fee` is kept besides."""
    now = int(time.time())
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now,
        "created": now,
        "currency": source["currency"],
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source["id"],
        "status": "available",
        "type": "adjustment",
    }


def early_fraud_warning(*, charge: Object) -> Object:
    """What a card's network says before its holder does."""
    return {
        "id": new_id("issfr"),
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": charge["id"],
        "created": int(time.time()),
        "fraud_type": "misc",
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }


def event(*, kind: str, item: Object) -> Object:
    """A snapshot event about `item`, already in its public form."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": item},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def public(item: Object, *, base_url: str) -> Object:
    """The object as the API and webhooks show it: no private members, a session with its page."""
    shown = {name: value for name, value in item.items() if not name.startswith("_")}
    if item["object"] == "checkout.session":
        shown["url"] = f"{base_url}/pay/{item['id']}" if item["status"] == "open" else None
    return shown

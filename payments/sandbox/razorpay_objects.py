"""Razorpay's entities, with the members of its documents (razorpay.com/docs/api: payments, orders, payment-links,
refunds, disputes). `object` and members with an underscore are the sandbox's own and are never shown."""

from __future__ import annotations

import time
from typing import Any

from .store import Object, new_id

DISPUTE_LIFE_S = 7 * 24 * 3600


def link(*, params: dict[str, Any], secret: str) -> Object:
    """An open Payment Link; the order behind it is made when somebody opens it."""
    now = int(time.time())
    return {
        "object": "razorpay.payment_link",
        "id": new_id("plink"),
        "accept_partial": False,
        "amount": params["amount"],
        "amount_paid": 0,
        "callback_method": params.get("callback_method", ""),
        "callback_url": params.get("callback_url", ""),
        "cancelled_at": 0,
        "created_at": now,
        "currency": params["currency"],
        "customer": {},
        "description": params.get("description", ""),
        "expire_by": params.get("expire_by", 0),
        "expired_at": 0,
        "first_min_partial_amount": 0,
        "notes": params.get("notes"),
        "notify": {"email": False, "sms": False, "whatsapp": False},
        "payments": None,
        "reference_id": params.get("reference_id", ""),
        "reminder_enable": False,
        "reminders": [],
        "status": "created",
        "updated_at": now,
        "upi_link": False,
        "user_id": "",
        "whatsapp_link": False,
        "_secret": secret,  # what the address back is signed with: the caller's own
    }


def order(*, link: Object, amount: int, currency: str) -> Object:
    """The order behind a link."""
    return {
        "object": "razorpay.order",
        "id": new_id("order"),
        "entity": "order",
        "amount": amount,
        "amount_due": amount,
        "amount_paid": 0,
        "attempts": 0,
        "created_at": int(time.time()),
        "currency": currency,
        "notes": link["notes"] or [],
        "offer_id": None,
        "receipt": link["reference_id"],
        "status": "created",
        "_link": link["id"],
    }


def payment(*, order: Object) -> Object:
    """A try to pay an order, not processed yet."""
    return {
        "object": "razorpay.payment",
        "id": new_id("pay"),
        "entity": "payment",
        "acquirer_data": {},
        "amount": order["amount"],
        "amount_refunded": 0,
        "bank": None,
        "captured": False,
        "card_id": None,
        "contact": None,
        "created_at": int(time.time()),
        "currency": order["currency"],
        "description": f"#{order['_link'].partition('_')[2]}",
        "email": None,
        "error_code": None,
        "error_description": None,
        "error_reason": None,
        "error_source": None,
        "error_step": None,
        "fee": None,
        "international": False,
        "invoice_id": None,
        "method": "upi",
        "notes": order["notes"],
        "order_id": order["id"],
        "refund_status": None,
        "status": "created",
        "tax": None,
        "vpa": None,
        "wallet": None,
    }


def refund(*, payment: Object, amount: int, params: dict[str, Any]) -> Object:
    """A refund that is done."""
    return {
        "object": "razorpay.refund",
        "id": new_id("rfnd"),
        "entity": "refund",
        "acquirer_data": {"arn": None},
        "amount": amount,
        "batch_id": None,
        "created_at": int(time.time()),
        "currency": payment["currency"],
        "notes": params.get("notes") or [],
        "payment_id": payment["id"],
        "receipt": params.get("receipt"),
        "speed_processed": "normal",
        "speed_requested": "normal",
        "status": "processed",
    }


def dispute(*, payment: Object, phase: str) -> Object:
    """A dispute of the whole payment that waits for an answer."""
    now = int(time.time())
    return {
        "object": "razorpay.dispute",
        "id": new_id("disp"),
        "entity": "dispute",
        "amount": payment["amount"],
        "amount_deducted": 0,
        "created_at": now,
        "currency": payment["currency"],
        "evidence": {},
        "payment_id": payment["id"],
        "phase": phase,
        "reason_code": "chargeback_authorization",
        "respond_by": now + DISPUTE_LIFE_S,
        "status": "open",
    }


def payout(*, params: dict[str, Any], account_id: str) -> Object:
    """A payout of RazorpayX that is on its way."""
    return {
        "object": "razorpay.payout",
        "id": new_id("pout"),
        "entity": "payout",
        "fund_account_id": account_id,
        "amount": params["amount"],
        "currency": "INR",
        "notes": params.get("notes") or [],
        "fees": 590,
        "tax": 90,
        "status": "processing",
        "utr": None,
        "mode": params["mode"],
        "purpose": params.get("purpose", "payout"),
        "reference_id": params.get("reference_id"),
        "narration": params.get("narration"),
        "batch_id": None,
        "status_details": {"reason": None, "description": None, "source": None},
        "created_at": int(time.time()),
        "fee_type": None,
    }


def event(*, kind: str, entities: dict[str, Object]) -> Object:
    """An event about `entities`, already in their public form. Its id travels in a header."""
    return {
        "object": "razorpay.event",
        "id": new_id("evt").replace("_", ""),
        "entity": "event",
        "account_id": "acc_sandbox0000000",
        "contains": list(entities),
        "created_at": int(time.time()),
        "event": kind,
        "payload": {name: {"entity": entity} for name, entity in entities.items()},
    }


def public(item: Object, *, base_url: str) -> Object:
    """The entity as the API and webhooks show it, a link with its page."""
    shown = {name: value for name, value in item.items() if name != "object" and not name.startswith("_")}
    if item["object"] == "razorpay.payment_link":
        shown["short_url"] = f"{base_url}/pay/{item['id']}"
    return shown


def body_of(event: Object) -> Object:
    """What is sent of an event: the id is not in it."""
    return {name: value for name, value in event.items() if name not in ("object", "id")}

"""Razorpay's entities, which its client gives as plain dictionaries, in the product's words.

The members that are read are those of razorpay.com/docs/api/{payments,refunds,disputes}/entity and /docs/webhooks.
Raises KeyError, TypeError or ValueError for anything else: the gateway translates them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .base import ProviderDispute, ProviderRefund, WebhookEvent

# What is kept of a notice and its entities: no name, no address, no card.
_KEPT_OF_EVENT = ("entity", "event", "contains", "created_at")
_KEPT_OF_ENTITY = (
    "id", "entity", "status", "amount", "amount_paid", "amount_refunded", "amount_deducted", "currency", "order_id",
    "payment_id", "receipt", "reference_id", "refund_status", "captured", "phase", "reason_code", "respond_by",
    "error_code", "error_reason", "created_at",
)  # fmt: skip
_REFUND_STATES = {"pending": "pending", "processed": "succeeded", "failed": "failed"}
# The bank only asks: nothing is taken in these phases (razorpay.com/docs/payments/disputes).
_INQUIRIES = ("fraud", "retrieval")


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """One try to pay."""

    id: str
    status: str
    amount: int
    currency: str
    returned: int
    created_at: int

    @property
    def is_captured(self) -> bool:
        """Whether the money is ours, or was: a refunded payment was captured before."""
        return self.status in ("captured", "refunded")


def payment_of(row: Mapping[str, Any]) -> Payment:
    """A payment entity."""
    return Payment(
        id=text_of(row["id"]),
        status=text_of(row["status"]),
        amount=int(row["amount"]),
        currency=text_of(row["currency"]),
        returned=int(row.get("amount_refunded") or 0),
        created_at=int(row["created_at"]),
    )


def refund_of(row: Mapping[str, Any]) -> ProviderRefund:
    """A refund entity; the reason is the one we wrote into its notes."""
    notes = row.get("notes")
    reason = str(notes.get("reason", "")) if isinstance(notes, Mapping) else ""  # none: an empty list
    return ProviderRefund(
        id=text_of(row["id"]),
        amount_minor=int(row["amount"]),
        state=_REFUND_STATES.get(str(row.get("status")), "pending"),
        reason=reason[:40],
        refund_id=str(notes.get("refund_id", "")) if isinstance(notes, Mapping) else "",
    )


def disputes_of(rows: Iterable[Mapping[str, Any]]) -> tuple[ProviderDispute, ...]:
    """Dispute entities, the oldest first."""
    return tuple(_dispute(row) for row in sorted(rows, key=lambda row: (int(row["created_at"]), str(row["id"]))))


def is_warned_by(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the bank suspects fraud and nothing is taken yet: what Stripe calls an early fraud warning."""
    return any(row.get("phase") == "fraud" and row.get("status") in ("open", "under_review") for row in rows)


def _dispute(row: Mapping[str, Any]) -> ProviderDispute:
    due = int(row.get("respond_by") or 0)
    return ProviderDispute(
        id=text_of(row["id"]),
        amount_minor=int(row["amount"]),
        state=_dispute_state(row),
        reason=str(row.get("reason_code") or "")[:40],
        fee_minor=0,  # Razorpay names none in a dispute; what it keeps stands in its settlements
        evidence_due_at=datetime.fromtimestamp(due, UTC) if due else None,
    )


def _dispute_state(row: Mapping[str, Any]) -> str:
    """`closed` says only that it is over: what was deducted tells how. An inquiry that ended took nothing, also where
    it is called lost: then the money goes back by a refund of ours."""
    status = text_of(row["status"])
    if int(row.get("amount_deducted") or 0) > 0:
        return "lost"
    if row.get("phase") in _INQUIRIES:
        return "warning"
    if status == "lost":
        return "lost"
    return "won" if status in ("won", "closed") else "open"


def webhook_of(event: Mapping[str, Any], *, event_id: str, livemode: bool) -> WebhookEvent:
    """A verified event. What it is about is the entity it is named after (`payment.dispute.won`: the dispute)."""
    kind = text_of(event["event"])
    entities = {str(name): box["entity"] for name, box in event["payload"].items()}
    link, order = entities.get("payment_link", {}), entities.get("order", {})
    payment = entities.get("payment", {})
    subject = _subject(kind, entities)
    paid_by = payment.get("id") or next((e["payment_id"] for e in entities.values() if e.get("payment_id")), "")
    return WebhookEvent(
        id=event_id,
        type=kind,
        object_id=text_of(subject.get("id") or ""),
        livemode=livemode,
        session_id=text_of(link.get("id") or _link_of(payment)),
        reference=text_of(link.get("reference_id") or order.get("receipt") or _note(payment) or _note(order)),
        payment_object_id=text_of(paid_by),
        payload={
            **{name: event[name] for name in _KEPT_OF_EVENT if name in event},
            "payload": {name: {"entity": _kept(entity)} for name, entity in entities.items()},
        },
    )


def _subject(kind: str, entities: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """`contains` lists the most telling entity last for some events and first for others: the name decides."""
    for name in reversed(kind.split(".")[:-1]):
        if name in entities:
            return entities[name]
    return next(iter(entities.values()), {})


def _link_of(payment: Mapping[str, Any]) -> str:
    """A payment by link says so in its description: `#` and the link's id without its prefix."""
    description = payment.get("description")
    is_named = isinstance(description, str) and description[:1] == "#" and description[1:].isalnum()
    return f"plink_{description[1:]}" if is_named and isinstance(description, str) else ""


def reference_of(row: Mapping[str, Any]) -> str:
    """The `payment_id` that the link of a payment had in its notes."""
    return text_of(_note(row))


def _note(entity: Mapping[str, Any]) -> str:
    notes = entity.get("notes")
    return str(notes.get("payment_id") or "") if isinstance(notes, Mapping) else ""


def _kept(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entity[name] for name in _KEPT_OF_ENTITY if name in entity}


def text_of(value: object) -> str:
    """An identifier as it may stand in a row. Raises ValueError for anything else."""
    if not isinstance(value, str) or len(value) > 255 or not value.isprintable():
        raise ValueError("not an identifier")
    return value

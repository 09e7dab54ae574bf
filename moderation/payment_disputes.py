"""The queue of payments that a bank disputes: the figures that an answer needs, and what staff did about it.

The credits were taken back when the money was (`payments.services.returns`); a decision here moves nothing. One that
accepts the dispute is told to the provider, after the transaction. Evidence is sent on the provider's own page, with
what stands here, and by nobody else: "evidence was sent" is a note of what a person did there. No message text is
anywhere.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from payments import money_back_selectors
from payments.services import dispute_answers
from users.models import User

from . import queues, selectors
from .models import WorkItem
from .services import disputes

KIND = "payment_dispute"
# Before the bank's own deadline, so that somebody can still send something.
HEADROOM = timedelta(days=1)


def load(ref: uuid.UUID) -> dict[str, Any]:
    """The dispute, for the page of its case. Raises NotFound."""
    row = money_back_selectors.get_money_back(uid=ref)
    trace = money_back_selectors.trace_for_staff(row=row)
    names = selectors.list_names(user_ids={part.payee for part in trace.parts})
    return {
        "dispute": row,
        "reason": row.reason.replace("_", " "),
        "payment": row.payment,
        "paid": _money(row.payment.currency, row.payment.amount_minor),
        "disputed": _money(row.payment.currency, row.amount_minor),
        "fee": _money(row.payment.currency, row.fee_minor),
        "trace": trace,
        "parts": [(part, names.get(part.payee, "")) for part in trace.parts],
    }


def _money(currency: str, minor: int) -> str:
    return f"{currency} {minor // 100:,}.{minor % 100:02d}"


def open_case(*, uid: uuid.UUID, buyer_uid: uuid.UUID, due_at: datetime | None) -> None:
    """Hook of `payments.registry`."""
    disputes.open_case(kind=KIND, ref=uid, subject_uid=buyer_uid, due_at=due_at and due_at - HEADROOM)


def close_case(*, uid: uuid.UUID, outcome: str) -> None:
    """Hook of `payments.registry`: the bank has decided."""
    disputes.close_case(kind=KIND, ref=uid, outcome=outcome)


def reopen_case(*, uid: uuid.UUID) -> None:
    """Hook of `payments.registry`: the provider did not take the acceptance."""
    disputes.reopen_case(kind=KIND, ref=uid)


def accept(*, item: WorkItem, staff: User, note: str) -> None:
    """The bank may have decided meanwhile; then there is nothing to tell the provider."""
    dispute_answers.accept(uid=item.ref)


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Disputes of payments"),
    permission="users.staff_review_payouts",
    target=timedelta(days=5),
    template="moderation/payment_dispute_evidence.html",
    load=load,
    decisions=(
        queues.Decision(outcome="answered", label=_("Evidence was sent"), key="E"),
        queues.Decision(outcome="accepted", label=_("Accept the dispute"), apply=accept, is_danger=True, key="A"),
    ),
    icon="wallet",
)

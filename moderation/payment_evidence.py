"""What a bank is shown of a disputed payment: who bought, from where, and what was delivered for it. No text of a
message, which nobody of ours can read, and no name of a creator's file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from payments import money_back_selectors
from payments.models import MoneyBack, Payment
from payments.types import Trace, TracedPart
from security import selectors as sign_ins
from security.types import AttemptFilter, AttemptRow

from . import selectors

# Sign-ins on both sides of the payment, as many as a bank would read.
AROUND = timedelta(days=30)
SIGN_INS_SHOWN = 30
# What became of what was bought, by the state of its hold.
_DELIVERED = {
    "open": _("waits for an answer"),
    "answered": _("answered"),
    "frozen": _("under review"),
    "posted": _("delivered"),
    "voided": _("given back"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """A message or an unlock that the payment funded, what its creator is called, and what became of it."""

    part: TracedPart
    name: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """The pack of one dispute; times are UTC, `sign_ins` the buyer's successful ones around the payment."""

    dispute: MoneyBack
    payment: Payment
    trace: Trace
    delivered: list[Delivered]
    sign_ins: list[AttemptRow]
    since: datetime
    until: datetime


def gather(*, dispute: MoneyBack) -> Pack:
    """The pack of a dispute whose page has asked for the permission."""
    payment = dispute.payment
    paid_at = payment.paid_at or payment.created_at
    since, until = paid_at - AROUND, paid_at + AROUND
    trace = money_back_selectors.trace_for_staff(row=dispute)
    names = selectors.list_names(user_ids={part.payee for part in trace.parts})
    wanted = AttemptFilter(outcome="succeeded", since=since, until=until)
    return Pack(
        dispute=dispute,
        payment=payment,
        trace=trace,
        delivered=[
            Delivered(part=part, name=names.get(part.payee, ""), state=str(_DELIVERED.get(part.state, part.state)))
            for part in trace.parts
        ],
        sign_ins=sign_ins.list_attempts(user_uid=payment.user.uid, wanted=wanted, limit=SIGN_INS_SHOWN),
        since=since,
        until=until,
    )

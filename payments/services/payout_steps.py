"""A payout's movements: the row, the ledger and the timeline change together, under the lock of the row."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog
from django.utils import timezone

from credits.services import payouts as ledger
from pairly.common.problems import NotFound
from users.models import User

from .. import payout_selectors as selectors
from ..models import Payout, PayoutMethod, PayoutStep
from . import payout_notices

log = structlog.get_logger(__name__)

Status: TypeAlias = Payout.Status
Owner: TypeAlias = PayoutStep.Owner
# Stripe takes transfers out of what it keeps for us; RazorpayX and we ourselves pay from an account at a bank.
_SOURCES: dict[str, ledger.Source] = {PayoutMethod.Kind.STRIPE: "psp_clearing"}


def hold(*, uid: uuid.UUID) -> Payout:
    """The payout with its creator and method, locked until the transaction ends. Raises NotFound."""
    rows = Payout.objects.select_for_update(no_key=True, of=("self",)).select_related("user", "method")
    payout = rows.filter(uid=uid).first()
    if payout is None:
        raise NotFound
    return payout


def note(
    *,
    payout: Payout,
    owner: PayoutStep.Owner,
    reason: str,
    within: timedelta | None = None,
    staff: User | None = None,
) -> None:
    """A line of the timeline as the payout is now: whose turn it is, why, and until when at the latest. Its creator is
    told of a new status.

    The payout carries the reason too. The same line twice in a row is one: a sweeper that meets the same obstacle
    each minute writes it once, until its date has passed.
    """
    last = payout.steps.order_by("-id").first()
    is_same = last is not None and (last.status, last.owner, last.reason) == (payout.status, owner, reason)
    if last is not None and is_same and (last.latest_at is None or last.latest_at > timezone.now()):
        return
    if payout.reason != reason:
        payout.reason = reason
        payout.save(update_fields=["reason"])
    now = timezone.now()
    latest_at = selectors.timeline_end(at=now, span=within) if within else None
    PayoutStep.objects.create(
        payout=payout,
        status=payout.status,
        owner=owner,
        reason=reason,
        latest_at=latest_at,
        staff=staff,
        at=now,
    )
    payout_notices.tell(payout=payout, reason=reason)


def move(*, payout: Payout, status: Payout.Status, **fields: Any) -> None:
    """Write the new status and what belongs to it. The database refuses a way back."""
    payout.status = status
    for name, value in fields.items():
        setattr(payout, name, value)
    payout.save(update_fields=["status", *fields])
    log.info("payout_moved", payout=str(payout.uid), status=status.value)


def book(*, payout: Payout, step: ledger.Step, at: datetime) -> None:
    """The ledger's side of a step, once for each payout and sending; in the transaction that moves the row."""
    named = selectors.step_name(step=step, n_unsent=payout.n_unsent) if step in ("sent", "unsent") else step
    ledger.step(
        user_id=payout.user_id,
        op_id=selectors.op_id(payout_uid=payout.uid, step=named),
        name=step,
        amount_centi=payout.amount_centi,
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        at=at,
        source=_SOURCES.get(payout.method.kind, "bank"),
        settled_op=selectors.op_id(payout_uid=payout.uid, step="settled"),
    )

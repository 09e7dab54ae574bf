"""What staff see of a payout before they decide on it. The callers have asked for the permission."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from credits import payer_selectors
from credits import selectors as ledger
from credits.types import Earnings
from users.models import User

from . import payout_selectors as payouts
from .constants import RISK_PAYER_DAYS
from .models import Payout, PayoutMethod, PayoutStep

HISTORY = 10
OTHERS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class PayerRow:
    """Somebody whose credits the creator earned, and how much of all: in hundredths of a credit, and percent."""

    name: str
    uid: uuid.UUID | None
    amount_centi: int
    n_paid: int
    percent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherOwner:
    """Somebody else who has, or had, the same bank account."""

    name: str
    uid: uuid.UUID
    since: datetime
    is_removed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that is known about a payout and where its money comes from."""

    payout: Payout
    steps: list[PayoutStep]
    earnings: Earnings
    history: list[Payout]
    payers: list[PayerRow]
    n_payers: int
    payers_since: datetime
    others: list[OtherOwner]


def get_evidence(*, uid: uuid.UUID) -> Evidence:
    """Raises NotFound."""
    payout = payouts.get_for_staff(uid=uid)
    since = timezone.now() - timedelta(days=RISK_PAYER_DAYS)
    payers = payer_selectors.list_payers(user_id=payout.user_id, since=since)
    people = User.objects.in_bulk([payer.user_id for payer in payers.top])
    return Evidence(
        payout=payout,
        steps=payouts.list_steps(payout=payout),
        earnings=ledger.get_earnings(user_id=payout.user_id),
        history=list(payouts.list_payouts(user=payout.user).exclude(pk=payout.pk)[:HISTORY]),
        payers=[_payer(payer, people.get(payer.user_id)) for payer in payers.top],
        n_payers=payers.n_payers,
        payers_since=since,
        others=list_other_owners(method=payout.method),
    )


def list_other_owners(*, method: PayoutMethod) -> list[OtherOwner]:
    """Other people with the same account, by the keyed hash of its number; each once, the newest first."""
    rows = PayoutMethod.objects.filter(fingerprint=method.fingerprint).exclude(user_id=method.user_id)
    newest = {row.user_id: row for row in rows.select_related("user").order_by("id")}
    found = [
        OtherOwner(
            name=row.user.name,
            uid=row.user.uid,
            since=row.created_at,
            is_removed=row.state == PayoutMethod.State.REMOVED,
        )
        for row in newest.values()
    ]
    return sorted(found, key=lambda one: one.since, reverse=True)[:OTHERS]


def list_pending() -> QuerySet[Payout]:
    """Payouts that wait for staff; callers order them."""
    return Payout.objects.filter(status=Payout.Status.REQUESTED).select_related(
        "user", "method", "approved_by", "second_approver"
    )


def list_by_hand() -> QuerySet[Payout]:
    """Payouts that somebody makes by hand: approved or on their way, who waited longest first."""
    rows = Payout.objects.filter(
        method__kind=PayoutMethod.Kind.MANUAL, status__in=[Payout.Status.APPROVED, Payout.Status.PROCESSING]
    )
    return rows.select_related("user", "method").order_by("id")


def list_done_by_hand() -> QuerySet[Payout]:
    """Those that are made, the newest first: they may still come back."""
    rows = Payout.objects.filter(method__kind=PayoutMethod.Kind.MANUAL, status=Payout.Status.PAID)
    return rows.select_related("user", "method").order_by("-completed_at", "-id")


def _payer(payer: payer_selectors.Payer, user: User | None) -> PayerRow:
    return PayerRow(
        name=user.name if user else "",
        uid=user.uid if user else None,
        amount_centi=payer.amount_centi,
        n_paid=payer.n_paid,
        percent=payer.share_basis_points // 100,
    )

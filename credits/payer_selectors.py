"""Where a creator's earnings come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Sum

from .models import Hold

_EARNED = Sum(F("paid") - F("fee_paid"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Payer:
    """What one person brought a creator, in hundredths of a credit and of all in ten thousandths."""

    user_id: int
    amount_centi: int
    n_paid: int
    share_basis_points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Payers:
    """Who brought a creator their earnings since a day; `top` are those who brought most, first."""

    total_centi: int
    n_payers: int
    top: list[Payer]


def list_payers(*, user_id: int, since: datetime, limit: int = 5) -> Payers:
    """Whose credits the creator earned since `since`, promo credits left out."""
    paid = Hold.objects.filter(payee=user_id, state="posted", paid__gt=0, created_at__gte=since)
    whole = paid.aggregate(total=_EARNED, n=Count("actor", distinct=True))
    total = whole["total"] or 0
    rows = paid.values("actor").annotate(amount_centi=_EARNED, n_paid=Count("*")).order_by("-amount_centi", "actor")
    top = [
        Payer(
            user_id=row["actor"],
            amount_centi=row["amount_centi"],
            n_paid=row["n_paid"],
            share_basis_points=row["amount_centi"] * 10_000 // total if total else 0,
        )
        for row in rows[:limit]
    ]
    return Payers(total_centi=total, n_payers=whole["n"], top=top)

"""Figures over everybody's payments, for the platform's own statistics. Nobody in particular is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Sum

from users.models import User

from .models import MoneyBack, Payment


@dataclass(frozen=True, kw_only=True, slots=True)
class Revenue:
    """One currency's purchases, refunds and disputes in a time, in minor units."""

    currency: str
    n_purchases: int = 0
    purchased_minor: int = 0
    n_refunds: int = 0
    refunded_minor: int = 0
    n_disputes: int = 0
    disputed_minor: int = 0


def list_revenue(*, since: datetime, until: datetime) -> list[Revenue]:
    """What was paid, went back, and was disputed from `since` to before `until`, by currency: three queries. A refund
    counts when it is done, a dispute when it begins."""
    found: dict[str, dict[str, int]] = {}
    paid = Payment.objects.filter(paid_at__gte=since, paid_at__lt=until).values("currency").order_by("currency")
    for row in paid.annotate(n=Count("pk"), minor=Sum("amount_minor")):
        found.setdefault(row["currency"], {}).update(n_purchases=row["n"], purchased_minor=row["minor"])
    refunds = MoneyBack.objects.filter(
        kind=MoneyBack.Kind.REFUND, state=MoneyBack.State.SUCCEEDED, closed_at__gte=since, closed_at__lt=until
    )
    disputes = MoneyBack.objects.filter(kind=MoneyBack.Kind.DISPUTE, created_at__gte=since, created_at__lt=until)
    for rows, n, minor in (
        (refunds, "n_refunds", "refunded_minor"),
        (disputes, "n_disputes", "disputed_minor"),
    ):
        counted = rows.values(currency=F("payment__currency")).annotate(n=Count("pk"), minor=Sum("amount_minor"))
        for row in counted.order_by("currency"):
            found.setdefault(row["currency"], {}).update({n: row["n"], minor: row["minor"]})
    return [Revenue(currency=currency, **figures) for currency, figures in sorted(found.items())]


def count_bought(*, joined_since: datetime, joined_until: datetime, within: timedelta) -> int:
    """Of the accounts made from `joined_since` to before `joined_until`: how many bought within this time of joining.
    One query."""
    bought = Payment.objects.filter(
        user=OuterRef("pk"), paid_at__isnull=False, paid_at__lt=OuterRef("created_at") + within
    )
    joined = User.objects.filter(created_at__gte=joined_since, created_at__lt=joined_until, is_staff=False)
    return joined.filter(Exists(bought)).count()

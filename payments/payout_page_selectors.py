"""Reads of payouts that their pages need beside the payouts themselves; the callers have authorized what they pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Min
from django.utils import timezone

from users.models import User

from . import payout_selectors as payouts
from .models import Payout, PayoutStep
from .types import ReportRow


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthRow:
    """What was paid in one currency in the month that begins with `month`, or in the whole year where it is None."""

    month: date | None
    currency: str
    n: int
    amount_centi: int
    amount_minor: int


def with_steps(rows: Sequence[Payout]) -> list[tuple[Payout, PayoutStep | None]]:
    """Each payout with the newest line of its timeline: whose turn it is, and until when. One query."""
    newest = PayoutStep.objects.filter(payout__in=rows).order_by("payout_id", "-pk").distinct("payout_id")
    by_payout = {step.payout_id: step for step in newest}
    return [(payout, by_payout.get(payout.pk)) for payout in rows]


def list_years(*, user: User) -> list[int]:
    """The years (UTC) that a report can be had of, the newest first: from the first payout that was paid."""
    first = payouts.list_payouts(user=user).order_by().aggregate(at=Min("created_at"))["at"]
    return list(range(timezone.now().year, first.year - 1, -1)) if first else []


def group_by_month(rows: Sequence[ReportRow]) -> list[MonthRow]:
    """A year's rows by month and currency, in their order."""
    return _sum(rows, lambda row: (row.at.date().replace(day=1), row.currency))


def group_by_currency(rows: Sequence[ReportRow]) -> list[MonthRow]:
    """The same for the whole year."""
    return _sum(rows, lambda row: (None, row.currency))


def _sum(rows: Sequence[ReportRow], key: Callable[[ReportRow], tuple[date | None, str]]) -> list[MonthRow]:
    groups: dict[tuple[date | None, str], list[ReportRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [
        MonthRow(
            month=month,
            currency=currency,
            n=sum(1 if row.amount_minor > 0 else -1 for row in found),
            amount_centi=sum(row.amount_centi for row in found),
            amount_minor=sum(row.amount_minor for row in found),
        )
        for (month, currency), found in sorted(groups.items(), key=lambda pair: (pair[0][0] or date.min, pair[0][1]))
    ]


COLUMNS = ("at", "payout_id", "status", "method", "currency", "amount_minor", "amount_centi")


def as_document(row: ReportRow) -> dict[str, str | int]:
    """A line of the report as files have it, with the COLUMNS."""
    values = (
        row.at.isoformat(),
        str(row.payout_uid),
        row.status,
        row.method_label,
        row.currency,
        row.amount_minor,
        row.amount_centi,
    )
    return dict(zip(COLUMNS, values, strict=True))

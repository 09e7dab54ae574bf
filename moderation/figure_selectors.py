"""Reads of the daily figures: days as they were counted, and sums over several."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from .constants import MONTHS_SHOWN, SHOWN_FROM
from .models import DailyFigures, DailyRevenue

_SUMS = (
    "kept_centi", "n_joined", "n_cohort", "n_cohort_bought", "n_answers", "n_cases_decided", "n_reports",
    "n_reports_upheld", "n_reports_dismissed", "n_sanctions", "n_sanctions_automated", "n_appeals",
    "n_appeals_granted", "n_appeals_refused",
)  # fmt: skip
_MONEY = ("n_purchases", "purchased_minor", "n_refunds", "refunded_minor", "n_disputes", "disputed_minor")


@dataclass(frozen=True, kw_only=True, slots=True)
class Analytics:
    """The last `n_days` days that could be counted, oldest first. `days` lacks those that were not counted (`missing`);
    `totals` are sums over the others, `revenue` the same by currency. `up_to` is the end of the newest day that was
    counted, of whatever time; None before the first night, and all figures are empty then."""

    n_days: int
    since: date
    until: date
    up_to: datetime | None
    days: Sequence[DailyFigures]
    missing: Sequence[date]
    totals: Mapping[str, int]
    revenue: Sequence[Mapping[str, object]]

    @property
    def latest(self) -> DailyFigures | None:
        """The newest counted day of the time."""
        return self.days[-1] if self.days else None

    @property
    def conversion(self) -> float | None:
        """Per cent of those who joined and bought within seven days; None where nobody's seven days ended."""
        n = self.totals["n_cohort"]
        return round(100 * self.totals["n_cohort_bought"] / n, 1) if n else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicMonth:
    """A month that is over (its first day, UTC). `numbers` are in the order they are shown in; None is fewer than
    SHOWN_FROM, none included. No two of them tell a third one."""

    month: date
    n_missing: int
    numbers: Mapping[str, int | None]


def list_months() -> list[PublicMonth]:
    """The public numbers of the last whole months that have any, the newest first: one query."""
    this_month = timezone.now().astimezone(UTC).date().replace(day=1)
    months: Any = (
        DailyFigures.objects.filter(day__lt=this_month)
        .annotate(month=TruncMonth("day"))
        .values("month")
        .annotate(
            n_days=Count("pk"),
            reports=Sum("n_reports"),
            cases_upheld=Sum("n_reports_upheld"),
            cases_dismissed=Sum("n_reports_dismissed"),
            sanctions_by_people=Sum(F("n_sanctions") - F("n_sanctions_automated")),
            sanctions_by_programs=Sum("n_sanctions_automated"),
            appeals=Sum("n_appeals"),
            appeals_granted=Sum("n_appeals_granted"),
            appeals_refused=Sum("n_appeals_refused"),
        )
        .order_by("-month")[:MONTHS_SHOWN]
    )
    return [
        PublicMonth(
            month=row["month"],
            n_missing=monthrange(row["month"].year, row["month"].month)[1] - row["n_days"],
            numbers={
                name: value if value >= SHOWN_FROM else None
                for name, value in row.items()
                if name not in ("month", "n_days")
            },
        )
        for row in months
    ]


def list_days(*, since: date) -> set[date]:
    """The days from `since` on that were counted."""
    return set(DailyFigures.objects.filter(day__gte=since).values_list("day", flat=True))


def get_analytics(*, n_days: int) -> Analytics:
    """The last days up to yesterday (UTC): three queries."""
    until = timezone.now().astimezone(UTC).date() - timedelta(days=1)
    since = until - timedelta(days=n_days - 1)
    newest = DailyFigures.objects.order_by("-day").values_list("day", flat=True).first()
    days = list(DailyFigures.objects.filter(day__gte=since, day__lte=until).order_by("day"))
    known = {row.day for row in days}
    revenue = DailyRevenue.objects.filter(day__gte=since, day__lte=until).values("currency")
    return Analytics(
        n_days=n_days,
        since=since,
        until=until,
        up_to=datetime(newest.year, newest.month, newest.day, tzinfo=UTC) + timedelta(days=1) if newest else None,
        days=days,
        missing=[day for day in (since + timedelta(days=n) for n in range(n_days)) if day not in known],
        totals={name: sum(getattr(row, name) for row in days) for name in _SUMS},
        revenue=list(revenue.annotate(**{f"{name}_sum": Sum(name) for name in _MONEY}).order_by("currency")),
    )

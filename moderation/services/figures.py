"""The figures of a day, counted in the night after from what every app has."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from credits import figure_selectors as ledger
from payments import figure_selectors as payments
from users import figure_selectors as people

from .. import figure_selectors
from ..models import Appeal, DailyFigures, DailyRevenue, Report, ReportCase, Sanction, WorkItem

CONVERSION = timedelta(days=7)
# So long after a day it can still be said who was active on it.
FRESH = timedelta(hours=6)
# Nights that were missed are made up for that far back.
BACK_DAYS = 35
_DAY = timedelta(days=1)


def count_due(*, at: datetime) -> int:
    """Count the day before `at` (UTC), and those of the last BACK_DAYS that no night counted. Returns how many."""
    yesterday = at.astimezone(UTC).date() - _DAY
    known = figure_selectors.list_days(since=yesterday - timedelta(days=BACK_DAYS))
    due = [yesterday - timedelta(days=back) for back in reversed(range(BACK_DAYS))]
    missing = [day for day in due if day not in known or day == yesterday]
    for day in missing:
        count_day(day=day, at=at)
    return len(missing)


@transaction.atomic
def count_day(*, day: date, at: datetime | None = None) -> DailyFigures:
    """Count `day` (UTC), which must be over at the time `at`, by default now; raises ValueError otherwise.

    Done again it gives the same row: who was active was known in the night after alone, so that stays as it was. What
    belongs to the day changes it only where it is written with that day's date later.
    """
    at = at or timezone.now()
    since = datetime.combine(day, time.min, tzinfo=UTC)
    until = since + _DAY
    if until > at:
        raise ValueError(day)
    answers = ledger.get_answers(since=since, until=until)
    joined = {"since": since - CONVERSION, "until": until - CONVERSION}
    figures: dict[str, Any] = {
        "counted_at": at,
        "kept_centi": ledger.get_kept_centi(since=since, until=until),
        "n_joined": people.count_joined(since=since, until=until),
        "n_cohort": people.count_joined(**joined),
        "n_cohort_bought": payments.count_bought(
            joined_since=joined["since"], joined_until=joined["until"], within=CONVERSION
        ),
        "n_answers": answers.n,
        "median_answer_s": answers.median_s,
        **_work(since, until),
    }
    active = _active(since, until) if at < until + FRESH else {}
    row, _is_new = DailyFigures.objects.update_or_create(
        day=day, defaults=figures, create_defaults={**figures, **active, "day": day}
    )
    DailyRevenue.objects.filter(day=day).delete()
    DailyRevenue.objects.bulk_create(
        DailyRevenue(
            day=day,
            currency=one.currency,
            n_purchases=one.n_purchases,
            purchased_minor=one.purchased_minor,
            n_refunds=one.n_refunds,
            refunded_minor=one.refunded_minor,
            n_disputes=one.n_disputes,
            disputed_minor=one.disputed_minor,
        )
        for one in payments.list_revenue(since=since, until=until)
    )
    return row


def _active(since: datetime, until: datetime) -> dict[str, int]:
    spans = {"n_active_day": 1, "n_active_week": 7, "n_active_month": 30}
    return {name: people.count_active(since=until - n * _DAY, until=until) for name, n in spans.items()}


def _work(since: datetime, until: datetime) -> dict[str, int | None]:
    """What was reported, decided and appealed: five queries."""
    made = Q(created_at__gte=since, created_at__lt=until)
    decided = Q(decided_at__gte=since, decided_at__lt=until)
    cases = ReportCase.objects.filter(decided).aggregate(
        n_reports_upheld=Count("pk", filter=Q(state=ReportCase.State.UPHELD)),
        n_reports_dismissed=Count("pk", filter=Q(state=ReportCase.State.DISMISSED)),
    )
    sanctions = Sanction.objects.filter(made).aggregate(
        n_sanctions=Count("pk"), n_sanctions_automated=Count("pk", filter=Q(is_automated=True))
    )
    appeals = Appeal.objects.filter(made | decided).aggregate(
        n_appeals=Count("pk", filter=made),
        n_appeals_granted=Count("pk", filter=decided & Q(state=Appeal.State.GRANTED)),
        n_appeals_refused=Count("pk", filter=decided & Q(state=Appeal.State.REFUSED)),
    )
    took = WorkItem.objects.filter(decided).annotate(took=F("decided_at") - F("created_at"))
    times = sorted(took.values_list("took", flat=True))
    median = int(times[(len(times) - 1) // 2].total_seconds()) if times else None
    return {
        "n_reports": Report.objects.filter(made).count(),
        **cases,
        **sanctions,
        **appeals,
        "n_cases_decided": len(times),
        "median_decision_s": median,
    }

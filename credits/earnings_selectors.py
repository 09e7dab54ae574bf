"""What a creator's earnings page shows besides `selectors.get_earnings`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import TruncDay
from django.utils import timezone

from .constants import UNIT
from .models import Account, Hold


@dataclass(frozen=True, kw_only=True, slots=True)
class MaturingDay:
    """What can be withdrawn from some time of this day on (UTC), in hundredths of a credit."""

    day: date
    amount_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekOfAnswers:
    """Of the paid messages that came in one week (`start`: its Monday, UTC) and are settled: how many were answered and
    how many were not, and the median time to the answer in seconds, None without one."""

    start: date
    n_answered: int
    n_missed: int
    median_s: int | None


def get_set_aside_centi(*, user_id: int) -> int:
    """What lies in payouts that are asked for and not sent."""
    locked = Account.objects.filter(owner=user_id, kind="creator:payout_locked", unit=UNIT)
    return locked.values_list("balance", flat=True).first() or 0


def list_maturing(*, user_id: int, at: datetime | None = None) -> list[MaturingDay]:
    """The days on which earnings become ready, the next one first; days without any are left out. One query along the
    index on (payee, matures_at)."""
    waiting = Hold.objects.filter(payee=user_id, state="posted", matures_at__gt=at or timezone.now())
    days = waiting.annotate(day=TruncDay("matures_at", tzinfo=UTC)).values("day")
    rows = days.annotate(total=Sum(F("paid") - F("fee_paid"))).order_by("day")
    return [MaturingDay(day=row["day"].date(), amount_centi=row["total"]) for row in rows if row["total"]]


def list_weeks_of_answers(*, user_id: int, n_weeks: int = 12) -> list[WeekOfAnswers]:
    """The last `n_weeks` weeks up to this one, oldest first, empty ones included. As the facts on the profile, but with
    everybody who wrote. One query."""
    today = timezone.now().date()
    starts = [today - timedelta(days=today.weekday(), weeks=back) for back in reversed(range(n_weeks))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc('week', s.created_at AT TIME ZONE 'UTC')::date, count(*) FILTER (WHERE s.is_answered), "
            "count(*) FILTER (WHERE NOT s.is_answered), "
            "percentile_disc(0.5) WITHIN GROUP (ORDER BY s.took_s) FILTER (WHERE s.is_answered) "
            "FROM credits_settled(%s::bigint, %s::timestamptz) s GROUP BY 1",
            [user_id, datetime.combine(starts[0], time.min, tzinfo=UTC)],
        )
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    return [
        WeekOfAnswers(start=start, n_answered=row[0], n_missed=row[1], median_s=row[2])
        for start in starts
        for row in [found.get(start, (0, 0, None))]
    ]

"""Reads of spending caps and cool-offs. Windows are those of UTC; weeks are ISO 8601's, from Monday."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from .constants import CAP_NAMES
from .types import Cap, CapName, Caps


def window(*, cap: CapName, at: datetime) -> tuple[datetime, datetime]:
    """When the day, week or month that `at` is in begins and when the next one does."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if cap == "day":
        return day, day + timedelta(days=1)
    if cap == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(weeks=1)
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def get_caps(*, user_id: int, at: datetime) -> Caps:
    """What `user_id` has used of each cap, what waits to be raised, and until when they spend nothing."""
    windows = {cap: window(cap=cap, at=at) for cap in CAP_NAMES}
    row = _row(user_id, *(windows[cap][0] for cap in CAP_NAMES))
    raises = _raises(user_id)
    if row is None:  # nobody who could spend
        row = (None,) * 4 + (0,) * 3 + (None,)
    day_cap, day_limit, week_limit, month_limit, *used, cool_off_until = row
    owns, limits = (day_cap, week_limit, month_limit), (day_limit, week_limit, month_limit)
    return Caps(
        caps=[
            Cap(
                name=cap,
                own_centi=own,
                limit_centi=limit,
                used_centi=spent,
                resets_at=windows[cap][1],
                raise_to_centi=raises.get(cap, (None, None))[0],
                raise_at=raises.get(cap, (None, None))[1],
            )
            for cap, own, limit, spent in zip(CAP_NAMES, owns, limits, used, strict=True)
        ],
        cool_off_until=cool_off_until if cool_off_until and cool_off_until > at else None,
    )


def _row(user_id: int, day: datetime, week: datetime, month: datetime) -> tuple[Any, ...] | None:
    """Weeks and months are counted on the row only while there is something to guard; else they are summed up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.day_cap, a.day_limit, a.week_limit, a.month_limit, "
            "CASE WHEN a.day >= %s::date THEN a.day_held ELSE 0 END, "
            "CASE WHEN NOT a.is_guarded THEN credits_held_since(a.owner, %s::timestamptz) "
            "     WHEN a.week >= %s::date THEN a.week_held ELSE 0 END, "
            "CASE WHEN NOT a.is_guarded THEN credits_held_since(a.owner, %s::timestamptz) "
            "     WHEN a.month >= %s::date THEN a.month_held ELSE 0 END, a.cool_off_until "
            "FROM credits_account a WHERE a.owner = %s::bigint AND a.kind = 'fan:paid' AND a.unit = 'CRD'",
            [day.date(), week, week.date(), month, month.date(), user_id],
        )
        found = cursor.fetchone()
    return None if found is None else tuple(found)


def _raises(user_id: int) -> dict[str, tuple[int | None, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cap, limit_centi, effective_at FROM credits_cap_raise WHERE owner = %s::bigint", [user_id]
        )
        return {cap: (limit, effective_at) for cap, limit, effective_at in cursor.fetchall()}


def explain(*, user_id: int, code: str, amount_centi: int, at: datetime) -> dict[str, Any]:
    """What goes with the ledger's refusal `code`: of several caps that stand in the way the one that does so longest
    (`cap`, `resets_at`), or until when nothing is spent (`until`). Empty for other codes."""
    if code not in ("spending_cap_reached", "cooling_off"):
        return {}
    found = get_caps(user_id=user_id, at=at)
    if code == "cooling_off":
        return {"until": found.cool_off_until.isoformat()} if found.cool_off_until else {}
    reached = [cap for cap in found.caps if cap.left_centi is not None and cap.left_centi < amount_centi]
    if not reached:  # it was changed meanwhile
        return {}
    last = max(reached, key=lambda cap: cap.resets_at)
    return {"cap": last.name, "resets_at": last.resets_at.isoformat()}


def list_to_refresh(*, at: datetime, limit: int) -> list[int]:
    """People with a raise that is due or a cool-off that is over. For the job."""
    with connection.cursor() as cursor:
        cursor.execute(
            "(SELECT DISTINCT r.owner FROM credits_cap_raise r WHERE r.effective_at <= %s::timestamptz LIMIT %s::int) "
            "UNION (SELECT a.owner FROM credits_account a WHERE a.is_guarded AND a.cool_off_until <= %s::timestamptz "
            "AND a.week_limit IS NULL AND a.month_limit IS NULL LIMIT %s::int)",
            [at, limit, at, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def list_for_export(*, user_id: int) -> Iterator[dict[str, Any]]:
    """For the copy of one's data."""
    raises = _raises(user_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day_cap, week_limit, month_limit, cool_off_until FROM credits_account "
            "WHERE owner = %s::bigint AND kind = 'fan:paid' AND unit = 'CRD'",
            [user_id],
        )
        rows = cursor.fetchall()
    for *limits, cool_off_until in rows:
        for cap, limit in zip(CAP_NAMES, limits, strict=True):
            raise_to, raise_at = raises.get(cap, (None, None))
            yield {"cap": cap, "limit_centi": limit, "raise_to_centi": raise_to, "raise_at": raise_at}
        yield {"cap": "cool_off", "until": cool_off_until}

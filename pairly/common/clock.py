"""The server's clock in the units of the wire, and years in the units of people."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime


def now_ms() -> int:
    """Milliseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000_000


def from_ms(ms: int) -> datetime:
    """Milliseconds since the Unix epoch as an aware time in UTC."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def age_on(*, birth_date: date, day: date) -> int:
    """Completed years; who was born on 29 February is a year older on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))

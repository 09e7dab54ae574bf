"""The server's clock in the units of the wire."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Milliseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000_000


def from_ms(ms: int) -> datetime:
    """Milliseconds since the Unix epoch as an aware time in UTC."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)

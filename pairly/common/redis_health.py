"""A short memory of Redis failing: a hung server costs one timeout a pause, not one a request.

Races between threads are harmless: at worst one more request asks Redis.
"""

from __future__ import annotations

import time

import structlog

# How long a Redis that failed is left alone.
REDIS_PAUSE_SECONDS = 2.0

log = structlog.get_logger(__name__)

_asked_again_at = 0.0


def is_away() -> bool:
    """Whether Redis failed within the last REDIS_PAUSE_SECONDS and is not to be asked."""
    return time.monotonic() < _asked_again_at


def note_failure(*, error: Exception) -> None:
    """Leave Redis alone for a while."""
    global _asked_again_at
    _asked_again_at = time.monotonic() + REDIS_PAUSE_SECONDS
    log.warning("redis_away", error=type(error).__name__)


def forget_failure() -> None:
    """Ask Redis again at once."""
    global _asked_again_at
    _asked_again_at = 0.0

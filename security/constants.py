from __future__ import annotations

from datetime import timedelta

# Lockout of an account (security bar: 5 failures lock for 1 hour, unknown addresses alike).
MAX_FAILURES = 5
FAILURE_WINDOW = timedelta(hours=1)
LOCK_TIME = timedelta(hours=1)

# Keys an in-process limiter remembers; the oldest go first.
LOCAL_KEYS_MAX = 20_000

from __future__ import annotations

from datetime import timedelta

# Lockout of an account (security bar: 5 failures lock for 1 hour, unknown addresses alike).
MAX_FAILURES = 5
FAILURE_WINDOW = timedelta(hours=1)
LOCK_TIME = timedelta(hours=1)

# Keys an in-process limiter remembers; the oldest go first.
LOCAL_KEYS_MAX = 20_000

# A fingerprint shorter than this could be guessed.
STRONG_FINGERPRINT_MIN = 16
# How exact a device's `last_seen_at` is.
DEVICE_SEEN_STEP = timedelta(minutes=5)
# How many known devices are listed.
DEVICES_SHOWN = 100

# How long the sign-in log keeps addresses and user agents (security bar: 90 days); what stays names nobody.
LOG_DETAILS_KEPT = timedelta(days=90)
# No window of a strict limit is longer.
LIMIT_HITS_KEPT = timedelta(days=1)

# The longest ban of a network, and the widest network that staff may ban.
BAN_MAX = timedelta(days=365)
BAN_WIDEST_V4, BAN_WIDEST_V6 = 16, 32

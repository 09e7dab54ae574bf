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

# -- fraud
# Reported events (trust, section 3), and so the history that scoring knows.
EVENTS_KEPT = timedelta(days=90)
# So many accounts on one network address are a crowd (a carrier, a campus): it links none of them to another.
IP_CROWD = 10
# How long an address links accounts, and the accounts of one cluster that are looked at.
IP_LINK_TIME = timedelta(days=7)
CLUSTER_MAX = 50
# A resolved alert answers the same findings about the same account for so long.
ALERT_ANSWERED = timedelta(days=30)
# What scoring reads again at each run: rows of transactions that were under way.
SCORING_OVERLAP = timedelta(minutes=2)
SCORED_AT_ONCE = 500

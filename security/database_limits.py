"""The limits that must hold while Redis is away, in PostgreSQL: one count for all processes.

Slower than Redis by a commit, so only what guards passwords and codes uses it.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from .types import Decision

_TIMES = "SELECT extract(epoch FROM clock_timestamp())"
# What has left the window is deleted with the next use of its key; keys never used again wait for the retention job.
_FORGET = """
DELETE FROM security_limithit WHERE key_hash = %s::bytea AND created_at <= to_timestamp(%s::double precision)
"""
_LIST = "SELECT extract(epoch FROM created_at) FROM security_limithit WHERE key_hash = %s::bytea ORDER BY created_at"
_COUNT = "INSERT INTO security_limithit (key_hash, created_at) VALUES (%s::bytea, to_timestamp(%s::double precision))"


def hit(*, key: str, limit: int, window_s: float) -> Decision:
    """Count one use of `key` in a sliding window, unless it is used up.

    Uses of one key take turns under an advisory lock, and the time is read after the wait, so of any number of
    parallel uses exactly `limit` pass. Call it outside a transaction: inside one the count is lost with a rollback
    and the key stays locked until the end. Raises OperationalError when PostgreSQL is away too.
    """
    hashed = salted_hmac("security.limit", key, algorithm="sha256").digest()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::bigint)", [int.from_bytes(hashed[:8], "big", signed=True)])
        cursor.execute(_TIMES)
        now = float(cursor.fetchone()[0])
        cursor.execute(_FORGET, [hashed, now - window_s])
        cursor.execute(_LIST, [hashed])
        times = [float(row[0]) for row in cursor.fetchall()]
        if len(times) >= limit:
            return Decision(False, limit, 0, times[0] + window_s - now, times[-1] + window_s - now)
        cursor.execute(_COUNT, [hashed, now])
    return Decision(True, limit, limit - len(times) - 1, 0.0, window_s)

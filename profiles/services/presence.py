"""Writing down who is online: what the sightings in Redis say, as far as it changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from redis import RedisError

from pairly.common import redis_health, sightings

# Listings whose hour is moved on in one run: at the full hour everybody's is due.
HOURS_AT_ONCE = 5_000

_CAME = """
INSERT INTO profiles_presence AS p (user_id, is_online, last_seen_at)
SELECT u.id, true, %(now)s
  FROM unnest(%(online)s::bigint[]) AS o(id)
  JOIN users_user u ON u.id = o.id AND u.is_active
  LEFT JOIN profiles_presence old ON old.user_id = u.id
 WHERE old.user_id IS NULL OR NOT old.is_online
 ORDER BY u.id
ON CONFLICT (user_id) DO UPDATE SET is_online = true, last_seen_at = greatest(p.last_seen_at, excluded.last_seen_at)
 WHERE NOT p.is_online
RETURNING p.user_id
"""
# Of whom Redis knows nothing any more (it began empty, or nobody asked for an hour) now is the best guess.
_WENT = """
UPDATE profiles_presence p
   SET is_online = false, last_seen_at = greatest(p.last_seen_at, coalesce(gone.seen_at, %(now)s))
  FROM (SELECT o.user_id, past.seen_at FROM profiles_presence o
          LEFT JOIN unnest(%(past)s::bigint[], %(seen)s::timestamptz[]) AS past(id, seen_at) ON past.id = o.user_id
         WHERE o.is_online AND o.user_id <> ALL (%(online)s::bigint[])) AS gone
 WHERE p.user_id = gone.user_id AND p.is_online
RETURNING p.user_id
"""
# What discovery shows follows the switches: those of the profile's trigger for what is switched off at this moment.
_LISTED_ONLINE = """
UPDATE profiles_listing l SET is_online = true
  FROM profiles_profile p
 WHERE p.id = l.profile_id AND p.shows_online AND l.is_shown AND NOT l.is_online
   AND l.user_id = ANY (%(online)s::bigint[])
"""
_LISTED_OFFLINE = """
UPDATE profiles_listing l SET is_online = false
 WHERE l.is_shown AND l.is_online AND l.user_id <> ALL (%(online)s::bigint[])
"""
_LISTED_HOUR = """
UPDATE profiles_listing l SET active_at = %(hour)s
  FROM (SELECT due.profile_id FROM profiles_listing due JOIN profiles_profile p ON p.id = due.profile_id
         WHERE p.shows_online AND p.shows_last_seen AND due.is_shown AND due.active_at < %(hour)s
           AND due.user_id = ANY (%(online)s::bigint[])
         LIMIT %(limit)s) AS due
 WHERE l.profile_id = due.profile_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """Whose presence changed, by primary key."""

    came: list[int] = field(default_factory=list)
    went: list[int] = field(default_factory=list)


def move(*, at: float | None = None) -> Moved:
    """Bring `profiles_presence` and the listings to what Redis says (as of `at`, Unix seconds; default: now): in sets,
    and only rows that change. Each coming and going is answered once, however many run at a time: one runs, the
    others answer nothing. While Redis is away everything stays as it is.
    """
    now = time.time() if at is None else at
    if redis_health.is_away():
        return Moved()
    try:
        until = sightings.list_until()
        moved = _write(until, now=now)
        sightings.forget_past(before=now - sightings.KEPT_SECONDS)
    except RedisError as error:
        redis_health.note_failure(error=error)
        return Moved()
    return moved


@transaction.atomic
def _write(until: dict[int, float], *, now: float) -> Moved:
    past = {user_id: end for user_id, end in until.items() if end <= now}
    at = datetime.fromtimestamp(now, UTC)
    values: dict[str, Any] = {
        "now": at,
        "hour": at.replace(minute=0, second=0, microsecond=0),
        "online": [user_id for user_id, end in until.items() if end > now],
        "past": list(past),
        "seen": [datetime.fromtimestamp(end - sightings.ONLINE_SECONDS, UTC) for end in past.values()],
        "limit": HOURS_AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('profiles.presence', 0))")
        row = cursor.fetchone()
        if not row or not row[0]:
            return Moved()
        cursor.execute(_CAME, values)
        came = [user_id for (user_id,) in cursor.fetchall()]
        cursor.execute(_WENT, values)
        went = [user_id for (user_id,) in cursor.fetchall()]
        for statement in (_LISTED_ONLINE, _LISTED_OFFLINE, _LISTED_HOUR):
            cursor.execute(statement, values)
    return Moved(came=came, went=went)

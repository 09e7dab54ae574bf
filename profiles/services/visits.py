"""Who looked at whose page, and how many people did.

Looking is reading, and reading changes nothing in the database: looks wait in a Redis set, one entry a viewer, profile
and day of UTC, and a job moves them on. A look that Redis loses is a look that is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from redis import RedisError, ResponseError

from pairly.common import redis_health
from pairly.common.redis import get_client, key
from pairly.common.sql import call_row
from security.identifiers import keyed_hash
from users.models import User

from ..constants import VISITS_KEPT_DAYS
from ..models import Profile, Visit

BATCH = 2_000

# One statement: a visit a pair, whose days count when they are new, and the viewers who have never counted before.
# Who was erased or hidden, blocks or is blocked, or is the owner does not count. The day of a look says when it was;
# a look of today was just now.
_MOVE = """
WITH looks AS (
    SELECT l.profile_id, l.visitor_id, l.day, l.pair_hash, coalesce(own.leaves_visits, false) AS is_shown,
           least(now(), (l.day + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 second') AS at
      FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bytea[]) AS l(profile_id, visitor_id, day, pair_hash)
      JOIN profiles_profile p ON p.id = l.profile_id AND p.user_id <> l.visitor_id
      JOIN users_user u ON u.id = l.visitor_id AND u.is_active
      LEFT JOIN profiles_profile own ON own.user_id = u.id
     WHERE NOT EXISTS (SELECT FROM users_block b WHERE b.blocker_id = p.user_id AND b.blocked_id = u.id)
       AND NOT EXISTS (SELECT FROM users_block b WHERE b.blocker_id = u.id AND b.blocked_id = p.user_id)
       AND NOT EXISTS (SELECT FROM users_restriction r
                        WHERE r.user_id = u.id AND r.kind IN ('hide', 'suspension') AND r.lifted_at IS NULL
                          AND (r.until IS NULL OR r.until > now()))
), visits AS (
    INSERT INTO profiles_visit AS v (profile_id, visitor_id, is_shown, n_days, first_at, last_at)
    SELECT profile_id, visitor_id, bool_and(is_shown), count(*), min(at), max(at)
      FROM looks GROUP BY profile_id, visitor_id ORDER BY profile_id, visitor_id
    ON CONFLICT (profile_id, visitor_id) DO UPDATE SET
        is_shown = excluded.is_shown,
        n_days = v.n_days + (SELECT count(*) FROM looks l WHERE l.profile_id = v.profile_id
                             AND l.visitor_id = v.visitor_id AND l.day > (v.last_at AT TIME ZONE 'UTC')::date),
        last_at = greatest(v.last_at, excluded.last_at)
    RETURNING 1
), viewers AS (
    INSERT INTO profiles_viewer (profile_id, pair_hash)
    SELECT DISTINCT profile_id, pair_hash FROM looks ORDER BY profile_id, pair_hash
    ON CONFLICT (profile_id, pair_hash) DO NOTHING
    RETURNING profile_id
), counted AS (
    UPDATE profiles_profile p SET view_count = p.view_count + n.n
      FROM (SELECT profile_id, count(*) AS n FROM viewers GROUP BY profile_id) n WHERE p.id = n.profile_id
)
SELECT (SELECT count(*) FROM visits), (SELECT count(*) FROM viewers)
"""


class Look(NamedTuple):
    """`visitor_id` (of a user) looked at a profile on a day of UTC."""

    profile_id: int
    visitor_id: int
    day: date


def note_look(*, user: User | None, profile: Profile) -> None:
    """`user` looks at a profile that they may see. One's own and visitors without an account leave nothing.

    Never fails, and never writes to the database.
    """
    if user is None or user.pk == profile.user_id or redis_health.is_away():
        return
    entry = f"{profile.pk}:{user.pk}:{datetime.now(UTC):%Y-%m-%d}"
    try:
        get_client().sadd(_waiting(), entry)
    except RedisError as error:
        redis_health.note_failure(error=error)


def flush() -> int:
    """Move the looks that wait into the database; returns how many people count who did not before.

    First the set gets another name, then its entries are moved a batch at a time and each batch is forgotten once it
    is committed. After a crash the next run begins with what is left: moving a look again changes nothing.
    """
    n_new = 0
    try:
        n_new += _move_all()  # what a crash left
        if _put_aside():
            n_new += _move_all()
    except RedisError as error:
        redis_health.note_failure(error=error)
    return n_new


def retain() -> int:
    """Forget visits after VISITS_KEPT_DAYS; the count of viewers stays. Returns how many."""
    before = timezone.now() - timedelta(days=VISITS_KEPT_DAYS)
    return Visit.objects.filter(last_at__lt=before).delete()[0]


def _waiting() -> str:
    return key("looks")


def _moving() -> str:
    return key("looks", "moving")


def _put_aside() -> bool:
    """Another flush may do so at the same time, and both go on with the same set."""
    try:
        return bool(get_client().renamenx(_waiting(), _moving()))
    except ResponseError:  # there is no such key: nobody looked at anybody
        return False


def _move_all() -> int:
    n_new = 0
    while entries := _next_batch():
        n_new += record(looks={look for look in map(_read, entries) if look is not None})
        get_client().srem(_moving(), *entries)
    return n_new


def _next_batch() -> list[str]:
    found = get_client().srandmember(_moving(), BATCH)
    return [str(entry) for entry in found] if isinstance(found, list) else []


def _read(entry: str) -> Look | None:
    profile_id, _colon, rest = entry.partition(":")
    visitor_id, _colon, day = rest.partition(":")
    try:
        return Look(int(profile_id), int(visitor_id), date.fromisoformat(day))
    except ValueError:
        return None


@transaction.atomic
def record(*, looks: Iterable[Look]) -> int:
    """Write down who looked, as a flush does; returns how many people count who did not before. Again changes nothing.

    Flushes take turns: two statements at once would lock the same profiles in different orders.
    """
    rows = sorted(looks)
    hashes = [keyed_hash(identifier=f"viewer:{look.profile_id}:{look.visitor_id}") for look in rows]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('profiles.looks', 0))")
    columns = [[look.profile_id for look in rows], [look.visitor_id for look in rows], [look.day for look in rows]]
    _n_visits, n_new = call_row(sql=_MOVE, params=[*columns, hashes])
    return int(n_new)

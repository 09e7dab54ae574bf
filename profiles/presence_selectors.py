"""Who is online and when somebody was last seen, as others may know it.

The truth is in Redis (`pairly.common.sightings`), and in `profiles_presence` as of the last time the job wrote it down
(`services.presence`), which stands in while Redis is away.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis import RedisError

from pairly.common import redis_health, sightings
from users.models import User

from .models import Presence, Profile
from .types import NOT_SEEN, Seen
from .visibility import without_hidden


def attach(*, user: User | None, profiles: Collection[Profile]) -> None:
    """Fill `seen` of profiles that a selector gave `user`: one round trip to Redis, and one query where last seen
    is to be told.

    Being online is told to everybody who sees the profile. When they were last seen is told by who shows both, to who
    shows both: hours and minutes would tell that they were online, and nobody looks without being seen.
    """
    until = _find_until({profile.user_id for profile in profiles if profile.shows_online})
    now = time.time()
    online = {one for one, end in until.items() if end > now} if until is not None else set()
    asked = [
        profile.user_id
        for profile in profiles
        if profile.shows_online and profile.user_id not in online and (until is None or user is not None)
    ]
    written = _find_written(user=user, user_ids=asked)
    for profile in profiles:
        profile.seen = _as_shown(profile, until, written, now=now)


def _find_until(user_ids: Collection[int]) -> dict[int, float] | None:
    """Until when each is online; None while Redis is away."""
    if redis_health.is_away():
        return None
    try:
        return sightings.online_until(user_ids=user_ids)
    except RedisError as error:
        redis_health.note_failure(error=error)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written:
    rows: dict[int, Presence]
    is_told: bool  # whether `user` shares when they were last seen, and is told it of others


def _find_written(*, user: User | None, user_ids: Collection[int]) -> _Written:
    if not user_ids:
        return _Written(rows={}, is_told=False)
    wanted = {*user_ids, user.pk} if user is not None else set(user_ids)
    # The viewer's own switch comes with the rows: one query.
    flags = Profile.objects.filter(user_id__in=wanted).values_list(
        "user_id", "shows_online", "shows_last_seen", "user__presence__is_online", "user__presence__last_seen_at"
    )
    rows, is_told = {}, False
    for user_id, shows_online, shows_last_seen, is_online, last_seen_at in flags:
        if user is not None and user_id == user.pk:
            is_told = shows_online and shows_last_seen
        if last_seen_at is not None:
            rows[user_id] = Presence(user_id=user_id, is_online=is_online, last_seen_at=last_seen_at)
    return _Written(rows=rows, is_told=is_told)


def _as_shown(profile: Profile, until: dict[int, float] | None, written: _Written, *, now: float) -> Seen:
    end = (until or {}).get(profile.user_id)
    row = written.rows.get(profile.user_id)
    is_online = (end is not None and end > now) if until is not None else bool(row and row.is_online)
    if not profile.shows_online:
        return NOT_SEEN
    if is_online:
        return Seen(is_online=True)
    if not (profile.shows_last_seen and written.is_told):
        return NOT_SEEN
    times = [row.last_seen_at] if row is not None else []
    if end is not None:
        times.append(datetime.fromtimestamp(end - sightings.ONLINE_SECONDS, UTC))
    return Seen(last_seen_at=coarse(max(times), now=datetime.fromtimestamp(now, UTC)) if times else None)


def coarse(at: datetime, *, now: datetime) -> datetime:
    """`at` as exactly as others may know it: the minute in the last hour, the hour in the last day, else the day."""
    at = at.astimezone(UTC).replace(second=0, microsecond=0)
    if now - at < timedelta(hours=1):
        return at
    at = at.replace(minute=0)
    return at if now - at < timedelta(days=1) else at.replace(hour=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """How the presence of one person shows to whoever may see it; `last_seen_at` only for those who share theirs."""

    user_id: int
    uid: uuid.UUID
    shows_online: bool
    seen: Seen


def list_shown(*, user_ids: Collection[int]) -> list[Shown]:
    """How these people show now, for the job that tells others: it speaks for nobody, so it asks for the switches and
    for what hides people, not for blocks. Hidden people show nothing."""
    rows = Profile.objects.filter(user_id__in=user_ids).select_related("user", "user__presence")
    visible = set(without_hidden(rows.filter(user__is_active=True), column="user_id").values_list("user_id", flat=True))
    until, now = _find_until(user_ids), time.time()
    found = []
    for profile in rows:
        presence: Presence | None = getattr(profile.user, "presence", None)
        written = _Written(rows={profile.user_id: presence} if presence else {}, is_told=True)
        is_visible = profile.user_id in visible
        seen = _as_shown(profile, until, written, now=now) if is_visible else NOT_SEEN
        shows_online = profile.shows_online and is_visible
        found.append(Shown(user_id=profile.user_id, uid=profile.user.uid, shows_online=shows_online, seen=seen))
    return found


def list_sharing(*, user_ids: Collection[int]) -> set[int]:
    """Which of these people share when they were last seen, and so are told it of others."""
    rows = Profile.objects.filter(user_id__in=user_ids, shows_online=True, shows_last_seen=True)
    return set(rows.values_list("user_id", flat=True))

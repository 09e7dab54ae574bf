"""Who is about: a set in Redis of people and until when each counts as online, told in batches.

A request or an open socket is a sighting. Noting one costs a request nothing: it is written down in the process, and a
thread of its own tells Redis of all of them at once, every `PRESENCE_FLUSH_SECONDS` and only while there are any.
Each sighting says until when it holds, and the latest end counts (ZADD GT), so sockets and processes need not know of
each other, and who was held by a process that was killed goes offline when that time has come.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

import structlog
from django.conf import settings
from redis import RedisError

from . import redis_health
from .redis import get_client, key

log = structlog.get_logger(__name__)

# How long after a request somebody counts as online.
ONLINE_SECONDS = 120
# How long a socket holds after its process was last heard of: some turns of the thread.
SOCKET_SECONDS = 45
# How long it is remembered when somebody went: the job that writes it down is that late at most.
KEPT_SECONDS = 3_600
_PAIRS_AT_ONCE = 2_000


class Sightings:
    """The sightings of one process; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[int, float] = {}
        self._sockets: Counter[int] = Counter()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def note(self, *, user_id: int) -> None:
        """Somebody asked for something just now. Neither fails nor waits for anything."""
        with self._lock:
            self._until[user_id] = time.time() + ONLINE_SECONDS
        self._begin()

    def enter(self, *, user_id: int) -> None:
        """A socket of theirs is ready, until `leave`."""
        with self._lock:
            self._sockets[user_id] += 1
        self._begin()

    def leave(self, *, user_id: int) -> None:
        with self._lock:
            self._sockets[user_id] -= 1
            if self._sockets[user_id] <= 0:
                del self._sockets[user_id]

    def flush(self) -> int:
        """Tell Redis of everybody since the last time, in one round trip; gives how many. What Redis does not take is
        forgotten: the next sighting tells it again."""
        told = self._take()
        if not told or redis_health.is_away():
            return 0
        pairs = list(told.items())
        try:
            with get_client().pipeline(transaction=False) as pipe:
                for at in range(0, len(pairs), _PAIRS_AT_ONCE):
                    some = {str(user): until for user, until in pairs[at : at + _PAIRS_AT_ONCE]}
                    pipe.zadd(_key(), some, gt=True)
                pipe.execute()
        except RedisError as error:
            redis_health.note_failure(error=error)
            return 0
        return len(told)

    def _take(self) -> dict[int, float]:
        held_until = time.time() + SOCKET_SECONDS
        with self._lock:
            told, self._until = self._until, {}
            for user_id in self._sockets:
                told[user_id] = max(told.get(user_id, 0.0), held_until)
        return told

    def _begin(self) -> None:
        """Have the thread run. Tests that flush by hand turn it off with 0 seconds."""
        if self._thread is not None or not settings.PRESENCE_FLUSH_SECONDS:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sightings", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        """Ends when nobody is about, so an idle process has no thread for it."""
        while True:
            self._stop.wait(settings.PRESENCE_FLUSH_SECONDS)
            try:
                self.flush()
            except Exception as error:  # whatever it is: the next turn tells it
                log.warning("sightings_not_told", error=type(error).__name__)
            with self._lock:
                if not self._until and not self._sockets:
                    self._thread = None
                    return


sightings = Sightings()


def online_until(*, user_ids: Collection[int]) -> dict[int, float]:
    """Until when each of these people counts as online (Unix seconds, maybe past); who was not seen for an hour is
    left out. One round trip. Raises redis.RedisError."""
    if not user_ids:
        return {}
    wanted = list(user_ids)
    found: Iterable[float | None] = get_client().zmscore(_key(), [str(user_id) for user_id in wanted])
    return {user_id: until for user_id, until in zip(wanted, found, strict=True) if until is not None}


def list_until() -> dict[int, float]:
    """The same of everybody; for the job that writes it down. Raises redis.RedisError."""
    found: Any = get_client().zrange(_key(), 0, -1, withscores=True)
    return {int(user_id): until for user_id, until in found}


def forget_past(*, before: float) -> None:
    """Let go of who went offline before then (Unix seconds). Raises redis.RedisError."""
    get_client().zremrangebyscore(_key(), "-inf", f"({before}")


def forget(*, user_id: int) -> None:
    """Let go of one person, as far as Redis is there; the rest lets go of them in an hour."""
    if redis_health.is_away():
        return
    try:
        get_client().zrem(_key(), str(user_id))
    except RedisError as error:
        redis_health.note_failure(error=error)


def _key() -> str:
    return key("presence")

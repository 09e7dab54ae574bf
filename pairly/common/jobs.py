"""When each periodic job ended well last: a note in Redis, for the metrics. A lost one is written again soon."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from redis import RedisError

from . import redis_health
from .redis import get_client, key


class Run(NamedTuple):
    """`ended_at` in Unix seconds; `result` if the job answers with a number."""

    ended_at: float
    result: int | None


def note_run(*, name: str, result: Any) -> None:
    """The job ended well just now. Never raises for Redis."""
    if redis_health.is_away():
        return
    shown = str(result) if type(result) is int else ""
    try:
        get_client().hset(_key(), name, f"{time.time():.3f} {shown}")
    except RedisError as error:
        redis_health.note_failure(error=error)


def list_runs() -> dict[str, Run]:
    """The last good run of each job. Raises redis.RedisError."""
    found: Any = get_client().hgetall(_key())
    runs = {}
    for name, note in found.items():
        at, _space, result = str(note).partition(" ")
        runs[str(name)] = Run(float(at), int(result) if result else None)
    return runs


def _key() -> str:
    return key("jobs")

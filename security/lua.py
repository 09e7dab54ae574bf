"""Lua scripts on Redis with a short memory of failure.

`run` returns None when Redis cannot answer; the caller then uses its in-process limit. After a failure Redis
is left alone for REDIS_PAUSE_SECONDS, so that a hung server costs one timeout and not one per request.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

import redis
import structlog

from pairly.common.redis import get_client

from .constants import REDIS_PAUSE_SECONDS

log = structlog.get_logger(__name__)


class Script:
    """One script, sent by its SHA-1 and loaded when the server does not know it."""

    def __init__(self, source: str) -> None:
        self._source = source
        # EVALSHA names a script by SHA-1; the digest protects nothing.
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, *, keys: Sequence[str], args: Sequence[str | int]) -> list[int] | None:
        """The script's integers, or None when Redis is away."""
        if _breaker.is_open():
            return None
        try:
            return [int(value) for value in self._evaluate([*keys, *map(str, args)], len(keys))]
        except redis.RedisError as error:
            _breaker.trip(error)
            return None

    def _evaluate(self, values: list[str], n_keys: int) -> list[int]:
        client = get_client()
        try:
            answer = client.evalsha(self._sha, n_keys, *values)
        except redis.exceptions.NoScriptError:
            answer = client.eval(self._source, n_keys, *values)
        if not isinstance(answer, list):
            raise redis.ResponseError("a limit script answers a list")
        return answer


class _Breaker:
    """Races between threads are harmless here: at worst one more request asks Redis."""

    def __init__(self) -> None:
        self._closed_again_at = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self._closed_again_at

    def trip(self, error: Exception) -> None:
        self._closed_again_at = time.monotonic() + REDIS_PAUSE_SECONDS
        log.warning("limits_without_redis", error=type(error).__name__)

    def reset(self) -> None:
        self._closed_again_at = 0.0


_breaker = _Breaker()


def forget_failure() -> None:
    """Ask Redis again at once."""
    _breaker.reset()

"""Lua scripts on Redis; the caller has an in-process answer for the time Redis has none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import redis

from pairly.common import redis_health
from pairly.common.redis import get_client


class Script:
    """One script, sent by its SHA-1 and loaded when the server does not know it."""

    def __init__(self, source: str) -> None:
        self._source = source
        # EVALSHA names a script by SHA-1; the digest protects nothing.
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, *, keys: Sequence[str], args: Sequence[str | int]) -> list[int] | None:
        """The script's integers, or None when Redis is away."""
        if redis_health.is_away():
            return None
        try:
            return [int(value) for value in self._evaluate([*keys, *map(str, args)], len(keys))]
        except redis.RedisError as error:
            redis_health.note_failure(error=error)
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

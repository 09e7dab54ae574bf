"""Django's sessions in PostgreSQL, read through Redis, that do without Redis when it is away.

The stock `cached_db` fails a request when the cache cannot be written after a miss, and waits for the timeout
at each call. A Django session that Redis could not forget is harmless: the sign-in behind it has ended.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore as CachedSessionStore
from django.core.cache import caches
from redis.exceptions import RedisError

from pairly.common import redis_health


class _PatientCache:
    """The three calls the session store makes, answered as a miss when Redis is away."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def get(self, key: str) -> Any:
        return self._call("get", key)

    def set(self, key: str, value: Any, timeout: int | None = None) -> None:
        self._call("set", key, value, timeout)

    def delete(self, key: str) -> None:
        self._call("delete", key)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def _call(self, method: str, *args: Any) -> Any:
        if redis_health.is_away():
            return None
        try:
            return getattr(self._cache, method)(*args)
        except RedisError as error:
            redis_health.note_failure(error=error)
            return None


class SessionStore(CachedSessionStore):
    """The setting SESSION_ENGINE names this module."""

    cache_key_prefix = "users.session."

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._cache: Any = _PatientCache(caches[settings.SESSION_CACHE_ALIAS])

"""Django's sessions in PostgreSQL, read through Redis, that do without Redis when it is away.

The stock `cached_db` fails a request when the cache cannot be written after a miss, and waits for the timeout
at each call. A Django session that Redis could not forget is harmless: the sign-in behind it has ended.

PostgreSQL and Redis know a session by the hash of its key: who reads a backup has no cookie to sign in with. The key
has 165 random bits, so a plain hash is enough.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore as CachedSessionStore
from django.core.cache import caches
from django.utils import timezone
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

    @property
    def cache_key(self) -> str:
        """Under what Redis keeps this session."""
        key: str = getattr(self, "_get_or_create_session_key")()  # noqa: B009 - unknown to the stubs
        return f"{self.cache_key_prefix}{_stored(key)}"

    def exists(self, session_key: str | None) -> bool:
        """Whether a session has this key."""
        return bool(session_key) and bool(super().exists(_stored(str(session_key))))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row to be saved."""
        row = super().create_model_instance(data)
        row.session_key = _stored(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Forget a session, by default this one."""
        key = session_key or self.session_key
        if key is not None:
            super().delete(_stored(key))

    def _get_session_from_db(self) -> Any:
        """As the parent's, which asks for `self.session_key`."""
        key = self._session_key
        row = (
            self.model.objects.filter(session_key=_stored(key), expire_date__gt=timezone.now()).first() if key else None
        )
        if row is None:
            self._session_key = None
        return row


def _stored(session_key: str) -> str:
    """What stands in the database for a key: as many hexadecimal digits as the column holds."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40]

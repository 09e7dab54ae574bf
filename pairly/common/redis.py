"""One Redis client a process, with short timeouts: a hung Redis must never hang a request."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def get_client(*, raw: bool = False) -> redis.Redis:
    """The shared client; `raw`: the one whose answers are bytes. Callers catch `redis.RedisError` and fall back;
    nothing here retries.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=not raw,
    )


def key(*parts: str) -> str:
    """A key under the product's prefix."""
    return ":".join((settings.REDIS_PREFIX, *parts))

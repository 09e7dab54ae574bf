"""A cache of ended sign-ins in Redis, by the SHA-256 of their family: what is listed is refused without a query.

The truth is PostgreSQL alone. An entry lives as long as the last access token that could name the family; a Redis
that is away, or was emptied, costs the shortcut and nothing else. It costs each request with a token one GET, and
saves the query of those whose sign-in has just ended.
"""

from __future__ import annotations

import hashlib
import uuid

import redis
from django.conf import settings
from django.db import transaction

from pairly.common import redis_health
from pairly.common.redis import get_client
from pairly.common.redis import key as redis_key


def note(*, family: uuid.UUID) -> None:
    """List a family that ended, once the transaction commits."""

    def write() -> None:
        if redis_health.is_away():
            return
        try:
            get_client().set(_key(family), 1, ex=int(settings.ACCESS_TOKEN_MINUTES) * 60)
        except redis.RedisError as error:
            redis_health.note_failure(error=error)

    transaction.on_commit(write, robust=True)


def is_noted(*, family: uuid.UUID) -> bool:
    """Whether a family is listed; False says nothing. Never raises for Redis."""
    if redis_health.is_away():
        return False
    try:
        return get_client().get(_key(family)) is not None
    except redis.RedisError as error:
        redis_health.note_failure(error=error)
        return False


def _key(family: uuid.UUID) -> str:
    return redis_key("revoked", hashlib.sha256(family.bytes).hexdigest())

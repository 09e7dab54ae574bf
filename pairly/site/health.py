"""Is every part there? Each check is quick and none may hang."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypedDict

import redis as redis_package
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection

from pairly.common.redis import get_client


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    try:
        return bool(get_client().ping())
    except redis_package.RedisError:
        return False


def _worker() -> bool:
    """A worker answers a ping over the broker within half a second."""
    try:
        return bool(current_app.control.ping(timeout=0.5, limit=1))
    except Exception:  # any failure of the broker means that we cannot know: not fine
        return False


def _storage() -> bool:
    try:
        settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(settings.MEDIA_ROOT, os.W_OK)


def _mail() -> bool:
    """Mails leave through the outbox; what counts here is that none has waited for an hour past its time."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT NOT EXISTS (SELECT 1 FROM outbox_outboxrow WHERE state = 'pending' "
                "AND created_at < now() - interval '1 hour' AND NOT (n_tries = 0 AND deliver_at > now()))"
            )
            row = cursor.fetchone()
    except DatabaseError:
        return False
    return bool(row and row[0])


class Health(TypedDict):
    """`status` is `ok` or `degraded`; each check is `ok` or `failed`."""

    status: str
    checks: dict[str, str]


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "redis": _redis,
    "worker": _worker,
    "storage": _storage,
    "mail": _mail,
}


def check() -> Health:
    """The health document: `status` is `ok` when every check is."""
    checks = {name: "ok" if run() else "failed" for name, run in CHECKS.items()}
    return {"status": "ok" if set(checks.values()) == {"ok"} else "degraded", "checks": checks}

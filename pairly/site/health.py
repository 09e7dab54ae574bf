"""Is every part there? The checks run beside one another, each at most once at a time; what does not answer in time is
not there. Callers of one moment share one round, so neither many callers nor a part that hangs pile up threads.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TypedDict, cast

import structlog
from celery import current_app
from django.conf import settings
from django.core import mail
from django.core.files.storage import FileSystemStorage, storages
from django.core.mail.backends.smtp import EmailBackend
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from pairly.common import database_health
from pairly.common.postgres.base import Connection, DatabaseWrapper
from pairly.common.process_state import is_draining
from pairly.common.redis import get_client

CHECK_SECONDS = 2.0
# A round is the answer for this long.
FRESH_SECONDS = 1.0
CONNECT_SECONDS = 1
MAIL_SECONDS = 1
# A mail server is not bothered at each look at our health.
MAIL_FRESH_SECONDS = 3.0

log = structlog.get_logger(__name__)

_MAILS_ARE_LATE = (
    "SELECT EXISTS (SELECT 1 FROM outbox_outboxrow WHERE state = 'pending' "
    "AND created_at < now() - interval '1 hour' AND NOT (n_tries = 0 AND deliver_at > now()))"
)


class Health(TypedDict):
    """`status` is `ok` or `degraded`; each check is `ok` or `failed`."""

    status: str
    checks: dict[str, str]


def _connect() -> Connection:
    """A connection of our own: the pool's may all be busy, which is no failure of the database."""
    return cast(DatabaseWrapper, connections["default"]).connect_apart(seconds=CONNECT_SECONDS)


def _database() -> bool:
    with _connect() as connection:
        connection.execute("SELECT 1")
    database_health.note_answer()
    return True


def _redis() -> bool:
    return bool(get_client().ping())


def _worker() -> bool:
    """A worker answers a ping over the broker within half a second."""
    return bool(current_app.control.ping(timeout=0.5, limit=1))


def _storage() -> bool:
    if not isinstance(storages["private"], FileSystemStorage):
        storages["private"].exists("health")  # whether or not: the bucket answers
        return True
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    return os.access(settings.MEDIA_ROOT, os.W_OK)


_mail_server_answered_at = float("-inf")


def _mail() -> bool:
    """The mail server says hello, and no mail of the outbox has waited for an hour past its time."""
    return _mail_server_answers() and not _mails_are_late()


def _mail_server_answers() -> bool:
    global _mail_server_answered_at
    transport = mail.get_connection(timeout=MAIL_SECONDS)
    if isinstance(transport, EmailBackend) and time.monotonic() - _mail_server_answered_at > MAIL_FRESH_SECONDS:
        with transport:  # connects, and signs in where that is set up
            _mail_server_answered_at = time.monotonic()
    return True


def _mails_are_late() -> bool:
    with _connect() as connection:
        row = connection.execute(_MAILS_ARE_LATE).fetchone()
    return bool(row and row[0])


class _Check:
    """One check in a thread of its own, never twice at a time."""

    def __init__(self, name: str, run: Callable[[], bool]) -> None:
        self._name, self._run = name, run
        self._is_running = threading.Lock()
        self._found: bool | None = None
        self._last_error = ""
        self._done = threading.Event()

    def start(self) -> None:
        """Begin, unless the last run has not ended yet: then that one is waited for again."""
        if self._is_running.acquire(blocking=False):
            self._done.clear()
            self._found = None
            threading.Thread(target=self._work, name=f"health-{self._name}", daemon=True).start()

    def _work(self) -> None:
        try:
            self._found = self._run()
        except Exception as error:  # any failure means that we cannot know: not fine
            self._found = False
            before, self._last_error = self._last_error, repr(error)
            if self._last_error != before:  # once, not at every look
                log.warning("health_check_failed", check=self._name, error=self._last_error)
        else:
            self._last_error = ""
        finally:
            self._is_running.release()
            self._done.set()

    def is_fine(self, *, deadline: float) -> bool:
        """Whether it was well by then."""
        self._done.wait(max(0.0, deadline - time.monotonic()))
        return self._found is True


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "redis": _redis,
    "worker": _worker,
    "storage": _storage,
    "mail": _mail,
}


class Rounds:
    """Rounds of checks, one at a time, each the answer to all who ask meanwhile and for FRESH_SECONDS after."""

    def __init__(self, checks: dict[str, Callable[[], bool]]) -> None:
        self._checks = {name: _Check(name, run) for name, run in checks.items()}
        self._turn = threading.Lock()
        self._last: Health | None = None
        self._ended_at = float("-inf")

    def get(self) -> Health:
        """The newest document, at most a round and FRESH_SECONDS old. Takes CHECK_SECONDS at the most."""
        with self._turn:
            if self._last is None or time.monotonic() - self._ended_at > FRESH_SECONDS:
                self._last = self._look()
                self._ended_at = time.monotonic()
            return self._last

    def _look(self) -> Health:
        deadline = time.monotonic() + CHECK_SECONDS
        for each in self._checks.values():
            each.start()
        found = {name: "ok" if each.is_fine(deadline=deadline) else "failed" for name, each in self._checks.items()}
        return {"status": "ok" if set(found.values()) == {"ok"} else "degraded", "checks": found}


_rounds = Rounds(CHECKS)


def check() -> Health:
    """The health document: `status` is `ok` when every check is."""
    return _rounds.get()


_is_migrated = False


def _migrations() -> bool:
    """The database has every migration that this code knows; looked at until it is so."""
    global _is_migrated
    if not _is_migrated:
        with _connect() as connection:
            applied = {(row[0], row[1]) for row in connection.execute("SELECT app, name FROM django_migrations")}
        _is_migrated = set(MigrationLoader(None).disk_migrations) <= applied
    return _is_migrated


READY_CHECKS: dict[str, Callable[[], bool]] = {"database": _database, "migrations": _migrations}
_readiness = Rounds(READY_CHECKS)


def check_ready() -> Health:
    """Whether this process can serve: PostgreSQL answers, has our schema, and nobody asked the process to stop.

    Redis and mail may be away: Pairly works without them.
    """
    found = _readiness.get()
    checks = {**found["checks"], "draining": "failed" if is_draining() else "ok"}
    return {"status": "ok" if set(checks.values()) == {"ok"} else "unavailable", "checks": checks}


def forget() -> None:
    """Look anew at the next question."""
    global _rounds, _readiness, _mail_server_answered_at
    _rounds, _readiness = Rounds(CHECKS), Rounds(READY_CHECKS)
    _mail_server_answered_at = float("-inf")

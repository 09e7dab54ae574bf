"""Django's PostgreSQL backend that ends when PostgreSQL hangs. ENGINE names the package, Django imports this module.

A stopped server holds a query for ever: `statement_timeout` is the server's own clock, and TCP's time-outs do not run
while the kernel of the other side acknowledges. So the waiting itself has an end here, in the driver
(`database_health.limit_answers`). A connection without an answer is closed at once: what waits for it next, a rollback
for example, fails instead of waiting again. With all connections of a process silent, whoever waits for one of the
pool is told as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import errors, pq
from psycopg.abc import PQGen
from psycopg_pool import ConnectionPool

from pairly.common import database_health
from pairly.common.database_health import DatabaseAway, NoAnswer

RV = TypeVar("RV")
# psycopg's own: how often it looks up for Ctrl-C.
INTERVAL_SECONDS = 0.1


class Connection(psycopg.Connection[Any]):
    """A connection that waits for an answer no longer than this process may."""

    def wait(self, gen: PQGen[RV], interval: float = INTERVAL_SECONDS, timeout: float | None = None) -> RV:
        """As the parent's. Raises NoAnswer, with the connection closed, when there is none in time."""
        limit = database_health.answer_limit()
        if limit is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        since = time.monotonic()
        try:
            answer = super().wait(gen, interval, limit)
        except errors._WaitTimeout:
            self.pgconn.finish()
            silence = NoAnswer(f"no answer of PostgreSQL within {limit:g} s")
            if database_health.note_silence(since=since, error=silence):
                _pool_of(self, lose_waiting=silence)
            raise silence from None
        except psycopg.OperationalError:
            if self.pgconn.status == pq.ConnStatus.BAD:
                _pool_of(self)  # the server ended: what is idle in the pool ended with it
            raise
        database_health.note_answer()
        return answer


def _pool_of(connection: Connection, *, lose_waiting: Exception | None = None) -> None:
    pool = getattr(connection, "_pool", None)
    if isinstance(pool, Pool):
        pool.lose(error=lose_waiting)


class Pool(ConnectionPool[Connection]):
    """psycopg's pool, which tries to reconnect only when somebody wants a connection, and tells those who wait when
    there is none to be had. (The parent retries in the background at doubling intervals, so that after a minute away
    it would take another minute to notice that PostgreSQL is back.)
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"reconnect_timeout": 0.0, "connection_class": Connection, **options})

    def getconn(self, timeout: float | None = None) -> Connection:
        """As the parent's; raises DatabaseAway at once while PostgreSQL is left alone."""
        if database_health.is_refused():
            raise DatabaseAway("PostgreSQL is away")
        return super().getconn(timeout)

    def lose(self, *, error: Exception | None) -> None:
        """Close what is idle; with `error`, raise it in everybody who waits for a connection."""
        with self._lock:
            idle = list(self._pool)
            self._pool.clear()
            self._nconns -= len(idle)
            waiting = list(self._waiting) if error else []
            if error:
                self._waiting.clear()
        for client in waiting:
            client.fail(DatabaseAway("PostgreSQL is away"))
        for connection in idle:
            self._close_connection(connection)

    def _connect(self, timeout: float | None = None) -> Connection:
        if database_health.is_left_alone():
            raise DatabaseAway("PostgreSQL is away")
        since = time.monotonic()
        try:
            connection = super()._connect(timeout)
        except psycopg.OperationalError as error:
            if database_health.note_silence(since=since, error=error):
                self.lose(error=error)
            raise
        database_health.note_answer()
        return connection


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with our connection and our pool."""

    # Django's own; the stubs do not know them.
    _connection_pools: dict[str, Pool]
    _configure_connection: Callable[[psycopg.Connection[Any]], bool]

    @property
    def pool(self) -> Pool | None:
        """The process's pool, shared by its threads; None when the settings ask for none."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            pool = Pool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,  # opened by the first who needs a connection
                configure=self._configure_connection,
                **options,
            )
            self._connection_pools.setdefault(self.alias, pool)
        return self._connection_pools[self.alias]

    def connect_apart(self, *, seconds: int) -> Connection:
        """A new connection outside the pool, for a look at the server: `seconds` to connect, and nothing retried.

        The caller closes it. Raises psycopg.Error.
        """
        params = {**self.get_connection_params(), "autocommit": True, "connect_timeout": seconds}
        return Connection.connect(**params)

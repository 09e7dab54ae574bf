"""SQL functions: shipped as frozen files by migrations, called through Django's cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.operations import RunSQL


def run_sql_file(*, path: Path, reverse: str = RunSQL.noop) -> RunSQL:
    """A migration operation that runs one .sql file as it stands. The file is frozen once released."""
    return RunSQL(sql=path.read_text(encoding="utf-8"), reverse_sql=reverse)


def call_row(*, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Run one statement that yields exactly one row, on the default connection, and return it."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
    if row is None:
        raise LookupError("the statement returned no row")
    return tuple(row)


def call_value(*, sql: str, params: Sequence[Any] = ()) -> Any:
    """Run one statement that yields one value."""
    return call_row(sql=sql, params=params)[0]


def close_connections() -> None:
    """Give up this thread's connection and the process's pool; the next query opens both again."""
    connection.close()
    close_pool: Callable[[], None] = getattr(connection, "close_pool")  # noqa: B009 - PostgreSQL's, unknown to the stubs
    close_pool()

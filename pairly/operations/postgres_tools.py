"""pg_dump and pg_restore against the database, as its owner.

The connection goes to them by the environment: a command line is public. Both must be at least as new as the server
(pg_dump's manual, "Notes"), so the package's PostgreSQL 18 is preferred and the machine's taken for newer servers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from pairly.embedded import paths
from pairly.embedded.processes import StartFailed
from pairly.settings import environment

from .errors import OperationFailed

# libpq's parameters by the variables that it reads (PostgreSQL manual, "Environment Variables").
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def owner_url() -> str:
    """Where the schema's owner connects: straight to the server, for a dump holds one snapshot all the time."""
    if settings.EMBEDDED_DATABASE:
        return paths.database_url(settings.VAR_DIR, role="owner", name=settings.DATABASES["default"]["NAME"])
    return str(environment.DATABASE_OWNER_URL or environment.DATABASE_URL)


def owner_database() -> str:
    """Its name."""
    return str(conninfo_to_dict(owner_url()).get("dbname", ""))


@contextmanager
def owner_connection() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of the owner that commits each statement. Raises OperationFailed."""
    try:
        with psycopg.connect(owner_url(), autocommit=True, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as failure:
        raise OperationFailed(f"the database does not answer its owner (DATABASE_OWNER_URL): {failure}") from failure


def run(program: str, *arguments: str) -> str:
    """Run pg_dump or pg_restore on the owner's database; its output. Raises OperationFailed with what it said."""
    with owner_connection() as connection:
        path = _find(program, server_major=connection.info.server_version // 10_000)
    done = subprocess.run([path, *arguments], env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise OperationFailed(f"{program} failed:\n{done.stderr.strip()}")
    return done.stdout


def _environment() -> dict[str, str]:
    given = conninfo_to_dict(owner_url())
    connection = {name: str(given[key]) for key, name in _VARIABLES.items() if given.get(key)}
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "PGCONNECT_TIMEOUT": "10", **connection}


def _find(program: str, *, server_major: int) -> str:
    for path in (_packaged(program), shutil.which(program)):
        if path and _major(path) >= server_major:
            return path
    raise OperationFailed(f"{program} {server_major} or newer is needed, as the server is: install postgresql-client")


def _packaged(program: str) -> str | None:
    try:
        path = paths.postgres_binary(program)
    except StartFailed:
        return None
    return str(path) if path.exists() else None


def _major(path: str) -> int:
    """Of "pg_dump (PostgreSQL) 18.1 (Debian 18.1-1)"."""
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    digits = done.stdout.partition(") ")[2].split(".")[0].split()
    return int(digits[0]) if digits and digits[0].isdigit() else 0

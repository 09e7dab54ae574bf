"""Databases of the test run: one template with the migrated schema, clones of it in 0.1 s."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from pairly.embedded import paths, secrets

ROOT = Path(__file__).resolve().parents[2]


SCHEMA_SOURCES = (
    "*/migrations/*.py",
    "*/*/migrations/*.py",
    "*/sql/*.sql",
    "*/models.py",
    "*/*/models.py",
    "users/roles.py",
    "users/services/staff_groups.py",
    "pairly/management/commands/migrate.py",
    "deploy/postgres/roles.sql",
    "requirements.txt",
)
# The controlling process' choice, for its workers: an edited migration must not make them build another one.
TEMPLATE_VARIABLE = "PAIRLY_TEST_TEMPLATE"


def schema_digest() -> str:
    """Changes with every migration, SQL file, model, package version, with the roles and the `migrate` command."""
    files = sorted({path for pattern in SCHEMA_SOURCES for path in ROOT.glob(pattern)})
    digest = hashlib.sha256()
    for path in files:
        if "node_modules" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@contextmanager
def _admin(var_dir: Path) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    url = paths.database_url(var_dir, role="admin", name="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def ensure_template(var_dir: Path) -> str:
    """Name of the migrated template; made once per schema, older ones and what a killed run left are dropped."""
    name = f"pairly_template_{schema_digest()}"
    with _admin(var_dir) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'pairly\\_t%'").fetchall()
        found = {str(row[0]) for row in rows}
        for old in found - {name}:
            _drop(connection, old)
        if name not in found:
            making = "pairly_making"
            _drop(connection, making)
            connection.execute(f"CREATE DATABASE {making} OWNER {paths.ROLES['owner']}")
            _migrate(var_dir, making)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (making, name))))
    os.environ[TEMPLATE_VARIABLE] = name
    return name


def server_environment(var_dir: Path, *, name: str, role: str = "app") -> dict[str, str]:
    """The environment of a process that works on database `name` of the test server."""
    url = paths.database_url(var_dir, role=role, name=name)
    limits = ("LIMIT_ANONYMOUS_PER_MINUTE", "LIMIT_ACCOUNT_PER_MINUTE", "LIMIT_BAN_PER_MINUTE")
    return {
        **dict.fromkeys(limits, "1000000"),  # as in the settings of the test run
        **{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
        **secrets.ensure(var_dir),
        "PAIRLY_VAR_DIR": str(var_dir),
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": url,
        "PAIRLY_DB_ROLE": role,
        "DJANGO_SETTINGS_MODULE": "pairly.settings",
    }


def _migrate(var_dir: Path, name: str) -> None:
    env = {**server_environment(var_dir, name=name, role="owner"), "REDIS_URL": paths.redis_url(var_dir)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"migrations failed:\n{result.stdout}\n{result.stderr}")


@contextmanager
def clone(var_dir: Path, *, name: str | None = None) -> Iterator[str]:
    """A fresh database with the migrated schema; dropped at the end. `ensure_template` must have run."""
    template = os.environ[TEMPLATE_VARIABLE]
    name = name or f"pairly_test_{uuid.uuid4().hex[:12]}"
    with _admin(var_dir) as connection:
        _drop(connection, name)
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        connection.execute(query.format(*map(sql.Identifier, (name, template, paths.ROLES["owner"]))))
    try:
        yield name
    finally:
        with _admin(var_dir) as connection:
            _drop(connection, name)

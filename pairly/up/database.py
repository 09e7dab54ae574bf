"""Bringing the schema up to date before anything uses it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from .errors import UpFailed

ROOT = Path(__file__).resolve().parents[2]


def is_schema_current() -> bool:
    """Whether every migration is applied (asked as the application's role, which may read that)."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as failure:
        raise UpFailed(f"the database does not answer: {failure}") from failure
    finally:
        connection.close()


def migrate() -> None:
    """Run `manage.py migrate` as the owner. Raises UpFailed with its output."""
    _run("migrate", "--no-input", what="the migrations", PAIRLY_DB_ROLE="owner")


def load_places() -> None:
    """Run `manage.py load_places`, whose memory ends with it. Raises UpFailed with its output."""
    _run("load_places", what="loading the list of cities")


def _run(*arguments: str, what: str, **env: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UpFailed(f"{what} failed:\n{done.stdout}{done.stderr}")

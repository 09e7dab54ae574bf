"""Bringing a backup back into an empty installation."""

from __future__ import annotations

import shutil
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from credits import invariants
from credits.services import roll_up as rolling
from pairly.common import redis as common_redis
from pairly.up import database as schema
from users.services import after_restore

from . import backups, manifest, postgres_tools
from .errors import OperationFailed

Say = Callable[[str], object]
# Python 3.11.4 has it, 3.11.2 (Debian 12) has not: `_require_plain` holds for both.
_FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def restore(*, folder: Path, say: Say) -> None:
    """Restore the backup in `folder`; `say` is told each step and its seconds.

    Everything that can be refused is refused before anything is written: a damaged backup, other secrets, a newer
    backup than this code, a database, a files' folder or a Redis that is not empty. Then the dump in one
    transaction, the files, missing migrations, the ledger's rolled-up accounts anew, all sign-ins and open codes
    ended (what was revoked after the backup must not live again), and the ledger is checked. Raises OperationFailed.
    """
    found = manifest.read(folder)
    steps: list[tuple[str, Callable[[], object]]] = [
        ("checksums", lambda: manifest.require_whole(folder, found)),
        ("secrets", lambda: manifest.require_keys(found)),
        ("version", lambda: _require_known(found.migrations)),
        ("empty database, files and Redis", _require_empty),
        ("database", lambda: _load(folder / manifest.DUMP)),
        ("files", lambda: _unpack(folder)),
        ("migrations", _migrate),
        ("ledger rebuilt", _rebuild),
        ("sign-ins and open codes ended", after_restore.end_all),
        ("ledger checked", _check_ledger),
    ]
    for name, step in steps:
        started = time.monotonic()
        done = step()
        say(f"{name}: {'ok' if done is None else done} ({time.monotonic() - started:.1f} s)")


def _require_known(applied: list[str]) -> None:
    ours = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(applied) - ours)
    if unknown:
        raise OperationFailed(f"the backup is of a newer version, this code does not know {', '.join(unknown)}")


def _require_empty() -> None:
    full = []
    with postgres_tools.owner_connection() as owner:
        row = owner.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_' AND c.relkind <> 'i'"
        ).fetchone()
        if row and row[0]:
            full.append(f"the database holds {row[0]} tables and other objects")
    for alias in backups.FOLDERS.values():
        place = backups.storage_folder(alias)
        if place is not None and place.is_dir() and any(path.is_file() for path in place.rglob("*")):
            full.append(f"{place} holds files")
    if n_keys := common_redis.get_client().dbsize():
        full.append(f"Redis holds {n_keys} keys (stop every process and flush it)")
    if full:
        raise OperationFailed(f"a backup is restored into an empty installation only: {'; '.join(full)}")


def _load(dump: Path) -> None:
    database = postgres_tools.owner_database()
    postgres_tools.run(
        "pg_restore", "--exit-on-error", "--single-transaction", "--no-password", f"--dbname={database}", str(dump)
    )
    with postgres_tools.owner_connection() as owner:
        owner.execute("ANALYZE")


def _unpack(folder: Path) -> str:
    n_files = 0
    for name, alias in backups.FOLDERS.items():
        place = backups.storage_folder(alias)
        with tarfile.open(folder / name) as tar:
            n_files += sum(member.isfile() for member in tar.getmembers())
            if place is None:
                continue
            place.mkdir(parents=True, exist_ok=True)
            try:
                _require_plain(tar, place)
                tar.extractall(place, **_FILTER)  # noqa: S202 - see _require_plain
            except (OSError, tarfile.TarError) as failure:
                shutil.rmtree(place)
                raise OperationFailed(f"the files could not be unpacked into {place}: {failure}") from failure
    return f"{n_files} files"


def _require_plain(tar: tarfile.TarFile, place: Path) -> None:
    """Files and folders inside of `place`, and no links nor devices: a backup has none. Raises TarError."""
    whole = place.resolve()
    for member in tar.getmembers():
        is_inside = (whole / member.name).resolve().is_relative_to(whole)
        if not is_inside or not (member.isfile() or member.isdir()):
            raise tarfile.ExtractError(f"{member.name} is no file of a backup")


def _migrate() -> str:
    connection.close()
    if schema.is_schema_current():
        return "nothing to do"
    schema.migrate()
    return "the newer ones applied"


def _rebuild() -> str:
    """Transaction numbers of another cluster mean nothing here: the roll-up sums the lazy accounts anew."""
    return f"{rolling.roll_up()} transfers"


def _check_ledger() -> str:
    findings = invariants.check_all()
    bad = [f"{finding.name} ({finding.meaning}): {finding.difference}" for finding in findings if not finding.is_ok]
    if bad:
        raise OperationFailed(f"the ledger does not hold after the restore: {'; '.join(bad)}")
    return f"{len(findings)} invariants hold"

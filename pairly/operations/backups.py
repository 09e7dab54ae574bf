"""Making backups and keeping the last of them."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages

from moderation.models import FileKey
from moderation.services import vault

from . import manifest, postgres_tools
from .errors import OperationFailed

_NAME = re.compile(r"pairly-(\d{8}T\d{6}Z)")
_STAMP = "%Y%m%dT%H%M%SZ"
_UNFINISHED = ".unfinished"
# Storages that are folders of this machine; those of a bucket have versions of their own.
FOLDERS = {manifest.MEDIA: "default", manifest.PRIVATE: "private"}


def make(*, root: Path, keep_days: int, commit: str = "", metrics: Path | None = None) -> Path:
    """Write a backup below `root`, then remove those older than `keep_days`; the folder of the new one.

    The database first: a file is stored before the row that names it is committed. It appears under its name when
    it is whole. `metrics` is a file for Prometheus' textfile collector, replaced after success only. Raises
    OperationFailed; then no older backup was touched.
    """
    started = time.monotonic()
    now = datetime.now(UTC)
    folder = root / f"pairly-{now.strftime(_STAMP)}"
    making = folder.with_name(folder.name + _UNFINISHED)
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        making.mkdir(mode=0o700)
        _fill(making, commit=commit, now=now)
        making.rename(folder)
    except OSError as failure:
        raise OperationFailed(f"the backup could not be written: {failure}") from failure
    finally:
        shutil.rmtree(making, ignore_errors=True)
    _remove_old(root, keep=folder, before=now - timedelta(days=keep_days))
    if metrics is not None:
        _write_metrics(metrics, folder, now=now, seconds=time.monotonic() - started)
    return folder


def _fill(folder: Path, *, commit: str, now: datetime) -> None:
    before = os.umask(0o077)
    try:
        dump = folder / manifest.DUMP
        # Without the keys of private files: what is destroyed must not come back (ADR 15).
        without = f"--exclude-table-data={FileKey._meta.db_table}"
        postgres_tools.run("pg_dump", "--format=custom", "--no-password", without, f"--file={dump}")
        postgres_tools.run("pg_restore", "--list", str(dump))  # it can be read
        for name, alias in FOLDERS.items():
            _pack(folder / name, storage_folder(alias))
        with postgres_tools.owner_connection() as connection:
            rows = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1").fetchall()
            server_version = connection.info.server_version
        manifest.write(
            folder,
            manifest.Manifest(
                format=manifest.FORMAT,
                created_at=now.isoformat(timespec="seconds"),
                commit=commit,
                server_version=server_version,
                migrations=[str(row[0]) for row in rows],
                field_canary=manifest.seal_canary(),
                secret_key_mark=manifest.secret_key_mark(),
                server_keys=manifest.public_server_keys(),
                files=manifest.describe_files(folder),
            ),
        )
    finally:
        os.umask(before)


def storage_folder(alias: str) -> Path | None:
    """The folder of a storage, None when it is none of this machine."""
    storage = storages[alias]
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


def _pack(archive: Path, folder: Path | None) -> None:
    with tarfile.open(archive, "w") as tar:
        if folder is not None and folder.is_dir():
            tar.add(folder, arcname=".", filter=_plain)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files and folders only, of nobody in particular; without the vault, which its keys are not saved with."""
    if not (member.isfile() or member.isdir()) or PurePosixPath(member.name).parts[:1] == (vault.ROOT,):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _remove_old(root: Path, *, keep: Path, before: datetime) -> None:
    for path in root.iterdir():
        found = _NAME.fullmatch(path.name.removesuffix(_UNFINISHED))
        if found is None or path == keep:
            continue
        made_at = datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
        # What a killed run left behind is of no use after a day.
        is_left_behind = path.name.endswith(_UNFINISHED) and made_at < datetime.now(UTC) - timedelta(days=1)
        if made_at < before or is_left_behind:
            shutil.rmtree(path)


def _write_metrics(path: Path, folder: Path, *, now: datetime, seconds: float) -> None:
    n_bytes = sum(file.stat().st_size for file in folder.iterdir())
    lines = [
        ("pairly_backup_last_success_timestamp_seconds", "When the last backup succeeded.", int(now.timestamp())),
        ("pairly_backup_last_bytes", "Size of the last backup.", n_bytes),
        ("pairly_backup_last_duration_seconds", "How long the last backup took.", round(seconds, 3)),
    ]
    text = "".join(f"# HELP {name} {text}\n# TYPE {name} gauge\n{name} {value}\n" for name, text, value in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.chmod(0o644)  # the collector is another user
    part.replace(path)


def default_root() -> Path:
    """Where backups go when nothing else is said."""
    return Path(settings.VAR_DIR) / "backups"

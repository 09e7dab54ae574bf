"""Listing what a storage holds, for sweepers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from django.core.files.storage import Storage


def list_files(*, storage: Storage, folder: str) -> Iterator[tuple[str, datetime]]:
    """The names of all files below a folder with the time each was stored, never more than a page of them at once.

    A bucket is asked for a flat list, a thousand at a time, instead of a question a folder and a file.
    """
    bucket = getattr(storage, "bucket", None)
    if bucket is not None:
        prefix = f"{storage.location}/"  # type: ignore[attr-defined]
        for one in bucket.objects.filter(Prefix=f"{prefix}{folder}/"):
            yield one.key.removeprefix(prefix), one.last_modified
        return
    yield from _list_folder(storage.path(folder), folder)


def _list_folder(path: str, name: str) -> Iterator[tuple[str, datetime]]:
    with suppress(FileNotFoundError), os.scandir(path) as entries:  # nothing was ever stored, or deleted meanwhile
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _list_folder(entry.path, f"{name}/{entry.name}")
                continue
            with suppress(FileNotFoundError):
                yield f"{name}/{entry.name}", datetime.fromtimestamp(entry.stat().st_mtime, UTC)

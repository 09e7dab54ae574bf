"""Where sealed blobs lie: in the storage "private", a folder each, in parts under names that are never used twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

ROOT = "attachments"


def store_part(*, folder: str, number: int, data: bytes) -> str:
    """Keep one part; returns its name within `folder`, another one each time."""
    name = f"{number}-{uuid.uuid4().hex[:12]}"
    _storage().save(f"{folder}/{name}", ContentFile(data))
    return name


def read_part(*, folder: str, name: str) -> bytes:
    """One part, whole: it is small. Raises FileNotFoundError."""
    with _storage().open(f"{folder}/{name}") as file:
        data: bytes = file.read()
        return data


def delete_part(*, folder: str, name: str) -> None:
    _storage().delete(f"{folder}/{name}")


def delete_folder(*, folder: str) -> None:
    """Everything in it; harmless when there is nothing."""
    with suppress(FileNotFoundError):
        _folders, names = _storage().listdir(folder)
        for name in names:
            _storage().delete(f"{folder}/{name}")
        _storage().delete(folder)


def list_folders() -> Iterator[uuid.UUID]:
    """The uploads that have a folder."""
    with suppress(FileNotFoundError):  # nothing was ever stored
        for name in _storage().listdir(ROOT)[0]:
            with suppress(ValueError):
                yield uuid.UUID(name)


def _storage() -> Storage:
    return storages["private"]

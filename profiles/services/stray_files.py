"""Files of pictures that no row names: of a process that died between storing and writing, or writing and deleting."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from itertools import islice

import structlog
from django.db.models import Q
from django.utils import timezone

from pairly.common.stored_files import list_files

from ..constants import STRAY_FILE_AGE
from ..models import Picture, storage_for

log = structlog.get_logger(__name__)

_FOLDER = "profiles"
_NAME = re.compile(rf"{_FOLDER}/[0-9a-f-]{{36}}/([0-9a-f-]{{36}})-[0-9]{{1,5}}\.webp")
_BATCH = 500


def sweep() -> int:
    """Delete such files in both storages once they are STRAY_FILE_AGE old; returns how many. One that cannot be deleted
    is tried again next time. Other files, such as those of exports, are not looked at.
    """
    before = timezone.now() - STRAY_FILE_AGE
    n = sum(_sweep(audience, before) for audience in Picture.Audience.values)
    if n:
        log.info("stray_files_deleted", n=n)
    return n


def _sweep(audience: str, before: datetime) -> int:
    storage, n = storage_for(audience=audience), 0
    old = (
        name
        for name, stored_at in list_files(storage=storage, folder=_FOLDER)
        if stored_at < before and _NAME.fullmatch(name)
    )
    while names := list(islice(old, _BATCH)):
        kept = _list_kept(names, audience)
        for name in names:
            if name not in kept:
                storage.delete(name)
                n += 1
    return n


def _list_kept(names: list[str], audience: str) -> set[str]:
    """Those of `names` that rows name. A picture's files lie in the storage of its audience and in no other."""
    keys = {uuid.UUID(found[1]) for name in names if (found := _NAME.fullmatch(name))}
    rows = Picture.objects.filter(Q(file_key__in=keys) | Q(uid__in=keys, file_key=None), audience=audience)
    return {name for one in rows.select_related("profile__user") for name in one.file_names}

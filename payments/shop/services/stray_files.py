"""Files of the shop that no row names: of a process that died between storing and writing, or writing and deleting."""

from __future__ import annotations

import uuid
from datetime import datetime
from itertools import islice

import structlog
from django.core.files.storage import Storage
from django.utils import timezone

from pairly.common.stored_files import list_files

from ...models import ShopFile, Unlock
from .. import files
from ..constants import STRAY_FILE_AGE

log = structlog.get_logger(__name__)

_BATCH = 500


def sweep() -> int:
    """Delete pictures, previews and renderings that are STRAY_FILE_AGE old and that no row names; returns how many.

    What was rendered for a purchase that was refunded counts as named by none. One that cannot be deleted is tried
    again next time; other files are not looked at.
    """
    before = timezone.now() - STRAY_FILE_AGE
    n = sum(_sweep(storage, before) for storage in files.list_storages())
    if n:
        log.info("shop_stray_files_deleted", n=n)
    return n


def _sweep(storage: Storage, before: datetime) -> int:
    n = 0
    # Younger ones may have been stored for a row that is about to come.
    old = (name for name, stored_at in list_files(storage=storage, folder=files.ROOT) if stored_at < before)
    known = ((name, named) for name in old if (named := files.parse_name(name=name)) is not None)
    while batch := dict(islice(known, _BATCH)):
        kept = _list_kept(list(batch.values()))
        for name, named in batch.items():
            if named not in kept:
                storage.delete(name)
                n += 1
    return n


def _list_kept(named: list[files.Named]) -> set[files.Named]:
    """Those that rows name: the picture in this item, and the purchase of this item where it holds."""
    keys = {one.file_key for one in named}
    places = dict(ShopFile.objects.filter(file_key__in=keys).values_list("file_key", "item__uid"))
    uids = {one.unlock for one in named if one.unlock}
    rows = Unlock.objects.filter(uid__in=uids, refunded_at__isnull=True)
    bought: dict[uuid.UUID, uuid.UUID] = dict(rows.values_list("uid", "item__uid"))
    return {
        one
        for one in named
        if one.file_key in places
        and one.item in (None, places[one.file_key])
        and (one.unlock is None or bought.get(one.unlock) == one.item)
    }

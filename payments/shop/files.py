"""Where pictures of the shop lie. What can be looked at is in the storage "private", a folder an item; previews, which
show nothing, are public. A file never changes under its name."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from ..models import ShopFile, ShopItem, Unlock

ROOT = "shop"
_UID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = re.compile(rf"{ROOT}/(?:(?P<item>{_UID})/)?(?P<file_key>{_UID})(?:-(?P<unlock>{_UID})-[0-9]{{1,5}})?\.webp")


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What a file's name says of it: the item unless it is a preview, the purchase if it was rendered for one."""

    file_key: uuid.UUID
    item: uuid.UUID | None
    unlock: uuid.UUID | None


def store(*, item: ShopItem, file_key: uuid.UUID, master: bytes, preview: bytes) -> None:
    """Keep a picture with its preview."""
    _private().save(_master_name(item, file_key), ContentFile(master))
    _public().save(_preview_name(file_key), ContentFile(preview))


def read_master(*, file: ShopFile) -> bytes:
    """The picture as its creator gave it, re-encoded. Raises FileNotFoundError."""
    return _read(_master_name(file.item, file.file_key))


def preview_url(*, file: ShopFile) -> str:
    """Where everybody gets the preview."""
    return _public().url(_preview_name(file.file_key))


def find_rendering(*, file: ShopFile, unlock: Unlock, width: int) -> bytes | None:
    """What was rendered for a buyer before."""
    try:
        return _read(_rendering_name(file, unlock, width))
    except FileNotFoundError:
        return None


def keep_rendering(*, file: ShopFile, unlock: Unlock, width: int, data: bytes) -> None:
    """Keep it for the next time; who renders the same at the same moment changes nothing."""
    name = _rendering_name(file, unlock, width)
    stored = _private().save(name, ContentFile(data))
    if stored != name:
        _private().delete(stored)


def delete_picture(*, item: ShopItem, file_key: uuid.UUID) -> None:
    """A picture with its preview; there are no renderings, for nobody bought it."""
    _private().delete(_master_name(item, file_key))
    _public().delete(_preview_name(file_key))


def delete_renderings(*, file: ShopFile, unlock: Unlock, widths: list[int]) -> None:
    """What was rendered for one buyer."""
    for width in widths:
        with suppress(FileNotFoundError):
            _private().delete(_rendering_name(file, unlock, width))


def list_storages() -> list[Storage]:
    """Everywhere that files of the shop lie."""
    return [_private(), _public()]


def parse_name(*, name: str) -> Named | None:
    """What a file in one of them is; None where it is none of ours."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    item, key, unlock = (uuid.UUID(found[part]) if found[part] else None for part in ("item", "file_key", "unlock"))
    if key is None or (unlock is not None and item is None):
        return None
    return Named(file_key=key, item=item, unlock=unlock)


def _read(name: str) -> bytes:
    with _private().open(name) as file:
        content: bytes = file.read()
        return content


def _master_name(item: ShopItem, file_key: uuid.UUID) -> str:
    return f"{ROOT}/{item.uid}/{file_key}.webp"


def _rendering_name(file: ShopFile, unlock: Unlock, width: int) -> str:
    return f"{ROOT}/{file.item.uid}/{file.file_key}-{unlock.uid}-{width}.webp"


def _preview_name(file_key: uuid.UUID) -> str:
    return f"{ROOT}/{file_key}.webp"


def _private() -> Storage:
    return storages["private"]


def _public() -> Storage:
    return storages["default"]

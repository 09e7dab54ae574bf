"""Whose copy a leaked picture is."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image, ImageOps

from profiles import picture_files
from security import encryption
from security.services import audit

from ...models import ShopFile
from .. import files, marks, pictures, selectors
from ..constants import MASTER_WIDTHS
from ..types import Trace
from . import items


def trace(*, data: bytes) -> Trace | None:
    """The purchase whose mark a picture file carries, scaled, compressed or mirrored; None where there is none.

    The pictures that look most like it are compared with it, so it must show the whole picture. That somebody is named
    is written to the audit log. Raises InvalidInput for what is no picture that we read.
    """
    rendered = picture_files.render(data=data, widths=MASTER_WIDTHS, is_square=False)
    copy = pictures.open_stored(data=rendered.files[rendered.width_px])
    found = _find_trace(copy)
    if found is not None:
        details = {"unlock": str(found.unlock.uid), "item": str(found.file.item.uid)}
        audit.record(action="shop.leak_traced", subject_uid=found.unlock.buyer.uid, by_staff=True, details=details)
    return found


def _find_trace(copy: Image.Image) -> Trace | None:
    """The clearest one; what is twice as clear as it has to be needs no other beside it."""
    best: Trace | None = None
    for one in _list_traces(copy):
        if best is None or one.strength > best.strength:
            best = one
        if best.strength >= 2 * marks.SURE:
            break
    return best


def _list_traces(copy: Image.Image) -> Iterator[Trace]:
    for seen in (copy, ImageOps.mirror(copy)):
        for file in selectors.list_alike(look=pictures.look_of(image=seen)):
            if (found := _compare(seen, file)) is not None:
                yield found


def _compare(seen: Image.Image, file: ShopFile) -> Trace | None:
    try:
        original = pictures.open_stored(data=files.read_master(file=file))
    except FileNotFoundError:
        return None
    key = encryption.decrypt(stored=bytes(file.sealed_key), place=items.place_of_key(file=file))
    reading = marks.read(copy=seen, original=original, key=key)
    number = _find_number(reading, file)
    unlock = selectors.find_unlock_by_pk(pk=number) if number is not None else None
    if unlock is None:
        return None
    return Trace(unlock=unlock, file=file, strength=reading.strength(unlock.pk))


def _find_number(reading: marks.Reading, file: ShopFile) -> int | None:
    """What the mark says where it can be read, else the buyer of this item whose mark is there beyond doubt."""
    sold = selectors.list_numbers(item=file.item)
    number = reading.decode()
    if number is None:
        number = max(sold, key=reading.strength, default=None)
    if number is None or number not in sold:
        return None
    return number if reading.strength(number) >= marks.SURE else None

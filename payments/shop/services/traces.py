"""Whose copy a leaked picture is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from PIL import Image, ImageOps

from profiles import picture_files
from security import encryption
from security.services import audit

from ...models import ShopFile
from .. import alignment, files, marks, pictures, selectors
from ..constants import COMPARED, MASTER_WIDTHS
from ..types import Trace
from . import items

Turn = Image.Transpose | None
# As it is, turned and mirrored.
_TURNS: tuple[Turn, ...] = (None, *Image.Transpose)
# What may be missing at each side of a copy is put back as a margin, so that it looks like its original again.
_MARGINS = (0.0, 0.05, 0.1)
# Marks that are looked for in one comparison, of one buyer: of now and of before, in the part found and in the whole.
_TRIES = 4
# How much clearer a mark of before must be than each other buyer's, in sigma: copies that were mixed are of nobody.
_LEGACY_LEAD = 4.5


def trace(*, data: bytes) -> Trace | None:
    """The purchase whose mark a picture file carries, scaled, compressed, turned, mirrored, brighter, or cut by up to a
    tenth at each side; None where there is none.

    Of a mix of several copies it is one of those; that somebody else is named has a chance of `marks.WRONG` (of copies
    from before, see `_find_legacy`). That somebody is named is written to the audit log.
    Raises InvalidInput for what is no picture that we read.
    """
    found = _find_trace(picture_files.read(data=data, max_width=MASTER_WIDTHS[-1]))
    if found is not None:
        details = {"unlock": str(found.unlock.uid), "item": str(found.file.item.uid)}
        audit.record(action="shop.leak_traced", subject_uid=found.unlock.buyer.uid, by_staff=True, details=details)
    return found


def _find_trace(copy: Image.Image) -> Trace | None:
    """The clearest one; what is twice as clear as it has to be needs no other beside it."""
    best: Trace | None = None
    read_original = lru_cache(maxsize=4)(_read_original)
    for file, turn in _list_alike(alignment.small_of(copy)):
        original = read_original(file)
        for found in _compare(_turned(copy, turn), file, original) if original else ():
            if best is None or found.strength > best.strength:
                best = found
        if best is not None and best.strength >= 2 * marks.sure(1):
            break
    return best


def _list_alike(small: Image.Image) -> list[tuple[ShopFile, Turn]]:
    """The pictures that look most like a copy in one of its turns, most alike first."""
    found: dict[tuple[int, Turn], tuple[int, ShopFile]] = {}
    for turn in _TURNS:
        for look in {pictures.look_of(image=_with_margin(_turned(small, turn), share)) for share in _MARGINS}:
            for file in selectors.list_alike(look=look):
                distance: int = file.distance  # type: ignore[attr-defined]
                known = found.get((file.pk, turn))
                if known is None or distance < known[0]:
                    found[file.pk, turn] = distance, file
    nearest = sorted(found.items(), key=lambda one: one[1][0])[:COMPARED]
    return [(file, turn) for (_, turn), (_, file) in nearest]


def _compare(seen: Image.Image, file: ShopFile, original: Image.Image) -> Iterator[Trace]:
    """Whose marks are beyond doubt in a copy, if it is one of this picture."""
    boxes = alignment.find_boxes(copy=alignment.small_of(seen), original=alignment.small_of(original))
    sold = selectors.list_numbers(item=file.item) if boxes else []
    if not sold:
        return
    key = encryption.decrypt(stored=bytes(file.sealed_key), place=items.place_of_key(file=file))
    least = marks.sure(COMPARED * _TRIES * len(sold))
    for box in boxes:
        reading = marks.read(copy=seen, original=original, key=key, box=box)
        for number, strength in (_clearest(sold, reading.strength), _find_legacy(sold, reading)):
            unlock = selectors.find_unlock_by_pk(pk=number) if strength >= least else None
            if unlock is not None:
                yield Trace(unlock=unlock, file=file, strength=strength)


def _clearest(sold: list[int], strength_of: Callable[[int], float]) -> tuple[int, float]:
    return max(((number, strength_of(number)) for number in sold), key=lambda one: one[1])


def _find_legacy(sold: list[int], reading: marks.Reading) -> tuple[int, float]:
    """The clearest mark of before, of strength 0 where another buyer's is nearly as clear: codes share their signs, so
    that a mix of two could speak of a third."""
    sums = reading.legacy_sums()
    strengths = {number: marks.legacy_strength(sums=sums, number=number) for number in sold}
    best, strength = _clearest(sold, strengths.__getitem__)
    for other in sold:
        doubt = marks.legacy_doubt(one=best, other=other)
        if other != best and strength - strengths[other] < _LEGACY_LEAD * doubt:
            return best, 0.0
    return best, strength


def _read_original(file: ShopFile) -> Image.Image | None:
    try:
        return pictures.open_stored(data=files.read_master(file=file))
    except FileNotFoundError:
        return None


def _turned(image: Image.Image, turn: Turn) -> Image.Image:
    return image if turn is None else image.transpose(turn)


def _with_margin(image: Image.Image, share: float) -> Image.Image:
    """The picture with its edges drawn out."""
    if not share:
        return image
    wide, high = round(image.width * share), round(image.height * share)
    sheet = ImageOps.expand(image, (wide, high))
    right, bottom = wide + image.width, high + image.height
    for part, place in (
        ((wide, high, wide + 1, bottom), (0, high, wide, bottom)),
        ((right - 1, high, right, bottom), (right, high, sheet.width, bottom)),
        ((0, high, sheet.width, high + 1), (0, 0, sheet.width, high)),
        ((0, bottom - 1, sheet.width, bottom), (0, bottom, sheet.width, sheet.height)),
    ):
        size = (place[2] - place[0], place[3] - place[1])
        sheet.paste(sheet.crop(part).resize(size), place)
    return sheet

"""An invisible mark in a picture that says for whom it was rendered: spread spectrum over a coarse grid of brightness.

As in Cox, Kilian, Leighton, Shamoon, "Secure Spread Spectrum Watermarking for Multimedia" (IEEE Transactions on Image
Processing 6/12, 1997): a keyed sequence of signs, put where a picture that is compressed or scaled has to keep what
people see, and read by comparing with the original. The grid has the same cells at every size. Every buyer has signs
of their own, so a mix of several copies carries all of theirs, each weaker, and nobody else's.

Copies of before carry a code instead, a number and its checksum, whose bits turn signs that all buyers share.

How sure a reading is: signs that had no part in a copy are coins thrown after it, so that their sum over its
differences stays below t sigma but with a chance of exp(-t^2 / 2), whatever the picture and whatever was done to it
(Hoeffding, "Probability Inequalities for Sums of Bounded Random Variables", 1963, theorem 2).
"""

from __future__ import annotations

import hashlib
import math
import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import mul

from PIL import Image, ImageChops, ImageFilter, ImageMath

from .differences import difference_of

NUMBER_BITS, CHECK_BITS = 32, 16
BITS = NUMBER_BITS + CHECK_BITS
KEY_BYTES = 16

# Cells along the longer side: at half the size of 1,600 pixels each is seven pixels wide, near a block of JPEG.
CELLS = 112
# Steps of brightness, of 255: in plain places, and how much more per step of what goes on there, up to the most.
_PLAIN, _PER_ACTIVITY, _MOST = 1.2, 0.25, 4.0
# The chance that a trace names somebody who has nothing to do with a picture.
WRONG = 1e-9
_TO_SIGNS = bytes.maketrans(b"01", b"\0\1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a copy differs by from the original, cell by cell, weighed by how much of it may be a mark. `length` is the
    root of the sum of its squares: the sigma of a sum that means nothing."""

    key: bytes
    values: list[float]
    length: float

    def strength(self, number: int) -> float:
        """How clearly the mark of `number` is there, in sigma: one that is not there has a mean of 0."""
        if not self.length:
            return 0.0
        kept = sum(compress(self.values, _signs(self.key, number, len(self.values))))
        return (2 * kept - sum(self.values)) / self.length

    def legacy_sums(self) -> tuple[float, ...]:
        """The sum of each bit of the code of a copy of before, in sigma of the whole."""
        sums = [0.0] * BITS
        for (bit, sign), value in zip(_legacy_signs(self.key, len(self.values)), self.values, strict=True):
            sums[bit] += sign * value
        return tuple(value / self.length if self.length else 0.0 for value in sums)


def sure(n: int) -> float:
    """From how many sigma on a mark is beyond doubt, where `n` are looked for: see WRONG."""
    return math.sqrt(2 * math.log(n / WRONG))


def legacy_strength(*, sums: tuple[float, ...], number: int) -> float:
    """As `Reading.strength`, for the code of a copy of before."""
    code = _legacy_code(number)
    return sum(value if code >> at & 1 else -value for at, value in enumerate(sums))


def legacy_doubt(*, one: int, other: int) -> float:
    """The sigma of how much stronger `one` is found than `other` where the copy speaks of them alike."""
    differing = (_legacy_code(one) ^ _legacy_code(other)).bit_count()
    return 2 * math.sqrt(differing / BITS)


def embed(*, image: Image.Image, key: bytes, number: int) -> Image.Image:
    """The picture (RGB) with the mark of `number`, below 2^32. `key` is the picture's own secret, KEY_BYTES long."""
    width, height = grid_of(image.size)
    return _embed(image, [1 if sign else -1 for sign in _signs(key, number, width * height)])


def embed_legacy(*, image: Image.Image, key: bytes, number: int) -> Image.Image:
    """The mark as it was before, for tests: such copies are with their buyers."""
    width, height = grid_of(image.size)
    code = _legacy_code(number)
    return _embed(image, [sign if code >> bit & 1 else -sign for bit, sign in _legacy_signs(key, width * height)])


def read(*, copy: Image.Image, original: Image.Image, key: bytes, box: tuple[float, ...] = (0, 0, 1, 1)) -> Reading:
    """Compare a copy (RGB, of any size) with the original, of which it shows `box`: left, top, right and bottom as
    shares of the width and height."""
    grid = grid_of(original.size)
    loudness = _loudness(original.convert("L")).resize(grid, Image.Resampling.BOX)
    values = difference_of(copy=copy, original=original, loudness=loudness, box=box)
    return Reading(key=key, values=values, length=math.sqrt(sum(map(mul, values, values))))


def grid_of(size: tuple[int, int]) -> tuple[int, int]:
    """How many cells a picture of this size has."""
    longer = max(size)
    width, height = (max(1, round(CELLS * side / longer)) for side in size)
    return width, height


def _embed(image: Image.Image, signs: list[int]) -> Image.Image:
    luma, blue, red = image.convert("YCbCr").split()
    chips = Image.new("F", grid_of(image.size))
    chips.putdata(signs)
    marked = ImageMath.lambda_eval(
        lambda of: of["convert"](of["luma"] + of["wave"] * of["loudness"] + 0.5, "L"),  # keeps within 0 and 255
        luma=luma.convert("F"),
        wave=chips.resize(image.size, Image.Resampling.BICUBIC),
        loudness=_loudness(luma),
    )
    return Image.merge("YCbCr", (marked, blue, red)).convert("RGB")


def _loudness(luma: Image.Image) -> Image.Image:
    """How far the mark may go at each pixel: further where much goes on."""
    calm = luma.filter(ImageFilter.BoxBlur(4))
    activity = ImageChops.difference(luma, calm).filter(ImageFilter.BoxBlur(6))
    found: Image.Image = ImageMath.lambda_eval(
        lambda of: of["min"](of["activity"] * _PER_ACTIVITY + _PLAIN, _MOST), activity=activity.convert("F")
    )
    return found


def _signs(key: bytes, number: int, n: int) -> bytes:
    """A buyer's own signs, 1 for plus and 0 for minus."""
    stream = hashlib.shake_256(b"pairly shop mark of" + key + number.to_bytes(4, "big")).digest((n + 7) // 8)
    return f"{int.from_bytes(stream, 'big'):0{8 * len(stream)}b}".encode().translate(_TO_SIGNS)[:n]


def _legacy_code(number: int) -> int:
    """A number with its checksum above it."""
    check = zlib.crc32(number.to_bytes(NUMBER_BITS // 8, "big")) & ((1 << CHECK_BITS) - 1)
    return check << NUMBER_BITS | number


@lru_cache(maxsize=4)
def _legacy_signs(key: bytes, n: int) -> tuple[tuple[int, int], ...]:
    """For each cell the bit that it speaks of, and its sign."""
    stream = hashlib.shake_256(b"pairly shop mark" + key).digest(3 * n)
    return tuple(
        (int.from_bytes(stream[at : at + 2], "big") % BITS, 1 if stream[at + 2] & 1 else -1)
        for at in range(0, 3 * n, 3)
    )

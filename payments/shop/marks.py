"""An invisible mark in a picture that says for whom it was rendered: spread spectrum over a coarse grid of brightness.

As in Cox, Kilian, Leighton, Shamoon, "Secure Spread Spectrum Watermarking for Multimedia" (IEEE Transactions on Image
Processing 6/12, 1997): a keyed sequence of signs, put where a picture that is compressed or scaled has to keep what
people see, and read by comparing with the original. The grid has the same cells at every size, so nobody has to know
how a copy was scaled. Each of the code's bits, a number and its checksum, turns the signs of some 200 cells.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageFilter, ImageMath

NUMBER_BITS, CHECK_BITS = 32, 16
BITS = NUMBER_BITS + CHECK_BITS
KEY_BYTES = 16

# Cells along the longer side: at half the size of 1,600 pixels each is seven pixels wide, near a block of JPEG.
_CELLS = 112
# Steps of brightness, of 255: in plain places, and how much more per step of what goes on there, up to the most.
_PLAIN, _PER_ACTIVITY, _MOST = 1.2, 0.25, 4.0
_CLIP = 12.0  # a difference from the original above this is something else: a crop, a sticker, the visible mark
# The sum over signs that nobody knows without the key is normal, whatever the picture: seven sigma are one in 10^12.
SURE = 7.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a copy differs by from the original, cell by cell, with the key's signs taken off: one sum for each bit.

    `length` is the root of the sum of squares of all differences: the sigma of a sum that means nothing.
    """

    sums: tuple[float, ...]
    length: float

    def decode(self) -> int | None:
        """The number, where its checksum is right and the mark is strong enough."""
        code = sum(1 << at for at, value in enumerate(self.sums) if value > 0)
        number = code & ((1 << NUMBER_BITS) - 1)
        return number if _code(number) == code and self.strength(number) >= SURE else None

    def strength(self, number: int) -> float:
        """How clearly the mark of `number` is there, in sigma: one that is not there has a mean of 0."""
        code = _code(number)
        total = sum(value if code >> at & 1 else -value for at, value in enumerate(self.sums))
        return total / self.length if self.length else 0.0


def embed(*, image: Image.Image, key: bytes, number: int) -> Image.Image:
    """The picture (RGB) with the mark of `number`, below 2^32. `key` is the picture's own secret, KEY_BYTES long."""
    luma, blue, red = image.convert("YCbCr").split()
    width, height = _grid(image.size)
    code, signs = _code(number), _signs(key, width * height)
    chips = Image.new("F", (width, height))
    chips.putdata([sign if code >> bit & 1 else -sign for bit, sign in signs])
    wave = chips.resize(image.size, Image.Resampling.BICUBIC)
    calm = luma.filter(ImageFilter.BoxBlur(4))
    activity = ImageChops.difference(luma, calm).filter(ImageFilter.BoxBlur(6))
    marked = ImageMath.lambda_eval(
        lambda of: of["convert"](  # which keeps within 0 and 255
            of["luma"] + of["wave"] * of["min"](of["activity"] * _PER_ACTIVITY + _PLAIN, _MOST) + 0.5, "L"
        ),
        luma=luma.convert("F"),
        wave=wave,
        activity=activity.convert("F"),
    )
    return Image.merge("YCbCr", (marked, blue, red)).convert("RGB")


def read(*, copy: Image.Image, original: Image.Image, key: bytes) -> Reading:
    """Compare a copy (RGB, of any size) with the whole original that it may come from."""
    width, height = _grid(original.size)
    seen, had = (_cells(one, (width, height)) for one in (copy, original))
    differences = _residual(seen, had)
    sums = [0.0] * BITS
    for (bit, sign), value in zip(_signs(key, width * height), differences, strict=True):
        sums[bit] += sign * value
    return Reading(sums=tuple(sums), length=math.sqrt(sum(value * value for value in differences)))


def _grid(size: tuple[int, int]) -> tuple[int, int]:
    longer = max(size)
    width, height = (max(1, round(_CELLS * side / longer)) for side in size)
    return width, height


def _cells(image: Image.Image, grid: tuple[int, int]) -> list[float]:
    """The mean brightness of each cell."""
    means = image.convert("L").convert("F").resize(grid, Image.Resampling.BOX)
    return list(memoryview(means.tobytes()).cast("f"))


def _residual(seen: list[float], had: list[float]) -> list[float]:
    """What the copy has that the original has not, brightness and contrast made equal first (least squares)."""
    n = len(had)
    mean_seen, mean_had = sum(seen) / n, sum(had) / n
    spread = sum((value - mean_had) ** 2 for value in had)
    shared = sum((a - mean_seen) * (b - mean_had) for a, b in zip(seen, had, strict=True))
    slope = shared / spread if spread else 0.0
    found = ((a - mean_seen) - slope * (b - mean_had) for a, b in zip(seen, had, strict=True))
    return [max(-_CLIP, min(_CLIP, value)) for value in found]


def _code(number: int) -> int:
    """A number with its checksum above it."""
    check = zlib.crc32(number.to_bytes(NUMBER_BITS // 8, "big")) & ((1 << CHECK_BITS) - 1)
    return check << NUMBER_BITS | number


@lru_cache(maxsize=4)
def _signs(key: bytes, n: int) -> tuple[tuple[int, int], ...]:
    """For each cell the bit that it speaks of, and its sign."""
    stream = hashlib.shake_256(b"pairly shop mark" + key).digest(3 * n)
    return tuple(
        (int.from_bytes(stream[at : at + 2], "big") % BITS, 1 if stream[at + 2] & 1 else -1)
        for at in range(0, 3 * n, 3)
    )

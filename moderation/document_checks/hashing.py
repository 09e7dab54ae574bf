"""Perceptual hashes of 64 bits: pictures that look alike differ in few of them.

The 8 x 8 lowest frequencies of a 32 x 32 picture against their median. Two hashes within three bits agree in at least
one of four bands of 16 bits, which is what a database can look up; of those up to `NEAR` bits apart, most do.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .images import Bytes, Floats, luma_of

BITS, BAND_BITS = 64, 16
NEAR = 4


def perceptual(*, rgb: Bytes) -> int:
    """The hash of a picture, as an unsigned number of 64 bits."""
    small = Image.fromarray(luma_of(rgb)).resize((32, 32), Image.Resampling.BOX)
    basis = _cosines(32)
    low = (basis @ np.asarray(small, dtype=np.float32) @ basis.T)[:8, :8].ravel()
    bits = low[1:] > np.median(low[1:])
    return int.from_bytes(np.packbits(np.concatenate(([low[0] > 0], bits))).tobytes(), "big")


def bands(picture_hash: int) -> tuple[int, int, int, int]:
    """The four bands of a hash, the highest first."""
    first, second, third, fourth = ((picture_hash >> shift) & 0xFFFF for shift in (48, 32, 16, 0))
    return first, second, third, fourth


def distance(one: int, other: int) -> int:
    """In how many bits two hashes differ."""
    return (one ^ other).bit_count()


def _cosines(size: int) -> Floats:
    n = np.arange(size)
    return np.asarray(np.cos(np.pi * (n[None, :] + 0.5) * n[:, None] / size), dtype=np.float32)

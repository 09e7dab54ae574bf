"""Pictures out of hostile bytes, within bounds, as arrays.

Sizes are read before anything is decoded. Only JPEG, PNG and WebP are: by their bytes, not by a name.
"""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .errors import NotAssessable

FORMATS = ("JPEG", "PNG", "WEBP")
BYTES_MAX, PIXELS_MAX, SIDE_MIN = 25 * 1024 * 1024, 40_000_000, 200
# Larger pictures are looked at on a scale: noise and moire are those of neighbouring pixels, text is not so fine.
WORKING_PIXELS = 2_600_000
# Each holds some 300 MB at worst: so many at once, the others wait, and their layers run into the deadline.
_decoders = threading.BoundedSemaphore(2)

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, upright, sRGB taken for granted. `scale` is what it was reduced by (1 is not at all);
    `quantisation` the mean step of a JPEG's luminance table, 0 for other formats.
    """

    rgb: Bytes
    format: str
    scale: int
    size: tuple[int, int]
    quantisation: float = 0.0

    @property
    def luma(self) -> Floats:
        return luma_of(self.rgb)


def decode(*, data: bytes, working_pixels: int = WORKING_PIXELS) -> Picture:
    """The picture in `data`, reduced by a whole number so that it has at most about `working_pixels`.

    Raises NotAssessable("picture_unreadable") for anything else than one of `FORMATS` within the bounds.
    """
    if not data or len(data) > BYTES_MAX:
        raise NotAssessable("picture_unreadable")
    try:
        with _decoders, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata that Pillow finds odd; its limit of pixels is ours below
            image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
            format_, (width, height) = image.format or "", image.size
            if width * height > PIXELS_MAX or min(width, height) < SIDE_MIN:
                raise NotAssessable("picture_unreadable")
            quantisation = _mean_step(image)
            scale = 1
            while width * height / scale**2 > working_pixels * 1.5:
                scale += 1
            image = image.convert("RGB").reduce(scale) if scale > 1 else image.convert("RGB")
            upright = ImageOps.exif_transpose(image)
            return Picture(np.asarray(upright, dtype=np.uint8), format_, scale, (width, height), quantisation)
    except NotAssessable:
        raise
    except Exception as error:  # Pillow's readers raise whatever a broken file makes them
        raise NotAssessable("picture_unreadable") from error


def _mean_step(image: Image.Image) -> float:
    tables = getattr(image, "quantization", {})
    return float(np.mean(tables[0])) if 0 in tables else 0.0


def luma_of(rgb: Bytes) -> Floats:
    """Rec. 601 luma, 0 to 255."""
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.asarray(rgb @ weights, dtype=np.float32)


def box_mean(values: Floats, radius: int) -> Floats:
    """The mean of the square of `2 * radius + 1` around each pixel, edges repeated."""
    size = 2 * radius + 1
    padded = np.pad(values.astype(np.float64), ((radius + 1, radius), (radius + 1, radius)), mode="edge")
    sums = padded.cumsum(axis=0).cumsum(axis=1)
    total = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    return np.asarray(total / size**2, dtype=np.float32)


def as_jpeg(*, rgb: Bytes, quality: int, longest: int = 0) -> bytes:
    """The pixels alone, as JPEG: nothing else of the file goes along."""
    image = Image.fromarray(rgb)
    if longest:
        image.thumbnail((longest, longest))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def as_png(*, rgb: Bytes) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG")
    return out.getvalue()

"""Files of pictures: what arrives is told by its bytes, decoded within bounds, and written anew as WebP.

Nothing of the arriving file is kept but its pixels: no name, no metadata, no second picture, no bytes behind the end.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import puremagic
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from pairly.common.problems import InvalidInput, Overloaded

from .constants import (
    DECODER_WAIT_S,
    DECODERS,
    JPEG_MAX_SCANS,
    PICTURE_FORMATS,
    PICTURE_MAX_BYTES,
    PICTURE_MAX_PIXELS,
    PICTURE_MAX_RATIO,
    PICTURE_MIN_SIDE_PX,
    PROFILE_MAX_BYTES,
)

_QUALITY = 82
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# As puremagic names them, and as Pillow does. A camera's MPO is a JPEG with more pictures behind it.
_TYPES = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",), "image/webp": ("WEBP",)}
# A marker within coded data: 0xFF that is neither stuffed nor a restart nor a fill byte (ITU-T T.81, B.1.1.2).
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_SOS, _EOI, _TEM = 0xDA, 0xD9, 0x01
# Each holds some 300 MB at worst: so many at once, the others wait.
_decoders = threading.BoundedSemaphore(DECODERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A picture as it is stored: WebP by width, ascending."""

    files: dict[int, bytes]
    height_px: int

    @property
    def width_px(self) -> int:
        return max(self.files)


def render(*, data: bytes, widths: tuple[int, ...], is_square: bool) -> Rendered:
    """The picture of a JPEG, PNG or WebP file in those of `widths` (pixels, ascending) that do not enlarge it.

    Upright, in sRGB, cut to its middle where `is_square`; of an animation the first picture. Raises InvalidInput
    with the pointer `/file`: too_large, unreadable, too_many_pixels, too_small, shape; Overloaded.
    """
    if len(data) > PICTURE_MAX_BYTES:
        raise _refused("too_large", _("Choose a picture of at most 10 MB."))
    formats = _sniff(data)
    with _decoding():
        return _render(_open(data, formats, widths[-1]), widths, is_square)


@contextmanager
def _decoding() -> Iterator[None]:
    if not _decoders.acquire(timeout=DECODER_WAIT_S):
        raise Overloaded(retry_after_s=DECODER_WAIT_S)
    try:
        yield
    finally:
        _decoders.release()


def _sniff(data: bytes) -> tuple[str, ...]:
    """The formats of Pillow that the first bytes speak of. A name or a declared type says nothing."""
    try:
        found = {one.mime_type for one in puremagic.magic_string(data)}
    except Exception as error:  # parsers meet arbitrary bytes: whatever they raise, the file is at fault
        raise _unreadable() from error
    formats = tuple(name for mime_type in _TYPES if mime_type in found for name in _TYPES[mime_type])
    if not formats:
        raise _unreadable()
    return formats


def _open(data: bytes, formats: tuple[str, ...], largest: int) -> Image.Image:
    """The picture, upright, in sRGB, and without anything that came along with it."""
    _check_canvas(data)
    try:
        # Lazy: the size is known before a pixel is decoded.
        image: Image.Image = Image.open(io.BytesIO(data), formats=PICTURE_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:  # as above
        raise _unreadable() from error
    if image.format not in formats:
        raise _unreadable()
    _check_size(*image.size)
    if image.format in _TYPES["image/jpeg"] and _count_scans(data) > JPEG_MAX_SCANS:
        raise _unreadable()
    try:
        image = _decode(image, largest)
    except Exception as error:  # as above, now from the decoders
        raise _unreadable() from error
    image.info.clear()
    return image


def _check_canvas(data: bytes) -> None:
    """The size that an extended WebP names: its reader would reserve memory for it before it tells us."""
    if data[:4] == b"RIFF" and data[12:16] == b"VP8X" and len(data) >= 30:
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        if width * height > PICTURE_MAX_PIXELS:
            raise _too_many_pixels()


def _check_size(width: int, height: int) -> None:
    if width * height > PICTURE_MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < PICTURE_MIN_SIDE_PX:
        raise _refused("too_small", _("Choose a picture of at least 64 pixels each way."))
    if max(width, height) > PICTURE_MAX_RATIO * min(width, height):
        raise _refused("shape", _("Choose a picture that is at most four times as long as wide."))


def _count_scans(data: bytes) -> int:
    """How often a decoder must pass over the whole JPEG: a few bytes a scan could keep it busy for hours."""
    at, n_scans = 2, 0
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker == _EOI:
            break
        if marker == _TEM or at + 2 > len(data):
            continue
        n_scans += marker == _SOS
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
    return n_scans


def _decode(image: Image.Image, largest: int) -> Image.Image:
    # A JPEG can be decoded at a half, a quarter, an eighth: never below twice of what is kept.
    image.draft(None, (2 * largest,) * 2)
    profile = image.info.get("icc_profile")
    image = _upright(image)
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would cut what is above 255
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    has_alpha = image.has_transparency_data
    if image.mode not in ("RGB", "RGBA", "CMYK", "L") or (has_alpha and image.mode != "CMYK"):
        image = image.convert("RGBA" if has_alpha else "RGB")
    if profile and len(profile) <= PROFILE_MAX_BYTES:
        image = _to_srgb(image, profile)
    return image.convert("RGBA" if has_alpha else "RGB")


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its metadata has it; as it is where that cannot be read."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # as above; what is wrong with the pixels shows when they are decoded
        return image


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours as they were meant: what we store names no colour space, which means sRGB. A profile that is damaged, or
    of another kind than the picture, is left aside."""
    try:
        meant: Any = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            _SRGB,
            outputMode="RGBA" if image.mode == "RGBA" else "RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return image if meant is None else meant


def _render(image: Image.Image, wanted: tuple[int, ...], is_square: bool) -> Rendered:
    if is_square:
        image = ImageOps.fit(image, (min(image.size),) * 2)
    largest = min(image.width, wanted[-1])  # never larger than it came
    files = {width: _webp(image, width) for width in (*(one for one in wanted if one < largest), largest)}
    return Rendered(files=files, height_px=_height(image, largest))


def _height(image: Image.Image, width: int) -> int:
    return max(1, round(image.height * width / image.width))


def _webp(image: Image.Image, width: int) -> bytes:
    sheet = io.BytesIO()
    size = (width, _height(image, width))
    small = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
    small.save(sheet, "WEBP", quality=_QUALITY, method=4)
    return sheet.getvalue()


def _unreadable() -> InvalidInput:
    return _refused("unreadable", _("This is not a JPEG, PNG or WebP picture, or it is damaged."))


def _too_many_pixels() -> InvalidInput:
    return _refused("too_many_pixels", _("Choose a picture of at most 40 megapixels."))


def _refused(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": "/file", "code": code, "detail": detail}])

"""Decoding of pictures: what arrives is told by its bytes, decoded within bounds, and written anew as WebP.

Nothing of the arriving file is kept but its pixels: no name, no metadata, no second picture, no bytes behind the end.
Runs in the processes of `decoders` and therefore knows nothing of Django.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import puremagic
from PIL import Image, ImageCms, ImageOps

_QUALITY = 82
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# As puremagic names them, and as Pillow does. A camera's MPO is a JPEG with more pictures behind it.
_TYPES = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",), "image/webp": ("WEBP",)}
# A marker within coded data: 0xFF that is neither stuffed nor a restart nor a fill byte (ITU-T T.81, B.1.1.2).
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_SOS, _EOI, _TEM = 0xDA, 0xD9, 0x01


class Refused(Exception):
    """A file that is not taken. `code`: unreadable, too_many_pixels, too_small, shape."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What a picture may be: formats as Pillow names them, sizes in pixels, `max_ratio` of the longer side to the
    shorter one, passes of a JPEG, bytes of a colour profile (a longer one is left aside)."""

    formats: tuple[str, ...]
    max_pixels: int
    min_side_px: int
    max_ratio: int
    max_scans: int
    max_profile_bytes: int


def render(*, data: bytes, widths: tuple[int, ...], is_square: bool, bounds: Bounds) -> tuple[dict[int, bytes], int]:
    """The picture as WebP in those of `widths` (pixels, ascending) that do not enlarge it, and the height of the
    largest. Upright, in sRGB, cut to its middle where `is_square`; of an animation the first picture. Raises Refused,
    MemoryError."""
    image = _open(data, widths[-1], bounds)
    if is_square:
        image = ImageOps.fit(image, (min(image.size),) * 2)
    largest = min(image.width, widths[-1])  # never larger than it came
    files = {width: _webp(image, width) for width in (*(one for one in widths if one < largest), largest)}
    return files, _height(image, largest)


def read(*, data: bytes, max_width: int, bounds: Bounds) -> Image.Image:
    """The picture in RGB, on white where it lets something through, at most `max_width` pixels wide. Raises Refused,
    MemoryError."""
    image = _open(data, max_width, bounds)
    if image.width > max_width:
        image = image.resize((max_width, _height(image, max_width)), Image.Resampling.LANCZOS)
    if image.mode == "RGB":
        return image
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(image, mask=image.getchannel("A"))
    return sheet


def _sniff(data: bytes) -> tuple[str, ...]:
    """The formats of Pillow that the first bytes speak of. A name or a declared type says nothing."""
    try:
        found = {one.mime_type for one in puremagic.magic_string(data)}
    except MemoryError:
        raise
    except Exception as error:  # parsers meet arbitrary bytes: whatever they raise, the file is at fault
        raise Refused("unreadable") from error
    formats = tuple(name for mime_type in _TYPES if mime_type in found for name in _TYPES[mime_type])
    if not formats:
        raise Refused("unreadable")
    return formats


def _open(data: bytes, largest: int, bounds: Bounds) -> Image.Image:
    """The picture, upright, in sRGB, and without anything that came along with it."""
    formats = _sniff(data)
    _check_canvas(data, bounds)
    try:
        # Lazy: the size is known before a pixel is decoded.
        image: Image.Image = Image.open(io.BytesIO(data), formats=bounds.formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("too_many_pixels") from error
    except MemoryError:
        raise
    except Exception as error:  # as above
        raise Refused("unreadable") from error
    if image.format not in formats:
        raise Refused("unreadable")
    _check_size(*image.size, bounds)
    if image.format in _TYPES["image/jpeg"] and _count_scans(data) > bounds.max_scans:
        raise Refused("unreadable")
    try:
        image = _decode(image, largest, bounds)
    except MemoryError:
        raise
    except Exception as error:  # as above, now from the decoders
        raise Refused("unreadable") from error
    image.info.clear()
    return image


def _check_canvas(data: bytes, bounds: Bounds) -> None:
    """The size that an extended WebP names: its reader would reserve memory for it before it tells us."""
    if data[:4] == b"RIFF" and data[12:16] == b"VP8X" and len(data) >= 30:
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        if width * height > bounds.max_pixels:
            raise Refused("too_many_pixels")


def _check_size(width: int, height: int, bounds: Bounds) -> None:
    if width * height > bounds.max_pixels:
        raise Refused("too_many_pixels")
    if min(width, height) < bounds.min_side_px:
        raise Refused("too_small")
    if max(width, height) > bounds.max_ratio * min(width, height):
        raise Refused("shape")


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


def _decode(image: Image.Image, largest: int, bounds: Bounds) -> Image.Image:
    # A JPEG can be decoded at a half, a quarter, an eighth: never below twice of what is kept.
    image.draft(None, (2 * largest,) * 2)
    profile = image.info.get("icc_profile")
    image = _upright(image)
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would cut what is above 255
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    has_alpha = image.has_transparency_data
    if image.mode not in ("RGB", "RGBA", "CMYK", "L") or (has_alpha and image.mode != "CMYK"):
        image = image.convert("RGBA" if has_alpha else "RGB")
    if profile and len(profile) <= bounds.max_profile_bytes:
        image = _to_srgb(image, profile)
    return image.convert("RGBA" if has_alpha else "RGB")


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its metadata has it; as it is where that cannot be read."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
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


def _height(image: Image.Image, width: int) -> int:
    return max(1, round(image.height * width / image.width))


def _webp(image: Image.Image, width: int) -> bytes:
    sheet = io.BytesIO()
    size = (width, _height(image, width))
    small = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
    small.save(sheet, "WEBP", quality=_QUALITY, method=4)
    return sheet.getvalue()

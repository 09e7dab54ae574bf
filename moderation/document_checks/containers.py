"""What lies in a picture's file beside its pixels: segments of JPEG, chunks of PNG, the camera's metadata.

Read with lengths checked at every step; nothing here decodes pixels.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass, field
from typing import Any

from PIL import ExifTags, Image, JpegImagePlugin

PARTS_MAX = 2_000
TEXT_MAX = 200
_NUMBER_OF_GPS = {"N": 1, "S": -1, "E": 1, "W": -1}


@dataclass(frozen=True, slots=True)
class Container:
    """The parts of a file by their names (`APP1`, `caBX`), and the tables that a JPEG is quantised by."""

    format: str
    size: tuple[int, int]
    parts: tuple[tuple[str, bytes], ...]
    tables: tuple[tuple[int, ...], ...]

    def holds(self, name: str, beginning: bytes = b"") -> bool:
        return any(part == name and data.startswith(beginning) for part, data in self.parts)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Camera's metadata. Dates are EXIF's texts; the position is degrees north and east."""

    make: str = ""
    model: str = ""
    software: tuple[str, ...] = ()
    taken: str = ""
    digitised: str = ""
    changed: str = ""
    pixels: tuple[int, int] | None = None
    orientation: int = 1
    position: tuple[float, float] | None = None
    thumbnail: bytes = b""
    is_present: bool = False
    names: frozenset[str] = field(default=frozenset())


def read(data: bytes) -> Container:
    """The container in `data`; an empty one where it is neither JPEG nor PNG nor WebP."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    except Exception:  # a broken file has no parts; the decoding says why
        return Container("", (0, 0), (), ())
    tables: tuple[tuple[int, ...], ...] = ()
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        tables = tuple(tuple(image.quantization[key]) for key in sorted(image.quantization))
    parts = {"JPEG": _jpeg, "PNG": _png, "WEBP": _riff}.get(image.format or "", lambda _: [])(data)
    return Container(image.format or "", image.size, tuple(parts), tables)


def metadata(data: bytes) -> Metadata:
    """The camera's metadata; an empty one where there are none or they cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
            exif = image.getexif()
            if not exif:
                return Metadata()
            raw = image.info.get("exif", b"")
            inner: dict[int, Any] = exif.get_ifd(ExifTags.IFD.Exif)
            gps: dict[int, Any] = exif.get_ifd(ExifTags.IFD.GPSInfo)
            preview: dict[int, Any] = exif.get_ifd(ExifTags.IFD.IFD1)
            return Metadata(
                make=_text(exif.get(ExifTags.Base.Make)),
                model=_text(exif.get(ExifTags.Base.Model)),
                software=tuple(filter(None, (_text(exif.get(tag)) for tag in (0x0131, 0x000B, 0x013B)))),
                taken=_text(inner.get(ExifTags.Base.DateTimeOriginal)),
                digitised=_text(inner.get(ExifTags.Base.DateTimeDigitized)),
                changed=_text(exif.get(ExifTags.Base.DateTime)),
                pixels=_pixels(inner),
                orientation=_whole(exif.get(ExifTags.Base.Orientation), 1),
                position=_position(gps),
                thumbnail=_thumbnail(raw, preview),
                is_present=True,
            )
    except Exception:  # a tag of a wrong kind makes Pillow raise any of a dozen errors
        return Metadata()


def xmp_text(container: Container) -> str:
    """The XMP packet as text, not as XML: it is only searched."""
    for name, data in container.parts:
        if (name == "APP1" and data.startswith(b"http://ns.adobe.com/xap/")) or name in ("iTXt", "XMP "):
            return data[:200_000].decode("utf-8", "replace")
    return ""


def manifest(container: Container) -> bytes:
    """The C2PA manifest's boxes (JUMBF, ISO/IEC 19566-5) joined, b"" where none is. The signature is not verified."""
    found = [data for name, data in container.parts if name in ("APP11", "caBX", "C2PA") and b"jumb" in data[:64]]
    joined = b"".join(found)
    return joined if b"c2pa" in joined else b""


def _jpeg(data: bytes) -> list[tuple[str, bytes]]:
    parts: list[tuple[str, bytes]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and len(parts) < PARTS_MAX:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in (0xD9, 0xDA):
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xE0 <= marker <= 0xEF:
            parts.append((f"APP{marker - 0xE0}", data[at + 4 : at + 2 + length]))
        at += 2 + max(length, 2)
    return parts


def _png(data: bytes) -> list[tuple[str, bytes]]:
    parts: list[tuple[str, bytes]] = []
    at = 8
    while at + 8 <= len(data) and len(parts) < PARTS_MAX:
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if name != b"IDAT":
            parts.append((name.decode("latin-1"), data[at + 8 : at + 8 + length]))
        at += 12 + length
    return parts


def _riff(data: bytes) -> list[tuple[str, bytes]]:
    parts: list[tuple[str, bytes]] = []
    at = 12
    while at + 8 <= len(data) and len(parts) < PARTS_MAX:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if not name.startswith(b"VP8") and name not in (b"ALPH", b"ANMF"):
            parts.append((name.decode("latin-1"), data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return parts


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:TEXT_MAX]


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default


def _pixels(inner: dict[int, Any]) -> tuple[int, int] | None:
    width, height = (_whole(inner.get(tag), 0) for tag in (0xA002, 0xA003))
    return (width, height) if width and height else None


def _position(gps: dict[int, Any]) -> tuple[float, float] | None:
    try:
        latitude = _degrees(gps[2]) * _NUMBER_OF_GPS[_text(gps[1])[:1]]
        longitude = _degrees(gps[4]) * _NUMBER_OF_GPS[_text(gps[3])[:1]]
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError):
        return None
    is_place = abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0, 0)
    return (latitude, longitude) if is_place else None


def _degrees(parts: Any) -> float:
    return float(sum(float(part) / 60**power for power, part in enumerate(parts[:3])))


def _thumbnail(raw: bytes, preview: dict[int, Any]) -> bytes:
    """The preview of the second directory: an offset from the TIFF header that follows `Exif\\0\\0`."""
    offset, length = _whole(preview.get(0x0201), 0), _whole(preview.get(0x0202), 0)
    body = raw[6:] if raw.startswith(b"Exif\x00\x00") else raw
    if 0 < offset < len(body) and 0 < length <= len(body) - offset:
        return body[offset : offset + length]
    return b""

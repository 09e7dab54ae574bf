"""P5: files that somebody might upload on purpose. Each is made here, and either refused with `code` or, where that is
"", stored anew without anything of `CANARY`.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageCms, PngImagePlugin

CANARY = b"CANARY-7f3a"
SCRIPT = b"<script>alert('" + CANARY + b"')</script>"


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    data: bytes
    code: str = ""
    upload_name: str = "picture.jpg"
    upload_type: str = "image/jpeg"

    def __str__(self) -> str:
        return self.name


def encoded(file_format: str = "JPEG", *, size: tuple[int, int] = (120, 100), mode: str = "RGB", **options) -> bytes:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, (220, 30, 30))
    image.paste((30, 30, 220), (size[0] // 2, 0, *size))
    sheet = io.BytesIO()
    image.convert(mode).save(sheet, file_format, **options)
    return sheet.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of PNG (W3C PNG, section 5.3)."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes, rows: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + body + chunk(b"IEND", b"")


def solid_png(width: int, height: int, *chunks: bytes) -> bytes:
    return png(width, height, *chunks, rows=(b"\0" + b"\x80\x40\x20" * width) * height)


def segment(marker: int, data: bytes) -> bytes:
    """A segment of JPEG (ITU-T T.81, B.1.1.4)."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def many_scans(n: int) -> bytes:
    """A progressive JPEG whose last scan comes `n` times more: few bytes, each a pass over all pixels."""
    jpeg = encoded(size=(400, 400), progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * n + jpeg[last:]


def frames(file_format: str, **options) -> bytes:
    """Red first, then green."""
    first, second = Image.new("RGB", (100, 100), "red"), Image.new("RGB", (100, 100), "lime")
    sheet = io.BytesIO()
    first.save(sheet, file_format, save_all=True, append_images=[second], **options)
    return sheet.getvalue()


def grey_16() -> bytes:
    """16 bits: the left half dark, the right half bright, each above what 8 bits hold."""
    rows = (b"\0" + struct.pack(">H", 0x2000) * 60 + struct.pack(">H", 0xE000) * 60) * 100
    return png(120, 100, rows=rows, depth=16, colour=0)


def transparent_palette() -> bytes:
    image = Image.new("P", (100, 100), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (50, 0, 100, 100))
    sheet = io.BytesIO()
    image.save(sheet, "PNG", transparency=1)
    return sheet.getvalue()


def with_text(data: bytes) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", CANARY.decode())
    info.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{CANARY.decode()}</x:xmpmeta>")
    sheet = io.BytesIO()
    Image.open(io.BytesIO(data)).save(sheet, "PNG", pnginfo=info)
    return sheet.getvalue()


def with_exif(n_bytes: int = 0) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = CANARY.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (51.5, 0.0, 0.0)
    gps[29] = CANARY.decode()
    if n_bytes:
        exif[0x9286] = b"\0" * n_bytes
    return encoded(exif=exif, comment=CANARY, xmp=b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>")


def looping_exif() -> bytes:
    """A directory that names itself as the next one, and tags that point beyond the end."""
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 2)
    tiff += struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x010F, 2, 2**31, 2**31 - 1)
    return after_start(encoded(), segment(0xE1, b"Exif\0\0" + tiff + struct.pack("<I", 8)))


def zipped() -> bytes:
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w") as archive:
        archive.writestr("page.html", SCRIPT)
    return sheet.getvalue()


def webp_canvas(width: int, height: int) -> bytes:
    """An extended WebP of a few bytes that says it is this large."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    body += b"ANIM" + struct.pack("<I", 6) + b"\0" * 6
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_size(width: int, height: int) -> bytes:
    """The header says another size than there is."""
    jpeg = encoded()
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def of_print() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(mode="CMYK", icc_profile=profile)  # a profile of another kind than the picture


# One entry: orientation, 65535; and no next directory where one is promised.
UNKNOWN_TURN = b"II*\0" + struct.pack("<IHHHIHH", 8, 1, 0x0112, 3, 1, 0xFFFF, 0)
GIF = encoded("GIF")
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">' + SCRIPT + b"</svg>"
BOMB = b"\0" * 30_000_000

REFUSED = [
    Case(name="nothing", data=b"", code="unreadable"),
    Case(name="one-byte", data=b"\xff", code="unreadable"),
    Case(name="zeros", data=b"\0" * 5_000, code="unreadable"),
    Case(name="text", data=b"not a picture", code="unreadable"),
    Case(name="html-as-jpeg", data=b"<!doctype html>" + SCRIPT, code="unreadable"),
    Case(name="html-behind-the-first-bytes-of-a-jpeg", data=b"\xff\xd8\xff\xe0" + SCRIPT, code="unreadable"),
    Case(name="html-behind-the-first-bytes-of-a-png", data=b"\x89PNG\r\n\x1a\n" + SCRIPT, code="unreadable"),
    Case(name="svg", data=SVG, code="unreadable", upload_name="a.svg", upload_type="image/svg+xml"),
    Case(name="svg-as-png", data=SVG, code="unreadable", upload_name="a.png", upload_type="image/png"),
    Case(name="gif-and-script", data=GIF[:6] + b"/*" + GIF[8:] + b"*/=1;" + SCRIPT, code="unreadable"),
    Case(name="gif", data=GIF, code="unreadable"),
    Case(name="gif-bomb", data=b"GIF89a\xff\xff\xff\xff" + GIF[10:], code="unreadable"),
    Case(name="bmp", data=encoded("BMP"), code="unreadable"),
    Case(name="ico", data=encoded("ICO", size=(64, 64)), code="unreadable"),
    Case(name="tiff-of-two-pictures", data=frames("TIFF"), code="unreadable"),
    Case(name="tiff-as-jpeg", data=encoded("TIFF"), code="unreadable"),
    Case(name="jpeg-2000", data=encoded("JPEG2000"), code="unreadable"),
    Case(name="postscript", data=b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(x) run\n", code="unreadable"),
    Case(name="pdf", data=b"%PDF-1.7\n" + encoded(), code="unreadable"),
    Case(name="zip", data=zipped(), code="unreadable"),
    Case(name="truncated-jpeg", data=encoded(size=(400, 400))[:900], code="unreadable"),
    Case(name="truncated-png", data=solid_png(200, 200)[:60], code="unreadable"),
    Case(name="truncated-webp", data=encoded("WEBP")[:60], code="unreadable"),
    Case(name="png-without-pixels", data=png(100, 100), code="unreadable"),
    Case(name="png-of-no-size", data=png(0, 0), code="unreadable"),
    Case(name="png-of-wrong-checksum", data=solid_png(100, 100).replace(b"IDAT", b"IDAX"), code="unreadable"),
    Case(name="jpeg-of-no-size", data=jpeg_of_size(0, 0), code="unreadable"),
    Case(name="jpeg-of-many-passes", data=many_scans(100), code="unreadable"),
    Case(name="png-text-bomb", data=solid_png(100, 100, chunk(b"zTXt", b"a\0\0" + zlib.compress(BOMB))),
         code="unreadable"),
    Case(name="png-of-64-megapixels", data=png(8_000, 8_000, rows=BOMB), code="too_many_pixels"),
    Case(name="png-of-the-largest-size", data=png(2**31 - 1, 2**31 - 1), code="too_many_pixels"),
    Case(name="jpeg-of-the-largest-size", data=jpeg_of_size(65_500, 65_500), code="too_many_pixels"),
    Case(name="webp-of-the-largest-size", data=webp_canvas(16_384, 16_384), code="too_many_pixels"),
    Case(name="too-small", data=encoded(size=(63, 63)), code="too_small"),
    Case(name="one-pixel-wide", data=encoded("PNG", size=(64, 300)), code="shape"),
    Case(name="ten-megabytes-and-one", data=encoded() + b"\0" * (10_000_001 - len(encoded())), code="too_large"),
]  # fmt: skip

STORED = [
    Case(name="jpeg", data=encoded()),
    Case(name="jpeg-named-html", data=encoded(), upload_name="../../page.html", upload_type="text/html"),
    Case(name="png-named-jpeg", data=solid_png(100, 100)),
    Case(name="webp-named-png", data=encoded("WEBP"), upload_name="a.png", upload_type="image/png"),
    Case(name="jpeg-and-html", data=after_start(encoded(), segment(0xFE, SCRIPT)) + SCRIPT),
    Case(name="jpeg-and-zip", data=encoded() + zipped()),
    Case(name="png-and-zip", data=solid_png(100, 100) + zipped()),
    Case(name="png-with-own-chunks", data=solid_png(100, 100, chunk(b"prVt", SCRIPT), chunk(b"tEXt", b"a\0" + SCRIPT))),
    Case(name="webp-and-script", data=encoded("WEBP") + SCRIPT),
    Case(name="exif", data=with_exif()),
    Case(name="exif-large", data=with_exif(60_000)),
    Case(name="exif-loop", data=looping_exif()),
    Case(name="exif-many", data=after_start(encoded(), *[segment(0xE1, b"Exif\0\0" + b"\0" * 65_000)] * 100)),
    Case(name="exif-orientation-unknown", data=encoded(exif=b"Exif\0\0" + UNKNOWN_TURN)),
    Case(name="png-text", data=with_text(solid_png(100, 100))),
    Case(name="colours-damaged", data=encoded(icc_profile=CANARY * 50)),
    Case(name="colours-of-another-kind", data=of_print()),
    Case(name="print", data=encoded(mode="CMYK")),
    Case(name="grey", data=encoded(mode="L")),
    Case(name="grey-of-16-bits", data=grey_16()),
    Case(name="one-bit", data=encoded("PNG", mode="1")),
    Case(name="palette", data=encoded("PNG", mode="P")),
    Case(name="palette-transparent", data=transparent_palette()),
    Case(name="grey-transparent", data=encoded("PNG", mode="LA")),
    Case(name="progressive", data=encoded(size=(400, 400), progressive=True)),
    Case(name="animated-webp", data=frames("WEBP")),
    Case(name="animated-png", data=frames("PNG")),
    Case(name="camera-of-two-pictures", data=frames("MPO")),
    Case(name="ten-megabytes", data=encoded() + b"\0" * (10_000_000 - len(encoded()))),
]  # fmt: skip


def fuzzed(n: int, *, seed: int) -> Iterator[bytes]:
    """Valid files with bytes changed, cut out, repeated, and the tail of another."""
    chance = random.Random(seed)
    valid = [case.data for case in STORED if len(case.data) < 50_000]
    for _ in range(n):
        data = bytearray(chance.choice(valid))
        for _ in range(chance.choice((1, 1, 2, 5, 30))):
            at = chance.randrange(len(data))
            match chance.randrange(5):
                case 0:
                    data[at] ^= 1 << chance.randrange(8)
                case 1:
                    data[at] = chance.choice((0, 0x7F, 0xFF))
                case 2:
                    del data[at : at + chance.randrange(1, 40)]
                case 3:
                    data[at:at] = data[at : at + chance.randrange(1, 400)]
                case 4:
                    data[at:] = chance.choice(valid)[at:]
            if not data:
                break
        yield bytes(data)

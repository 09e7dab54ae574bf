"""Pictures of the shop as pictures: the preview that gives nothing away, the look that finds them again, the copy that
is made for one buyer."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from profiles import picture_files

from . import marks
from .constants import MASTER_WIDTHS, PREVIEW_POINTS, PREVIEW_WIDTH, SHOWN_WIDTHS

_QUALITY = 88
_PREVIEW_QUALITY = 60


def open_stored(*, data: bytes) -> Image.Image:
    """A picture that we have stored ourselves, on white where it lets something through. It was drawn by a process
    that met a stranger's file, so it is decoded in another one. Raises InvalidInput, Overloaded."""
    return picture_files.read(data=data, max_width=MASTER_WIDTHS[-1])


def preview_of(*, image: Image.Image) -> bytes:
    """A few blurred colours (WebP): PREVIEW_POINTS means along the longer side, so nothing more can be won back."""
    longer = max(image.size)
    width, height = (max(1, round(PREVIEW_POINTS * side / longer)) for side in image.size)
    points = image.resize((width, height), Image.Resampling.BOX)
    size = (PREVIEW_WIDTH, max(1, round(PREVIEW_WIDTH * image.height / image.width)))
    step = size[0] / width
    return _webp(
        points.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(step / 3)),
        quality=_PREVIEW_QUALITY,
    )


def look_of(*, image: Image.Image) -> int:
    """A perceptual hash as a signed number of 64 bits: whether each of 8 x 8 places is brighter than the one before
    (difference hash). Copies that were scaled or compressed differ in a few bits."""
    small = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = [small[9 * row + at] < small[9 * row + at + 1] for row in range(8) for at in range(8)]
    value = sum(1 << at for at, bit in enumerate(bits) if bit)
    return value - (1 << 64) if value >> 63 else value


def shown_widths(*, width_px: int) -> list[int]:
    """In which widths a picture of `width_px` is shown to its buyers."""
    return sorted({min(width, width_px) for width in SHOWN_WIDTHS})


def render_for(*, image: Image.Image, key: bytes, number: int, handle: str) -> dict[int, bytes]:
    """The picture for one buyer in each of its widths (WebP): `handle` to be seen, the mark of `number` not."""
    marked = marks.embed(image=_with_handle(image, handle), key=key, number=number)
    files = {}
    for width in shown_widths(width_px=image.width):
        size = (width, max(1, round(image.height * width / image.width)))
        small = marked if size == marked.size else marked.resize(size, Image.Resampling.LANCZOS)
        files[width] = _webp(small, quality=_QUALITY)
    return files


def _with_handle(image: Image.Image, handle: str) -> Image.Image:
    """Who bought it, small in two opposite corners: to cut off one is not enough."""
    size = max(11, image.width // 64)
    font = ImageFont.load_default(size)
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    left, top, right, bottom = pen.textbbox((0, 0), handle, font=font)
    pad = size // 2
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    for x, y in ((pad, image.height - height - pad), (image.width - width - pad, pad)):
        pen.rounded_rectangle((x, y, x + width, y + height), radius=pad, fill=(0, 0, 0, 90))
        pen.text((x + pad - left, y + pad - top), handle, font=font, fill=(255, 255, 255, 200))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _webp(image: Image.Image, *, quality: int) -> bytes:
    sheet = io.BytesIO()
    image.save(sheet, "WEBP", quality=quality, method=4)
    return sheet.getvalue()

"""Pictures as staff see them: with the name of who looks all over, so that a photograph of the screen names them."""

from __future__ import annotations

import io
from datetime import datetime

from PIL import Image, ImageDraw, ImageFont

_INK, _FAINT = (255, 255, 255, 110), (0, 0, 0, 110)
_QUALITY = 85


def mark_for(*, image: Image.Image, viewer: str, at: datetime) -> bytes:
    """The picture as WebP, without what else its file held."""
    return _webp(_marked(image, f"{viewer} · {at:%Y-%m-%d %H:%M} UTC"))


def _marked(image: Image.Image, text: str) -> Image.Image:
    size = max(16, image.width // 40)
    font = ImageFont.load_default(size=size)
    sheet = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(sheet)
    step_x, step_y = int(draw.textlength(text, font=font)) + 4 * size, 6 * size
    for row, y in enumerate(range(size, image.height, step_y)):
        for x in range(-(row % 2) * step_x // 2, image.width, step_x):
            draw.text((x + 1, y + 1), text, font=font, fill=_FAINT)
            draw.text((x, y), text, font=font, fill=_INK)
    return Image.alpha_composite(image.convert("RGBA"), sheet).convert("RGB")


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY, method=2)
    return out.getvalue()

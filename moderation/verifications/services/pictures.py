"""Pictures of documents: what may be sent in, and how a reviewer sees them."""

from __future__ import annotations

import dataclasses
import io
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageDraw, ImageFont

from pairly.common.pictures.pixels import Refused
from pairly.common.problems import InvalidInput
from profiles import picture_files

from ...errors import FileGone
from ..constants import FILE_MAX_BYTES, MIN_SIDE_PX, VIEW_WIDTH_PX

# A document cannot be read in fewer pixels.
_BOUNDS = dataclasses.replace(picture_files.BOUNDS, min_side_px=MIN_SIDE_PX)
_MAGIC = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"RIFF", "image/webp"))
_WORDS = {
    "too_many_pixels": gettext_lazy("Choose a picture of at most 40 megapixels."),
    "too_small": gettext_lazy("Choose a larger picture: 480 pixels each way at least, or its small print is lost."),
    "shape": gettext_lazy("Choose a picture that is at most four times as long as wide."),
    "too_costly": gettext_lazy("This picture takes too much to open. Save it anew as a JPEG and send that."),
}
_INK, _FAINT = (255, 255, 255, 110), (0, 0, 0, 110)
_QUALITY = 85


def inspect(*, data: bytes, pointer: str) -> str:
    """The type of a picture that can be decoded, from its bytes. They stay as they came: the checks read how the file
    was made. Raises InvalidInput (`pointer`: too_large, unreadable, too_many_pixels, too_small, shape, too_costly),
    Overloaded."""
    if len(data) > FILE_MAX_BYTES:
        raise _refused(pointer, "too_large", _("Choose a picture of at most 25 MB."))
    try:
        picture_files.decoders.read(data=data, max_width=VIEW_WIDTH_PX, bounds=_BOUNDS)
    except Refused as refused:
        words = _WORDS.get(refused.code) or _("This is not a JPEG, PNG or WebP picture, or it is damaged.")
        raise _refused(pointer, refused.code, str(words)) from refused
    return next(mime for magic, mime in _MAGIC if data.startswith(magic))


def draw_for(*, data: bytes, viewer: str, at: datetime) -> bytes:
    """A picture as WebP with the name of who looks at it all over, so that a photograph of the screen names them.

    Raises FileGone where it cannot be decoded any more, Overloaded.
    """
    try:
        image = picture_files.decoders.read(data=data, max_width=VIEW_WIDTH_PX, bounds=_BOUNDS)
    except Refused as refused:
        raise FileGone from refused
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


def _refused(pointer: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": pointer, "code": code, "detail": detail}])

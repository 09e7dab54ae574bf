"""Pictures of documents: what may be sent in, and how a reviewer sees them."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pairly.common.pictures.pixels import Refused
from pairly.common.problems import InvalidInput
from profiles import picture_files

from ...errors import FileGone
from ...services import marks
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
    return marks.mark_for(image=image, viewer=viewer, at=at)


def _refused(pointer: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": pointer, "code": code, "detail": detail}])

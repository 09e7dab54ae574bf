"""Files of pictures: decoded outside of this process and within bounds (`pairly.common.pictures`), stored as WebP.

Nothing of the arriving file is kept but its pixels: no name, no metadata, no second picture, no bytes behind the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image

from pairly.common.pictures.decoders import Decoders
from pairly.common.pictures.pixels import Bounds, Refused
from pairly.common.problems import InvalidInput

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

BOUNDS = Bounds(
    formats=PICTURE_FORMATS,
    max_pixels=PICTURE_MAX_PIXELS,
    min_side_px=PICTURE_MIN_SIDE_PX,
    max_ratio=PICTURE_MAX_RATIO,
    max_scans=JPEG_MAX_SCANS,
    max_profile_bytes=PROFILE_MAX_BYTES,
)
# Each holds some 300 MB at worst: so many at once, the others wait.
decoders = Decoders(at_once=DECODERS, wait_s=DECODER_WAIT_S)


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
    with the pointer `/file`: too_large, unreadable, too_many_pixels, too_small, shape, too_costly (its decoder needed
    more memory or time than there is for one picture); Overloaded.
    """
    _check_length(data)
    try:
        files, height_px = decoders.render(data=data, widths=widths, is_square=is_square, bounds=BOUNDS)
    except Refused as refused:
        raise _refused(refused.code) from refused
    return Rendered(files=files, height_px=height_px)


def read(*, data: bytes, max_width: int) -> Image.Image:
    """The pixels of such a file (RGB, on white where it lets something through), at most `max_width` wide. Raises as
    `render`."""
    _check_length(data)
    try:
        return decoders.read(data=data, max_width=max_width, bounds=BOUNDS)
    except Refused as refused:
        raise _refused(refused.code) from refused


def _check_length(data: bytes) -> None:
    if len(data) > PICTURE_MAX_BYTES:
        raise _refused("too_large")


def _refused(code: str) -> InvalidInput:
    details = {
        "too_large": _("Choose a picture of at most 10 MB."),
        "unreadable": _("This is not a JPEG, PNG or WebP picture, or it is damaged."),
        "too_many_pixels": _("Choose a picture of at most 40 megapixels."),
        "too_small": _("Choose a picture of at least 64 pixels each way."),
        "shape": _("Choose a picture that is at most four times as long as wide."),
        "too_costly": _("This picture takes too long to read. Save it anew, smaller or as a JPEG, and try again."),
    }
    known = code if code in details else "unreadable"
    return InvalidInput(errors=[{"pointer": "/file", "code": known, "detail": details[known]}])

"""A sheet to fill outlines on: large while drawn, smooth when given out."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageChops, ImageDraw

from .palette import Colour
from .shapes import Point, Points, brush, turned

_OVERSIZE = 3
_QUALITY = 82


class Canvas:
    """Draws in units: `units` of them from `origin` cover the picture, cut off evenly where proportions differ."""

    def __init__(
        self,
        *,
        size_px: tuple[int, int],
        units: tuple[float, float],
        ground: Colour,
        origin: Point = (0.0, 0.0),
    ) -> None:
        self._size = size_px
        self._image = Image.new("RGB", (size_px[0] * _OVERSIZE, size_px[1] * _OVERSIZE), ground)
        self._pen = ImageDraw.Draw(self._image)
        self._scale = max(self._image.width / units[0], self._image.height / units[1])
        self._left = (self._image.width - units[0] * self._scale) / 2 - origin[0] * self._scale
        self._top = (self._image.height - units[1] * self._scale) / 2 - origin[1] * self._scale
        self._axis: float | None = None
        self._turn = 0.0
        self._pivot: Point = (0.0, 0.0)

    def tilt(self, degrees: float, pivot: Point = (0.0, 0.0)) -> None:
        """What is drawn from now on is turned clockwise about the pivot; 0 ends it."""
        self._turn, self._pivot = degrees, pivot

    def mirror(self, axis: float | None) -> None:
        """What is drawn from now on is mirrored on the upright axis at that x; None ends it."""
        self._axis = axis

    def fill(self, outline: Points, colour: Colour, *, within: Points | None = None, alpha: float = 1.0) -> None:
        """Fills the outline, or what of it lies within the other; `alpha` 1 covers what was there."""
        if len(outline) < 3:
            return
        shape = self._pixels(outline)
        if within is None and alpha >= 1.0:
            self._pen.polygon(shape, fill=colour)
            return
        clip = None if within is None else self._pixels(within)
        frame = self._frame(shape, clip)
        if frame is None:
            return
        mask = _mask(shape, frame, round(255 * min(alpha, 1.0)))
        if clip is not None:
            mask = ImageChops.darker(mask, _mask(clip, frame, 255))
        self._image.paste(colour, frame, mask)

    def stroke(self, line: Points, width: float, colour: Colour, *, within: Points | None = None) -> None:
        """Draws the line as a brush does: pointed at both ends, `width` units in its middle."""
        self.fill(brush(line, width), colour, within=within)

    def line(self, line: Points, width: float, colour: Colour) -> None:
        """Draws the line evenly, `width` units wide, with round ends."""
        pixels = self._pixels(line)
        wide = max(round(width * self._scale), 1)
        self._pen.line(pixels, fill=colour, width=wide, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            r = wide / 2 - 0.5
            self._pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def fade(self, outline: Points, colour: Colour, *, top: float, bottom: float, alpha: float = 1.0) -> None:
        """Fills the outline with the colour growing from nothing at height `top` to `alpha` at `bottom`."""
        shape = self._pixels(outline)
        frame = self._frame(shape, None)
        if frame is None:
            return
        first, last = self._top + top * self._scale, self._top + bottom * self._scale
        height = frame[3] - frame[1]
        span = last - first or 1.0
        levels = bytes(
            round(255 * alpha * min(max((frame[1] + row - first) / span, 0.0), 1.0)) for row in range(height)
        )
        ramp = Image.frombytes("L", (1, height), levels).resize((frame[2] - frame[0], height))
        self._image.paste(colour, frame, ImageChops.darker(ramp, _mask(shape, frame, 255)))

    def webp(self) -> bytes:
        """The picture in its final size."""
        sheet = io.BytesIO()
        self._image.resize(self._size, Image.Resampling.LANCZOS).save(sheet, "WEBP", quality=_QUALITY, method=4)
        return sheet.getvalue()

    def _pixels(self, outline: Points) -> list[Point]:
        if self._axis is not None:
            outline = [(2 * self._axis - x, y) for x, y in outline]
        points = turned(outline, self._turn, self._pivot) if self._turn else outline
        return [(self._left + x * self._scale, self._top + y * self._scale) for x, y in points]

    def _frame(self, shape: Points, clip: Points | None) -> tuple[int, int, int, int] | None:
        left, top, right, bottom = 0.0, 0.0, float(self._image.width), float(self._image.height)
        for points in (shape, clip):
            if points is not None:
                left, right = max(left, min(x for x, _ in points)), min(right, max(x for x, _ in points))
                top, bottom = max(top, min(y for _, y in points)), min(bottom, max(y for _, y in points))
        found = math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
        return found if found[0] < found[2] and found[1] < found[3] else None


def _mask(shape: Points, frame: tuple[int, int, int, int], level: int) -> Image.Image:
    mask = Image.new("L", (frame[2] - frame[0], frame[3] - frame[1]))
    ImageDraw.Draw(mask).polygon([(x - frame[0], y - frame[1]) for x, y in shape], fill=level)
    return mask

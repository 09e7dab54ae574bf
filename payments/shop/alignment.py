"""Which part of an original a copy shows: found by what both look like, before anybody looks for a mark.

Nothing here knows a key, so that however long it searches, a mark is looked for once in each place that it finds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from operator import mul

from PIL import Image

Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
# What may be cut off at each side, as a share; a little more than people do.
_MOST_CUT = 0.12
_COARSE_CUTS = (0.0, 0.035, 0.07, 0.105)
_SMALL = 400
# How long the longer side is looked at, in pixels, and by which steps the four sides move then.
_STEPS = ((48, (0.018, 0.009)), (96, (0.0045,)), (160, (0.0022, 0.0011, 0.0006)))
_ALIKE = 0.5  # a correlation below it is another picture
# Each of the four sides alone, and two together as a shift.
_MOVES = (
    *(tuple(float(at == side) for at in range(4)) for side in range(4)),
    (1.0, 0.0, 1.0, 0.0),
    (0.0, 1.0, 0.0, 1.0),
)


def small_of(image: Image.Image) -> Image.Image:
    """A picture as it is compared here: its brightness, at a size that tells all that is asked."""
    scale = min(1.0, _SMALL / max(image.size))
    size = (max(16, round(image.width * scale)), max(16, round(image.height * scale)))
    return image.convert("L").resize(size, Image.Resampling.BOX)


def find_boxes(*, copy: Image.Image, original: Image.Image) -> list[Box]:
    """Where a copy may lie within an original (both as `small_of` has them): the part that it looks most like and, in
    case nothing was cut off, the whole. Empty where they do not look alike."""
    best, likeness = _find_coarse(copy, original)
    if likeness < _ALIKE:
        return []
    for longer, steps in _STEPS:
        view = _View(copy, original, longer)
        score = view.likeness(best)
        for step in steps:
            best, score = _climb(view, best, score, step)
    is_whole = max(abs(one - other) for one, other in zip(best, WHOLE, strict=True)) < 0.001
    return [WHOLE] if is_whole else [best, WHOLE]


class _View:
    """Both pictures at a size."""

    def __init__(self, copy: Image.Image, original: Image.Image, longer: int) -> None:
        scale = longer / max(copy.size)
        self._size = (max(8, round(copy.width * scale)), max(8, round(copy.height * scale)))
        pixels = copy.resize(self._size, Image.Resampling.BOX).tobytes()
        mean = sum(pixels) / len(pixels)
        self._seen = [value - mean for value in pixels]
        self._length = math.sqrt(sum(map(mul, self._seen, self._seen)))
        small = min(1.0, 2.5 * longer / max(original.size))
        self._original = original.resize(
            (max(16, round(original.width * small)), max(16, round(original.height * small))), Image.Resampling.BOX
        )

    def likeness(self, box: Box) -> float:
        """The correlation of the copy with this part of the original."""
        width, height = self._original.size
        part = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
        had = self._original.resize(self._size, Image.Resampling.BILINEAR, box=part).tobytes()
        total = sum(had)
        power = sum(map(mul, had, had)) - total * total / len(had)
        return sum(map(mul, self._seen, had)) / (self._length * math.sqrt(power)) if power > 0 < self._length else 0.0


def _find_coarse(copy: Image.Image, original: Image.Image) -> tuple[Box, float]:
    view = _View(copy, original, 24)
    boxes: Iterator[Box] = (
        (left, top, 1 - right, 1 - bottom) for left, top, right, bottom in product(_COARSE_CUTS, repeat=4)
    )
    found = view.likeness(WHOLE)
    if found < _ALIKE / 2:  # cutting makes no other picture of it
        return WHOLE, found
    likeness, best = max((view.likeness(box), box) for box in boxes)
    return best, likeness


def _climb(view: _View, best: Box, score: float, step: float) -> tuple[Box, float]:
    """Go uphill by steps of one length until no step leads further up."""
    for _ in range(12):
        before = score
        for move, sign in product(_MOVES, (1, -1)):
            box = _moved(best, move, sign * step)
            if (found := view.likeness(box)) > score:
                best, score = box, found
        if score <= before:
            break
    return best, score


def _moved(box: Box, move: tuple[float, ...], by: float) -> Box:
    left, top, right, bottom = (side + by * share for side, share in zip(box, move, strict=True))
    return (
        min(max(left, 0.0), _MOST_CUT),
        min(max(top, 0.0), _MOST_CUT),
        max(min(right, 1.0), 1 - _MOST_CUT),
        max(min(bottom, 1.0), 1 - _MOST_CUT),
    )

"""Headscarf and turban, in a cloth that goes with the clothes."""

from __future__ import annotations

from .canvas import Canvas
from .look import Paints
from .palette import Colour, darker, lighter, mix
from .shapes import Point, curve, loop, mirrored, moved


def _cloth(paints: Paints) -> Colour:
    return mix(paints.harmony.accent, paints.harmony.cloth, 0.12)


def scarf_back(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    """The scarf behind the neck."""
    half = [(500, 152), (610, 166), (700, 250), (726, 400), (720, 560), (716, 700), (760, 800), (500, 860)]
    canvas.fill(loop(mirrored(half)), darker(_cloth(paints), 0.3))


def scarf_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    """The scarf round the face and over the chest."""
    cloth = _cloth(paints)
    outer = mirrored(
        [(500, 146), (610, 160), (698, 240), (730, 380), (724, 540), (712, 660), (770, 770), (700, 890), (500, 930)]
    )
    opening = mirrored([(500, 262), (576, 276), (636, 336), (656, 430), (650, 540), (612, 628), (560, 672), (500, 688)])
    face, whole = loop(opening), loop(outer)
    ring = [*whole, whole[0], face[0], *face[::-1]]
    canvas.fill(moved(ring, 4, 14), paints.skin.shade, within=face)
    canvas.fill(ring, cloth)
    canvas.fill(
        [*curve((620, 150), (690, 300), (684, 500), (640, 650), (700, 900)), (840, 900), (840, 150)],
        darker(cloth, 0.18),
        within=ring,
    )
    for fold in (
        curve((352, 640), (420, 730), (540, 780), (680, 770)),
        curve((300, 740), (400, 820), (520, 850), (640, 830)),
        curve((640, 640), (590, 716), (520, 740), (450, 720)),
    ):
        canvas.stroke(fold, 13, darker(cloth, 0.24))
    canvas.stroke(curve((320, 420), (340, 300), (410, 216), (500, 190)), 12, lighter(cloth, 0.22))


def turban_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    """The turban over forehead and ears' tops."""
    cloth = _cloth(paints)
    outline = loop(
        [
            (304, 420),
            (272, 320),
            (290, 200),
            (380, 112),
            (500, 84),
            (620, 112),
            (710, 200),
            (728, 320),
            (696, 420),
            (640, 352),
            (560, 306),
            (500, 282),
            (440, 306),
            (360, 352),
        ]
    )
    canvas.fill(moved(outline, 4, 16), paints.skin.shade, within=head)
    canvas.fill(outline, cloth)
    canvas.fill(
        [*curve((500, 284), (600, 240), (680, 170)), (800, 180), (740, 440), (690, 440)],
        darker(cloth, 0.14),
        within=outline,
    )
    for lift in (0, 54, 108, 160):
        left = curve((284, 380 - lift), (360, 300 - lift * 0.9), (440, 264 - lift * 0.72), (520, 262 - lift * 0.66))
        right = curve((716, 380 - lift), (640, 300 - lift * 0.9), (560, 270 - lift * 0.72), (500, 280 - lift * 0.6))
        canvas.stroke(right, 10, darker(cloth, 0.28), within=outline)
        canvas.stroke(left, 10, darker(cloth, 0.2), within=outline)
    canvas.stroke(curve((330, 240), (390, 160), (480, 124)), 10, lighter(cloth, 0.25))

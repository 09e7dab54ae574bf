"""Gallery scenes of the head and the arts: books, chess, studio."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .moods import Mood
from .palette import AUBERGINE, CREAM, INK, PAPER, WALNUT, Colour, darker, lighter, mix
from .props import (
    SHEET,
    WIDE,
    draw_ground_shadow,
    draw_lamp,
    draw_mug,
    draw_plant,
    draw_rounded,
    draw_table,
    draw_wall,
    draw_window,
)
from .shapes import Point, box, curve, ellipse, flipped, loop, moved, turned


def _draw_spine(canvas: Canvas, rng: Random, place: tuple[float, float, float, float], tone: Colour) -> None:
    x, y, wide, high = place
    canvas.fill(box(x, y - high, wide, high, 5), tone)
    canvas.fill(box(x + wide * 0.72, y - high, wide * 0.28, high, 5), darker(tone, 0.18))
    trim = lighter(tone, 0.45)
    kind = rng.randrange(3)
    if kind == 0:
        for share in (0.14, 0.2, 0.8):
            canvas.fill(box(x, y - high * (1 - share), wide, 7), trim)
    elif kind == 1:
        canvas.fill(box(x + wide * 0.2, y - high * 0.82, wide * 0.5, high * 0.34, 4), trim)
    else:
        canvas.fill(ellipse(x + wide / 2, y - high * 0.76, wide * 0.2), trim)
        canvas.fill(box(x + wide * 0.3, y - high * 0.5, wide * 0.3, high * 0.3, 4), trim)


def draw_bookcase(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """Three shelves of books, something else between them."""
    canvas.fill(SHEET, darker(mood.room.surface, 0.5))
    for bottom in (286.0, 582.0, 878.0):
        x = 30.0
        gap = rng.randrange(300, 800)
        while x < 1160:
            if gap is not None and x > gap:
                draw_plant(canvas, rng, x + 90, bottom, 72, rng.choice(mood.accents))
                x, gap = x + 190, 9999
                continue
            wide, high = rng.uniform(34, 74), rng.uniform(176, 244)
            _draw_spine(canvas, rng, (x, bottom, wide, high), rng.choice(mood.accents))
            x += wide + rng.choice((2, 2, 3, 8))
        canvas.fill(box(0, bottom, WIDE, 30), mood.room.surface)
        canvas.fill(box(0, bottom + 30, WIDE, 12), darker(mood.room.surface, 0.6), alpha=0.6)
    canvas.fill(box(0, 0, 24, 900), mood.room.surface)
    canvas.fill(box(1176, 0, 24, 900), darker(mood.room.surface, 0.15))


def draw_reading(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A pile of books, a lamp, something to drink."""
    draw_wall(canvas, mood.room, rng)
    left = rng.random() < 0.5
    draw_window(canvas, mood, 820 if left else 100, 100, 270, 340)
    draw_lamp(canvas, 430 if left else 770, 60, mood.accents[2])
    draw_table(canvas, mood.room, 700)
    canvas.mirror(None if left else 600)
    draw_ground_shadow(canvas, 430, 774, 480, mood.room.surface)
    y = 774.0
    for i in range(rng.choice((4, 5, 6))):
        wide, high, shift = rng.uniform(330, 450), rng.uniform(52, 76), rng.uniform(-36, 36)
        _draw_lying(canvas, (430 + shift - wide / 2, y - high, wide, high), mood.accents[i % len(mood.accents)])
        y -= high
    page = curve((430, y - 20), (500, y - 76), (600, y - 60), (640, y - 44))
    low = curve((640, y - 18), (580, y - 34), (500, y - 44), (430, y - 2))
    for outline, tone in (([*page, *low], PAPER), (flipped([*page, *low], 430), lighter(PAPER, 0.5))):
        canvas.fill(outline, tone)
    canvas.line(curve((222, y - 22), (300, y - 38), (370, y - 36), (430, y - 2)), 6, mood.accents[-1])
    draw_mug(canvas, 800, 780, 120, mood.accents[0])
    draw_plant(canvas, rng, 1010, 770, 100, mood.accents[1])
    canvas.mirror(None)


def _draw_lying(canvas: Canvas, place: tuple[float, float, float, float], tone: Colour) -> None:
    x, y, wide, high = place
    canvas.fill(box(x, y, wide, high, 8), tone)
    canvas.fill(box(x + wide * 0.1, y + 9, wide * 0.9, high - 18), PAPER)
    for i in range(1, 3):
        canvas.fill(box(x + wide * 0.1, y + 9 + i * (high - 18) / 3, wide * 0.9, 3), darker(PAPER, 0.14))
    canvas.fill(box(x, y, wide * 0.16, high, 8), tone)
    canvas.fill(box(x + wide * 0.05, y, 9, high), lighter(tone, 0.4))
    canvas.fill(box(x, y + high - 10, wide, 10, 4), darker(tone, 0.25))


_PIECES: dict[str, tuple[Point, ...]] = {
    "pawn": (
        (0.0, -0.92),
        (0.17, -0.86),
        (0.2, -0.72),
        (0.12, -0.6),
        (0.2, -0.56),
        (0.1, -0.5),
        (0.14, -0.26),
        (0.28, -0.12),
    ),
    "bishop": (
        (0.0, -1.24),
        (0.06, -1.16),
        (0.18, -0.96),
        (0.14, -0.76),
        (0.24, -0.7),
        (0.11, -0.62),
        (0.14, -0.28),
        (0.3, -0.12),
    ),
    "queen": (
        (0.0, -1.4),
        (0.07, -1.32),
        (0.28, -1.26),
        (0.15, -0.9),
        (0.26, -0.84),
        (0.12, -0.76),
        (0.16, -0.3),
        (0.33, -0.12),
    ),
    "king": (
        (0.0, -1.36),
        (0.2, -1.34),
        (0.27, -1.24),
        (0.16, -0.94),
        (0.27, -0.88),
        (0.13, -0.8),
        (0.17, -0.3),
        (0.34, -0.12),
    ),
}


def _draw_piece(canvas: Canvas, kind: str, x: float, y: float, size: float, tone: Colour) -> None:
    half = moved(curve(*_PIECES[kind]), x, y, size)
    if kind == "king":
        canvas.fill(box(x - size * 0.035, y - size * 1.62, size * 0.07, size * 0.3), tone)
        canvas.fill(box(x - size * 0.11, y - size * 1.54, size * 0.22, size * 0.07), tone)
    outline = [*half, *flipped(half, x)[::-1]]
    draw_rounded(canvas, outline, tone)
    draw_rounded(canvas, box(x - size * 0.36, y - size * 0.16, size * 0.72, size * 0.16, size * 0.05), tone)
    canvas.fill(box(x - size * 0.3, y - size * 0.2, size * 0.6, size * 0.06, size * 0.03), darker(tone, 0.3))
    if kind == "bishop":
        canvas.line(
            [(x + size * 0.02, y - size * 1.0), (x + size * 0.12, y - size * 1.1)], size * 0.035, darker(tone, 0.4)
        )


def _sides(mood: Mood) -> tuple[Colour, Colour]:
    return lighter(mood.accents[0], 0.82), darker(mood.accents[1], 0.6)


def _corner(column: float, row: float) -> Point:
    """A point of the board in perspective: row 0 is the far edge, 8 the near one."""
    depth = math.copysign(abs(row / 8) ** 1.25, row)
    y = 430 + 430 * depth
    wide = 330 + 215 * depth
    return 600 + (column - 4) / 4 * wide, y


def draw_board(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A game in progress."""
    canvas.fill(SHEET, mood.room.wall)
    canvas.fill(ellipse(600, 430, 470, 400), mood.room.deep)
    rim = [_corner(-0.4, -0.3), _corner(8.4, -0.3), _corner(8.4, 8.3), _corner(-0.4, 8.3)]
    canvas.fill([(x, y + 34) for x, y in rim], darker(mood.room.surface, 0.5))
    canvas.fill(rim, mood.room.surface)
    for row in range(8):
        for column in range(8):
            square = [
                _corner(column, row),
                _corner(column + 1, row),
                _corner(column + 1, row + 1),
                _corner(column, row + 1),
            ]
            canvas.fill(
                square, lighter(mood.room.surface, 0.6) if (row + column) % 2 else darker(mood.room.surface, 0.3)
            )
    light, dark = _sides(mood)
    taken = sorted(rng.sample([(row, column) for row in range(8) for column in range(8)], 14))
    for i, (row, column) in enumerate(taken):
        x, y = _corner(column + 0.5, row + 0.7)
        kind = ("king", "queen", "bishop")[i % 3] if i % 4 == 1 else "pawn"
        size = 88 + 8 * row
        canvas.fill(ellipse(x + 16, y - 2, size * 0.42, size * 0.12), AUBERGINE, alpha=0.35)
        _draw_piece(canvas, kind, x, y, size, dark if rng.random() < 0.25 + 0.07 * (7 - row) else light)


def draw_duel(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A few pieces, large."""
    draw_wall(canvas, mood.room, rng)
    light, dark = _sides(mood)
    for i in range(10):
        edge = -180 + i * 160
        canvas.fill(
            [(edge + 60, 690), (edge + 220, 690), (edge + 170, 790), (edge - 10, 790)],
            lighter(mood.room.surface, 0.6) if i % 2 else darker(mood.room.surface, 0.3),
        )
        canvas.fill(
            [(edge - 10, 790), (edge + 170, 790), (edge + 110, 910), (edge - 90, 910)],
            darker(mood.room.surface, 0.3) if i % 2 else lighter(mood.room.surface, 0.6),
        )
    tall = rng.sample(("king", "queen", "bishop"), 2)
    left = rng.uniform(330, 400)
    for place, kind, size, tone in (
        (left - 210, "pawn", 250.0, light),
        (left + 640, "pawn", 250.0, dark),
        (left, tall[0], 360.0, light),
        (left + 400, tall[1], 360.0, dark),
        (left + 200, "pawn", 290.0, rng.choice((light, dark))),
    ):
        x, base = place, 760 + (size - 250) * 0.5
        canvas.fill(ellipse(x + 40, base - 6, size * 0.44, size * 0.08), AUBERGINE, alpha=0.35)
        _draw_piece(canvas, kind, x, base, size, tone)


def _draw_painting(canvas: Canvas, mood: Mood, rng: Random, place: tuple[float, float, float, float]) -> None:
    x, y, wide, high = place
    canvas.fill(box(x + 10, y + 14, wide, high), darker(mood.room.deep, 0.35))
    sheet = box(x, y, wide, high)
    canvas.fill(sheet, CREAM)
    inner = box(x + 14, y + 14, wide - 28, high - 28)
    canvas.fill(inner, mix(mood.accents[0], CREAM, 0.55))
    for i in range(3):
        px, py = x + wide * rng.uniform(0.25, 0.75), y + high * rng.uniform(0.25, 0.8)
        blob = loop([(px - 90, py + 20), (px - 30, py - 80), (px + 70, py - 60), (px + 100, py + 40), (px, py + 90)])
        canvas.fill(blob, mood.accents[1 + i], within=inner)
    canvas.fill(ellipse(x + wide * rng.uniform(0.3, 0.7), y + high * 0.3, wide * 0.12), mood.accents[-1], within=inner)


def draw_easel(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """An easel by the window."""
    canvas.fill(SHEET, mood.room.wall)
    canvas.fill(box(0, 730, WIDE, 180), mood.room.surface)
    canvas.fill(box(0, 716, WIDE, 18), lighter(mood.room.wall, 0.35))
    left = rng.random() < 0.5
    canvas.mirror(None if left else 600)
    draw_window(canvas, mood, 90, 100, 320, 440)
    wood = lighter(mood.room.surface, 0.25) if sum(mood.room.wall) < 380 else WALNUT
    draw_ground_shadow(canvas, 740, 846, 420, mood.room.surface)
    for x, foot in ((700, 560), (760, 900)):
        canvas.line([(x, 70), (foot, 850)], 22, wood)
    canvas.line([(730, 60), (730, 800)], 22, darker(wood, 0.2))
    _draw_painting(canvas, mood, rng, (510, 150, 440, 470))
    canvas.fill(box(490, 612, 480, 30, 6), wood)
    canvas.fill(box(230, 690, 180, 14, 6), wood)
    canvas.line([(250, 700), (230, 860)], 14, wood)
    canvas.line([(390, 700), (410, 860)], 14, wood)
    for i, turn in enumerate((-16, -4, 10)):
        canvas.fill(moved(turned(box(-5, -130, 10, 130, 5), turn, (0, 0)), 310, 640), darker(wood, 0.3))
        canvas.fill(moved(turned(ellipse(0, -142, 10, 22), turn, (0, 0)), 310, 640), mood.accents[i])
    draw_rounded(canvas, box(272, 600, 76, 92, 10), mood.accents[3])
    draw_plant(canvas, rng, 1080, 850, 110, mood.accents[2])
    canvas.mirror(None)


def draw_microphone(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A recording studio: microphone, headphones, sound on the wall."""
    draw_wall(canvas, mood.room, rng)
    for i in range(30):
        high = rng.uniform(30, 250) * (1 - abs(i - 14.5) / 22)
        canvas.fill(box(60 + i * 37, 320 - high / 2, 15, high, 8), mood.accents[3], alpha=0.75)
    draw_table(canvas, mood.room, 720)
    x = rng.choice((400, 760))
    dark = INK if sum(mood.room.wall) > 330 else AUBERGINE
    draw_ground_shadow(canvas, x, 800, 240, mood.room.surface)
    canvas.line([(x, 560), (x, 790)], 22, dark)
    canvas.fill(ellipse(x, 794, 120, 24), dark)
    canvas.line(curve((x - 124, 360), (x - 112, 500), (x, 566), (x + 112, 500), (x + 124, 360)), 18, dark)
    body = box(x - 92, 180, 184, 350, 92)
    draw_rounded(canvas, body, mood.accents[0])
    canvas.fill(box(x - 100, 180, 200, 190), lighter(mood.accents[0], 0.5), within=body)
    for i in range(5):
        canvas.line([(x - 88, 222 + i * 32), (x + 88, 222 + i * 32)], 6, darker(mood.accents[0], 0.25))
    canvas.fill(box(x - 100, 366, 200, 22), dark, within=body)
    _draw_headphones(canvas, 860 if x < 600 else 300, 780, mood.accents[1], dark)


def _draw_headphones(canvas: Canvas, x: float, y: float, tone: Colour, dark: Colour) -> None:
    canvas.line(
        curve((x - 110, y - 70), (x - 100, y - 190), (x, y - 250), (x + 100, y - 190), (x + 110, y - 70)), 22, dark
    )
    for side in (-1, 1):
        draw_rounded(canvas, box(x + side * 110 - 36, y - 126, 72, 126, 34), tone)
        canvas.fill(box(x + side * 84 - 14, y - 114, 28, 100, 14), dark)

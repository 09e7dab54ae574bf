"""Gallery scenes of hands-on work: ceramics, yarn, kitchen."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .moods import Mood
from .palette import (
    AUBERGINE,
    BRICK,
    CORAL,
    CREAM,
    FOREST,
    MARIGOLD,
    MOSS,
    OCHRE,
    SAGE,
    WALNUT,
    Colour,
    darker,
    lighter,
    mix,
    rgb,
)
from .props import (
    HIGH,
    SHEET,
    WIDE,
    draw_ground_shadow,
    draw_lamp,
    draw_leaf,
    draw_plant,
    draw_rounded,
    draw_table,
    draw_wall,
    draw_window,
)
from .shapes import Point, box, curve, ellipse, flipped, moved, scalloped, turned

_VESSELS: tuple[tuple[Point, ...], ...] = (
    ((0.16, -1.0), (0.13, -0.82), (0.34, -0.55), (0.36, -0.28), (0.2, 0.0)),
    ((0.3, -0.72), (0.34, -0.5), (0.36, -0.22), (0.26, 0.0)),
    ((0.46, -0.5), (0.42, -0.26), (0.26, -0.06), (0.16, 0.0)),
    ((0.12, -1.1), (0.1, -0.7), (0.28, -0.46), (0.3, -0.2), (0.22, 0.0)),
    ((0.24, -0.9), (0.2, -0.76), (0.42, -0.42), (0.34, -0.14), (0.2, 0.0)),
)


def _draw_vessel(canvas: Canvas, rng: Random, x: float, y: float, size: float, tone: Colour, glaze: Colour) -> None:
    half = curve(*rng.choice(_VESSELS))
    right = moved(half, x, y, size)
    outline = [*right, *flipped(right, x)[::-1]]
    canvas.fill(outline, tone)
    top = right[0][1]
    depth = (y - top) * rng.uniform(0.3, 0.6)
    drip = curve(
        *((x - size * 0.5 + i * size * 0.25, top + depth + (size * 0.05 if i % 2 else -size * 0.03)) for i in range(5))
    )
    canvas.fill([(x - size, top - 20), *drip, (x + size, top - 20)], glaze, within=outline)
    rim = max(px for px, _ in outline) - x
    canvas.fill([(px + rim * 1.3, py) for px, py in outline], AUBERGINE, within=outline, alpha=0.2)
    canvas.fill(ellipse(x, top, right[0][0] - x, size * 0.035), darker(tone, 0.45))


def draw_shelf(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """Vessels on two boards."""
    canvas.fill(SHEET, mood.room.wall)
    canvas.fill(box(70, 60, 1060, 1000, 60), mood.room.deep)
    for y in (430.0, 790.0):
        canvas.fill(box(40, y + 22, 1120, 14), darker(mood.room.deep, 0.22))
        x = 190.0 + rng.uniform(-20, 20)
        while x < 1060:
            size = rng.uniform(210, 290)
            tone, glaze = rng.sample(mood.accents[:5], 2)
            canvas.fill(ellipse(x + 24, y, size * 0.4, 12), darker(mood.room.deep, 0.3))
            _draw_vessel(canvas, rng, x, y, size, tone, glaze)
            x += rng.uniform(190, 235)
        canvas.fill(box(40, y, 1120, 26, 6), mood.room.surface)
    canvas.fill(box(0, 860, WIDE, 60), mood.room.wall)


def draw_wheel(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A pot on the wheel by the window."""
    draw_wall(canvas, mood.room, rng)
    left = rng.random() < 0.5
    draw_window(canvas, mood, 110 if left else 790, 110, 300, 330)
    draw_lamp(canvas, 900 if left else 300, 120, mood.accents[4])
    draw_table(canvas, mood.room, 690)

    x = 640 if left else 540
    draw_ground_shadow(canvas, x, 770, 420, mood.room.surface)
    canvas.fill(ellipse(x, 760, 230, 42), darker(mood.room.surface, 0.5))
    canvas.fill(ellipse(x, 742, 230, 42), lighter(mood.room.surface, 0.35))
    canvas.fill(ellipse(x, 742, 160, 26), darker(mood.room.surface, 0.1))
    clay, glaze = mood.accents[0], mood.accents[1]
    _draw_vessel(canvas, rng, x, 744, 440, clay, glaze)
    other = 1010 if left else 190
    draw_ground_shadow(canvas, other, 730, 150, mood.room.surface)
    _draw_vessel(canvas, rng, other, 730, 210, mood.accents[2], mood.accents[3])


def _draw_ball(canvas: Canvas, x: float, y: float, r: float, tone: Colour, turn: float) -> None:
    ball = ellipse(x, y, r)
    canvas.fill(ball, tone)
    canvas.fill(ellipse(x + r * 0.5, y + r * 0.3, r * 0.95), darker(tone, 0.18), within=ball)
    for bundle, (angle, shade) in enumerate(((turn, 0.3), (turn + 62, 0.22), (turn - 58, 0.34))):
        for i in range(5):
            off = (i - 2) * r * 0.26 + bundle * 6
            line = curve((-r, off * 0.5), (-r * 0.4, off + r * 0.12), (r * 0.4, off + r * 0.12), (r, off * 0.5))
            canvas.stroke(moved(turned(line, angle, (0, 0)), x, y), r * 0.055, darker(tone, shade), within=ball)
    arc = curve((x - r * 0.7, y - r * 0.2), (x - r * 0.5, y - r * 0.6), (x - r * 0.1, y - r * 0.78))
    canvas.stroke(arc, r * 0.08, lighter(tone, 0.35))


def _draw_needle(canvas: Canvas, x: float, y: float, length: float, turn: float, tone: Colour) -> None:
    canvas.fill(moved(turned(box(-7, -length, 14, length, 5), turn, (0, 0)), x, y), tone)
    end = turned([(0.0, -length)], turn, (0, 0))[0]
    canvas.fill(ellipse(x + end[0], y + end[1], 18), darker(tone, 0.3))


def draw_basket(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """Balls of yarn in a basket."""
    draw_wall(canvas, mood.room, rng)
    draw_table(canvas, mood.room, 700)
    x = rng.uniform(520, 640)
    draw_ground_shadow(canvas, x, 800, 480, mood.room.surface)
    tones = [*mood.accents, *mood.accents]
    for turn in (-24, 20):
        _draw_needle(canvas, x + turn * 2, 560, 420, turn + rng.uniform(-5, 5), lighter(mood.room.surface, 0.4))
    spots = ((-170, 480, 112), (160, 470, 122), (0, 410, 124), (-60, 520, 120), (90, 530, 118))
    for (dx, y, r), tone in zip(spots, tones, strict=False):
        _draw_ball(canvas, x + dx, y, r, tone, rng.uniform(0, 180))
    basket = [(x - 290, 540), (x + 290, 540), (x + 240, 800), (x - 240, 800)]
    straw = mix(OCHRE, CREAM, 0.25)
    draw_rounded(canvas, [(float(a), float(b)) for a, b in basket], straw)
    for row in range(6):
        for i in range(13):
            cx = x - 276 + i * 46 + (row % 2) * 23
            canvas.fill(ellipse(cx, 574 + row * 40, 20, 11), darker(straw, 0.2), within=basket)
    canvas.fill(box(x - 306, 524, 612, 40, 20), darker(straw, 0.12))
    spare = x + 430 if x < 600 else x - 430
    draw_ground_shadow(canvas, spare, 812, 190, mood.room.surface)
    _draw_ball(canvas, spare, 712, 100, tones[5], rng.uniform(0, 180))
    canvas.line(curve((spare - 60, 800), (spare - 140, 850), (spare - 300, 820), (spare - 420, 868)), 9, tones[5])


def draw_knitting(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A piece of knitting on its needles, in stripes."""
    canvas.fill(SHEET, mood.room.wall)
    canvas.fill(ellipse(rng.uniform(300, 900), 500, 480), mood.room.deep)
    tones = mood.accents[:4]
    left, top, columns, rows = 250.0, 250.0, 18, 15
    for row in range(rows):
        tone = tones[(row // rng.choice((2, 3, 3))) % len(tones)]
        for column in range(columns):
            x, y = left + column * 40, top + row * 38
            for turn, shade in ((-24, 0.0), (24, 0.16)):
                canvas.fill(ellipse(x + (10 if turn < 0 else 30), y, 13, 25, turn), darker(tone, shade))
    wood = lighter(mood.room.surface, 0.3)
    canvas.line([(120, 226), (1010, 214)], 20, wood)
    canvas.fill(ellipse(1016, 214, 26), darker(wood, 0.25))
    for column in range(columns):
        x = left + 20 + column * 40
        canvas.fill(box(x - 12, 198, 24, 48, 12), tones[0])
    canvas.line([(220, 120), (640, 262)], 20, darker(wood, 0.12))
    canvas.line(curve((970, 780), (1040, 820), (1090, 760), (1060, 690)), 10, tones[-1])
    _draw_ball(canvas, 1060, 680, 110, tones[-1], rng.uniform(0, 180))


def _draw_pot(canvas: Canvas, x: float, y: float, width: float, tone: Colour) -> None:
    height = width * 0.62
    for side in (-1, 1):
        ring = ellipse(x + side * width * 0.52, y - height * 0.72, width * 0.1, height * 0.12)
        canvas.line([*ring, ring[0]], width * 0.045, darker(tone, 0.3))
    draw_rounded(canvas, box(x - width / 2, y - height, width, height, width * 0.12), tone)
    lid = [*curve((x - width * 0.53, y - height), (x - width * 0.3, y - height * 1.24), (x, y - height * 1.3))]
    draw_rounded(canvas, [*lid, *flipped(lid, x)[::-1]], lighter(tone, 0.1))
    canvas.fill(ellipse(x, y - height * 1.36, width * 0.07), darker(tone, 0.35))


def draw_stove(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A worktop with a pot, things hanging above it."""
    canvas.fill(SHEET, mood.room.wall)
    for row in range(3):
        for column in range(-1, 11):
            x = column * 122 + (row % 2) * 61
            canvas.fill(
                box(x, 410 + row * 86, 114, 78, 6), mix(mood.room.wall, mood.room.deep, 0.35 + 0.3 * rng.random())
            )
    canvas.fill(box(120, 96, 960, 16, 8), darker(mood.room.surface, 0.3))
    for i, x in enumerate(range(220, 1000, 130)):
        _draw_utensil(canvas, rng.randrange(3), x, mood.accents[i % len(mood.accents)])
    draw_table(canvas, mood.room, 668)
    x = rng.choice((420, 560, 700))
    draw_ground_shadow(canvas, x, 744, 330, mood.room.surface)
    _draw_pot(canvas, x, 744, 330, mood.accents[0])
    draw_plant(canvas, rng, 150 if x > 500 else 1040, 740, 96, mood.accents[1])
    for i in range(3):
        fruit = (x + 330 + i * 86) if x < 600 else (x - 470 + i * 86)
        draw_ground_shadow(canvas, fruit, 756, 80, mood.room.surface)
        draw_rounded(canvas, ellipse(fruit, 722 - (i == 1) * 4, 44, 40), (CORAL, MARIGOLD, BRICK)[i])
        draw_leaf(canvas, fruit, 688, 34, 20, 30, MOSS)


def _draw_utensil(canvas: Canvas, kind: int, x: float, tone: Colour) -> None:
    canvas.line([(x, 104), (x, 260)], 12, darker(tone, 0.12))
    if kind == 0:
        draw_rounded(canvas, ellipse(x, 300, 42, 56), tone)
    elif kind == 1:
        draw_rounded(canvas, box(x - 44, 246, 88, 110, 16), tone)
        for dx in (-20, 0, 20):
            canvas.line([(x + dx, 272), (x + dx, 330)], 8, darker(tone, 0.45))
    else:
        ring = ellipse(x, 310, 58)
        canvas.fill(ring, darker(tone, 0.25))
        canvas.fill(ellipse(x - 3, 307, 46), tone)


def draw_dish(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A laid table seen from above."""
    cloth = mix(mood.room.wall, CREAM, 0.25)
    canvas.fill(SHEET, cloth)
    for i in range(12):
        canvas.fill(box(i * 104 - 8, 0, 34, HIGH), mix(cloth, mood.room.deep, 0.4))
    x, y = rng.uniform(470, 600), 450.0
    canvas.fill(ellipse(x + 16, y + 24, 304), darker(cloth, 0.3))
    canvas.fill(ellipse(x, y, 304), mood.accents[0])
    canvas.fill(ellipse(x, y, 244), lighter(mood.accents[0], 0.75))
    _draw_salad(canvas, rng, x, y)
    for dx, wide in ((372, 18), (432, 14)):
        canvas.fill(box(x + dx + 6, 268, wide, 400, 9), darker(cloth, 0.3))
        canvas.fill(box(x + dx, 260, wide, 400, 9), darker(mood.room.surface, 0.1))
    canvas.fill(ellipse(x + 381, 290, 34, 62), darker(mood.room.surface, 0.1))
    canvas.fill(box(x + 421, 232, 36, 150, 14), darker(mood.room.surface, 0.1))
    canvas.fill(ellipse(150, 180, 104), darker(cloth, 0.25))
    canvas.fill(ellipse(142, 168, 104), mood.accents[2])
    canvas.fill(ellipse(142, 168, 80), darker(mood.accents[2], 0.35))
    canvas.fill(ellipse(136, 160, 80), WALNUT, within=ellipse(142, 168, 80))


def _draw_salad(canvas: Canvas, rng: Random, x: float, y: float) -> None:
    for i in range(16):
        angle, far = i * 2.4, 30 + i * 12.5
        px, py = x + far * math.cos(angle), y + far * math.sin(angle)
        kind = rng.randrange(4)
        if kind == 0:
            canvas.fill(ellipse(px, py, 54), CORAL)
            canvas.fill(ellipse(px, py, 43), lighter(CORAL, 0.3))
            for step in range(4):
                canvas.fill(moved(turned(ellipse(0, -22, 9, 14), step * 90, (0, 0)), px, py), BRICK)
        elif kind == 1:
            canvas.fill(ellipse(px, py, 52), MARIGOLD)
            canvas.fill(ellipse(px, py, 43), CREAM)
            canvas.fill(ellipse(px + 3, py + 3, 26), rgb("#F2B93F"))
        elif kind == 2:
            canvas.fill(scalloped((px, py), 54, 54, 8, 0.2), SAGE)
            canvas.fill(scalloped((px, py), 34, 34, 6, 0.2), MOSS)
        else:
            draw_leaf(canvas, px, py + 30, 120, 62, rng.uniform(0, 360), rng.choice((FOREST, MOSS)))

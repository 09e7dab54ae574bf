"""What several scenes share: walls, tables, windows, lamps, plants, skies, hills. A scene is 1200 x 900 units."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .moods import Mood, Room, Sky
from .palette import CORAL, CREAM, FOREST, MARIGOLD, MOSS, NIGHT, SAGE, Colour, darker, lighter, mix
from .shapes import Point, box, curve, ellipse, flipped, mirrored, moved, scalloped, turned

WIDE, HIGH = 1200.0, 900.0
SHEET = box(0, 0, WIDE, HIGH)


def draw_wall(canvas: Canvas, room: Room, rng: Random) -> None:
    """A wall with a soft shape that gathers what stands before it."""
    canvas.fill(SHEET, room.wall)
    x = rng.uniform(480, 720)
    if rng.random() < 0.5:
        canvas.fill(ellipse(x, 470, 430), room.deep)
    else:
        canvas.fill(box(x - 380, 90, 760, 1000, 380), room.deep)


def draw_table(canvas: Canvas, room: Room, y: float) -> None:
    """A table top from height `y` down."""
    canvas.fill(box(0, y, WIDE, HIGH - y), room.surface)
    canvas.fill(box(0, y, WIDE, 12), lighter(room.surface, 0.25))
    for step, left in enumerate((90, 560, 240, 820)):
        line = y + 50 + step * 42
        canvas.stroke(curve((left, line), (left + 140, line + 4), (left + 300, line)), 5, darker(room.surface, 0.14))


def draw_ground_shadow(canvas: Canvas, x: float, y: float, width: float, tone: Colour) -> None:
    """The shadow of a thing that stands at (x, y)."""
    canvas.fill(ellipse(x + width * 0.12, y, width * 0.6, width * 0.075), darker(tone, 0.38), alpha=0.5)


def draw_window(canvas: Canvas, mood: Mood, x: float, y: float, width: float, height: float) -> None:
    """A window with the sky of the mood in it."""
    frame = lighter(mood.room.wall, 0.5) if sum(mood.room.wall) > 380 else lighter(mood.room.wall, 0.25)
    canvas.fill(box(x - 16, y - 16, width + 32, height + 32, 10), darker(mood.room.deep, 0.12))
    canvas.fill(box(x - 16, y - 18, width + 28, height + 28, 10), frame)
    glass = box(x, y, width, height)
    canvas.fill(glass, mood.sky.high)
    canvas.fade(glass, mood.sky.low, top=y, bottom=y + height)
    canvas.fill(ellipse(x + width * 0.7, y + height * 0.3, width * 0.12), mood.sky.sun, within=glass)
    hills = curve(
        (x, y + height * 0.75),
        (x + width * 0.3, y + height * 0.6),
        (x + width * 0.7, y + height * 0.8),
        (x + width, y + height * 0.66),
    )
    canvas.fill([*hills, (x + width, y + height), (x, y + height)], mood.sky.far)
    canvas.fill(
        [(px, py + height * 0.12) for px, py in hills] + [(x + width, y + height), (x, y + height)],
        mood.sky.middle,
        within=glass,
    )
    canvas.fill(box(x + width / 2 - 6, y, 12, height), frame)
    canvas.fill(box(x, y + height * 0.45, width, 12), frame)


def draw_lamp(canvas: Canvas, x: float, length: float, tone: Colour) -> None:
    """A lamp hanging from above, and its light."""
    canvas.line([(x, 0), (x, length)], 6, darker(tone, 0.5))
    canvas.fill([(x - 70, length + 70), (x + 70, length + 70), (x + 330, HIGH), (x - 330, HIGH)], CREAM, alpha=0.12)
    canvas.fill(ellipse(x, length + 72, 34, 22), CREAM)
    shade = mirrored(
        [(x, length), (x + 40, length + 8), (x + 78, length + 50), (x + 86, length + 74), (x, length + 74)], x
    )
    canvas.fill(shade, tone)
    canvas.fill(
        [(x + 20, length), (x + 90, length), (x + 90, length + 80), (x + 44, length + 80)],
        darker(tone, 0.2),
        within=shade,
    )


def leaf(x: float, y: float, length: float, width: float, turn: float) -> list[Point]:
    """A leaf that grows from (x, y), upwards where `turn` is 0."""
    half = curve((0, 0), (width / 2, -length * 0.4), (width * 0.36, -length * 0.72), (0, -length))
    return moved(turned([*half, *flipped(half, 0)[::-1]], turn, (0, 0)), x, y)


def draw_leaf(canvas: Canvas, x: float, y: float, length: float, width: float, turn: float, tone: Colour) -> None:
    """A leaf with its darker half."""
    canvas.fill(leaf(x, y, length, width, turn), tone)
    half = curve((0, 0), (width / 2, -length * 0.4), (width * 0.36, -length * 0.72), (0, -length))
    canvas.fill(moved(turned(half, turn, (0, 0)), x, y), darker(tone, 0.18))


def draw_plant(canvas: Canvas, rng: Random, x: float, y: float, size: float, pot: Colour) -> None:
    """A potted plant standing at (x, y), about 3 `size` high."""
    green = rng.choice((MOSS, FOREST, SAGE))
    rng.choice((_draw_blades, _draw_blades, _draw_bush, _draw_stems))(canvas, rng, x, y - size * 0.95, size, green)
    half = [(x - size * 0.55, y - size), (x + size * 0.55, y - size), (x + size * 0.42, y), (x - size * 0.42, y)]
    canvas.fill(half, pot)
    canvas.fill(
        [(x + size * 0.1, y - size), (x + size, y - size), (x + size, y), (x + size * 0.16, y)],
        darker(pot, 0.18),
        within=half,
    )
    canvas.fill(box(x - size * 0.62, y - size * 1.06, size * 1.24, size * 0.24, 6), lighter(pot, 0.12))


def _draw_blades(canvas: Canvas, rng: Random, x: float, y: float, size: float, green: Colour) -> None:
    count = rng.choice((5, 7))
    for i in sorted(range(count), key=lambda i: -abs(i - count // 2)):
        turn = (i - count // 2) * 120 / count
        draw_leaf(canvas, x, y, size * rng.uniform(1.5, 2.1), size * 0.62, turn, mix(green, SAGE, 0.35 * (i % 2)))


def _draw_bush(canvas: Canvas, rng: Random, x: float, y: float, size: float, green: Colour) -> None:
    bloom = rng.choice((CORAL, MARIGOLD, CREAM, green))
    crown = scalloped((x, y - size * 0.5), size * 0.8, size * 0.76, 11, 0.09)
    canvas.fill(crown, green)
    canvas.fill(ellipse(x + size * 0.4, y - size * 0.3, size * 0.7, size * 0.8), darker(green, 0.2), within=crown)
    for i in range(9):
        angle, far = i * 2.4, size * 0.2 * math.sqrt(i)
        spot = ellipse(x + far * math.cos(angle) * 1.1, y - size * 0.52 + far * math.sin(angle), size * 0.1)
        canvas.fill(spot, bloom if bloom != green else lighter(green, 0.18))


def _draw_stems(canvas: Canvas, rng: Random, x: float, y: float, size: float, green: Colour) -> None:
    for turn in (-26, 24, 0):
        lean, top = turn / 26 * size * 0.7, y - size * rng.uniform(1.3, 1.8)
        stem = curve((x, y), (x + lean * 0.3, (y + top) / 2), (x + lean, top))
        canvas.line(stem, size * 0.06, darker(green, 0.25))
        draw_leaf(canvas, x + lean, top + size * 0.1, size * 0.6, size * 0.36, turn, green)
        for share in (8, 14, 20):
            px, py = stem[min(share, len(stem) - 1)]
            for side in (-1, 1):
                draw_leaf(canvas, px, py, size * 0.52, size * 0.32, side * 62 + turn, mix(green, SAGE, 0.25))


def draw_mug(canvas: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    """A mug standing at (x, y), `size` wide."""
    ring = ellipse(x + size * 0.52, y - size * 0.5, size * 0.26, size * 0.28)
    canvas.line([*ring, ring[0]], size * 0.11, darker(tone, 0.12))
    body = box(x - size / 2, y - size, size, size, size * 0.2)
    canvas.fill(body, tone)
    canvas.fill(box(x + size * 0.16, y - size, size, size), darker(tone, 0.16), within=body)
    canvas.fill(box(x - size / 2, y - size * 0.62, size, size * 0.12), lighter(tone, 0.35), within=body)
    for dx in (-0.16, 0.1):
        steam = curve(
            (x + size * dx, y - size * 1.1),
            (x + size * (dx + 0.1), y - size * 1.3),
            (x + size * (dx - 0.06), y - size * 1.5),
            (x + size * (dx + 0.06), y - size * 1.75),
        )
        canvas.fill(_thin(steam, size * 0.07), CREAM, alpha=0.6)


def _thin(line: list[Point], width: float) -> list[Point]:
    return [*line, *((x + width, y) for x, y in reversed(line))]


def draw_sky(canvas: Canvas, sky: Sky, rng: Random) -> None:
    """Sky with sun or moon, and clouds or stars."""
    canvas.fill(SHEET, sky.high)
    canvas.fade(SHEET, sky.low, top=0, bottom=620)
    if sky.dark:
        for _ in range(46):
            canvas.fill(ellipse(rng.uniform(0, WIDE), rng.uniform(0, 380), rng.uniform(1.5, 3.6)), CREAM, alpha=0.7)
    x, y = rng.uniform(240, 960), rng.uniform(150, 290)
    canvas.fill(ellipse(x, y, 168), sky.sun, alpha=0.14)
    canvas.fill(ellipse(x, y, 120), sky.sun, alpha=0.22)
    canvas.fill(ellipse(x, y, 76), sky.sun)
    for _ in range(3):
        draw_cloud(canvas, rng.uniform(60, 1140), rng.uniform(90, 330), rng.uniform(60, 110), mix(sky.low, CREAM, 0.5))


def draw_cloud(canvas: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    """A flat-bottomed cloud."""
    outline = [*curve((x - size * 1.6, y), (x - size * 1.2, y - size * 0.34), (x - size * 0.6, y - size * 0.36))]
    outline += curve(
        (x - size * 0.6, y - size * 0.36), (x - size * 0.1, y - size * 0.72), (x + size * 0.5, y - size * 0.4)
    )
    outline += curve((x + size * 0.5, y - size * 0.4), (x + size * 1.1, y - size * 0.44), (x + size * 1.6, y))
    canvas.fill(outline, tone, alpha=0.55)


def draw_hill(canvas: Canvas, rng: Random, y: float, swing: float, tone: Colour) -> list[Point]:
    """Rolling land from about height `y` down; its crest is given back."""
    crest = curve(*((x, y + rng.uniform(-swing, swing)) for x in (-20, 260, 560, 880, 1220)))
    canvas.fill([*crest, (WIDE, HIGH), (0, HIGH)], tone)
    return crest


def draw_pine(canvas: Canvas, x: float, y: float, height: float, tone: Colour) -> None:
    """A pine standing at (x, y)."""
    canvas.fill(box(x - height * 0.03, y - height * 0.14, height * 0.06, height * 0.16), darker(tone, 0.4))
    for step in range(3):
        top, wide = y - height + step * height * 0.24, height * (0.16 + step * 0.07)
        half = curve((x, top), (x + wide * 0.4, top + height * 0.2), (x + wide, top + height * 0.4))
        canvas.fill([*half, *flipped(half, x)[::-1]], mix(tone, NIGHT, 0.05 * (2 - step)))


def draw_tree(canvas: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    """A round tree standing at (x, y)."""
    canvas.fill(box(x - size * 0.06, y - size * 0.6, size * 0.12, size * 0.62), darker(tone, 0.5))
    crown = scalloped((x, y - size), size * 0.46, size * 0.56, 9, 0.06)
    canvas.fill(crown, tone)
    canvas.fill(
        ellipse(x + size * 0.24, y - size * 0.9, size * 0.4, size * 0.56), mix(tone, FOREST, 0.45), within=crown
    )


def draw_rounded(canvas: Canvas, outline: list[Point], tone: Colour) -> None:
    """A thing with its side away from the light in shade, its lower end included."""
    canvas.fill(outline, tone)
    left, right = min(x for x, _ in outline), max(x for x, _ in outline)
    width = right - left
    shade = [(x + width * 0.7, y) for x, y in outline]
    canvas.fill(shade, darker(tone, 0.18), within=outline)

"""Gallery scenes in the open: mountain, garden, city, sea."""

from __future__ import annotations

from random import Random

from .canvas import Canvas
from .moods import Mood
from .palette import (
    BRICK,
    CORAL,
    CREAM,
    FOREST,
    LEAF,
    LILAC,
    MARIGOLD,
    MOSS,
    PEACH,
    PLUM,
    SAGE,
    Colour,
    darker,
    lighter,
    mix,
)
from .props import HIGH, SHEET, WIDE, draw_hill, draw_leaf, draw_pine, draw_plant, draw_rounded, draw_sky, draw_tree
from .shapes import Point, box, curve, ellipse, flipped, loop, moved, turned


def _draw_peak(canvas: Canvas, rng: Random, x: float, top: float, base: float, wide: float, tone: Colour) -> None:
    """A mountain: lit face, shaded face, snow."""
    ridge = [(x, top)]
    steps = 5
    for i in range(1, steps + 1):
        y = top + (base - top) * i / steps
        ridge.append((x + (24 if i % 2 else -18) + wide * 0.08 * i + rng.uniform(-12, 12), y))
    left, right = (x - wide, base), (x + wide, base)
    canvas.fill([(x, top), right, left], tone)
    canvas.fill([*ridge, right], darker(tone, 0.24))
    line = top + (base - top) * 0.3
    share = (line - top) / (base - top)
    edge = [(x - wide * share, line), (x - wide * share * 0.5, line - 26), (x - wide * share * 0.2, line + 22)]
    edge += [(x + wide * share * 0.25, line - 20), (x + wide * share * 0.6, line + 16), (x + wide * share, line)]
    snow = [(x, top), *edge[::-1]]
    canvas.fill(snow, mix(CREAM, tone, 0.08))
    canvas.fill([*ridge, right], mix(CREAM, darker(tone, 0.3), 0.36), within=snow)


def draw_peaks(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """Ranges behind each other, pines in front."""
    sky = mood.sky
    draw_sky(canvas, sky, rng)
    for x in (120, 480, 1080):
        _draw_peak(canvas, rng, x + rng.uniform(-50, 50), rng.uniform(330, 400), 760, 380, sky.far)
    main = rng.uniform(520, 860)
    _draw_peak(canvas, rng, main, rng.uniform(200, 250), 800, 520, mix(sky.far, sky.middle, 0.6))
    draw_hill(canvas, rng, 660, 40, sky.middle)
    draw_hill(canvas, rng, 750, 30, mix(sky.middle, sky.near, 0.55))
    for _ in range(9):
        draw_pine(
            canvas, rng.uniform(0, WIDE), rng.uniform(730, 780), rng.uniform(80, 150), mix(sky.middle, sky.near, 0.8)
        )
    draw_hill(canvas, rng, 830, 20, sky.near)
    for spot in (rng.uniform(40, 130), rng.uniform(170, 240), rng.uniform(1040, 1160)):
        draw_pine(canvas, spot, 880, rng.uniform(280, 390), darker(sky.near, 0.15))


def draw_lake(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A peak above a lake, a tent on the shore."""
    sky = mood.sky
    draw_sky(canvas, sky, rng)
    x = rng.uniform(380, 760)
    _draw_peak(canvas, rng, x + 330, 330, 600, 360, sky.far)
    _draw_peak(canvas, rng, x - 320, 350, 600, 340, sky.far)
    _draw_peak(canvas, rng, x, 210, 600, 380, mix(sky.far, sky.middle, 0.6))
    for _ in range(16):
        draw_pine(canvas, rng.uniform(0, WIDE), 606, rng.uniform(50, 96), sky.middle)
    canvas.fill(box(0, 600, WIDE, 300), mix(sky.low, sky.far, 0.35))
    canvas.fill([(x, 800), (x + 300, 600), (x - 300, 600)], mix(sky.far, sky.middle, 0.4), alpha=0.45)
    for _ in range(16):
        px, py = rng.uniform(0, WIDE), rng.uniform(620, 800)
        canvas.stroke(curve((px - 90, py), (px, py + 2), (px + 90, py)), 6, mix(sky.low, CREAM, 0.4))
    shore = curve((-20, 760), (240, 750), (520, 810), (860, 850), (1220, 800))
    canvas.fill([*shore, (WIDE, HIGH), (0, HIGH)], sky.near)
    _draw_tent(canvas, rng.uniform(230, 300), 800, rng.choice((CORAL, MARIGOLD)))
    draw_pine(canvas, 80, 830, 330, darker(sky.near, 0.12))
    draw_pine(canvas, 1090, 870, 300, darker(sky.near, 0.12))


def _draw_tent(canvas: Canvas, x: float, y: float, tone: Colour) -> None:
    canvas.fill([(x - 110, y), (x - 20, y - 120), (x + 120, y)], tone)
    canvas.fill([(x - 20, y - 120), (x + 60, y - 116), (x + 180, y - 6), (x + 120, y)], darker(tone, 0.22))
    canvas.fill([(x - 20, y - 120), (x + 34, y), (x - 36, y)], lighter(MARIGOLD, 0.5))


_PETALS = (CORAL, MARIGOLD, PLUM, LILAC, CREAM, PEACH, BRICK)


def _draw_flower(canvas: Canvas, rng: Random, x: float, base: float, y: float, tone: Colour) -> None:
    canvas.line(curve((x + rng.uniform(-16, 16), base), (x + 8, (base + y) / 2), (x, y)), 9, FOREST)
    for side in (-1, 1):
        draw_leaf(canvas, x + 4, base - (base - y) * rng.uniform(0.2, 0.5), 86, 34, side * rng.uniform(36, 62), MOSS)
    kind, size = rng.randrange(3), rng.uniform(40, 60)
    if kind == 0:
        for i in range(8):
            canvas.fill(
                moved(turned(ellipse(0, -size * 0.8, size * 0.32, size * 0.56), i * 45, (0, 0)), x, y),
                tone if i % 2 else darker(tone, 0.12),
            )
        canvas.fill(ellipse(x, y, size * 0.42), MARIGOLD if tone != MARIGOLD else BRICK)
    elif kind == 1:
        for turn, shade in ((-24, 0.16), (24, 0.16), (0, 0.0)):
            draw = moved(turned(ellipse(0, -size * 0.7, size * 0.42, size * 0.9), turn, (0, 0)), x, y + size * 0.5)
            canvas.fill(draw, darker(tone, shade))
    else:
        for i in range(14):
            px, py = x + rng.uniform(-14, 14), y - i * 11 + 40
            canvas.fill(ellipse(px, py, 15 - i * 0.6), tone if i % 2 else darker(tone, 0.18))


def draw_bed(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """Flowers against the sky."""
    sky = mood.sky
    draw_sky(canvas, sky, rng)
    draw_hill(canvas, rng, 560, 40, mix(sky.far, SAGE, 0.4))
    for x in (rng.uniform(60, 300), rng.uniform(800, 1120)):
        draw_tree(canvas, x, 610, rng.uniform(170, 240), mix(LEAF, sky.middle, 0.2))
    draw_hill(canvas, rng, 660, 24, mix(MOSS, sky.near, 0.15))
    tones = rng.sample(_PETALS, 4)
    for depth, count in ((0, 9), (1, 8)):
        for i in range(count):
            x = (i + 0.5) * WIDE / count + rng.uniform(-30, 30)
            _draw_flower(canvas, rng, x, 920, rng.uniform(420, 560) + depth * 130, rng.choice(tones))
    for _ in range(26):
        draw_leaf(
            canvas,
            rng.uniform(0, WIDE),
            915,
            rng.uniform(70, 150),
            34,
            rng.uniform(-30, 30),
            rng.choice((FOREST, MOSS)),
        )


def draw_greenhouse(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """Pots on boards under a glass roof."""
    sky = mood.sky
    canvas.fill(SHEET, sky.high)
    canvas.fade(SHEET, sky.low, top=100, bottom=700)
    draw_hill(canvas, rng, 520, 40, sky.far)
    draw_hill(canvas, rng, 600, 30, mix(sky.middle, SAGE, 0.4))
    frame = mix(CREAM, sky.low, 0.15)
    for bar in range(0, 1201, 200):
        canvas.line([(bar, 240), (bar, 700)], 12, frame)
        canvas.line([(600, -80), (bar * 1.7 - 420, 240)], 12, frame)
    canvas.line([(0, 240), (1200, 240)], 18, frame)
    canvas.line([(0, 470), (1200, 470)], 10, frame)
    wood = mood.room.surface
    for y, size, start in ((640.0, 84.0, 130), (846.0, 100.0, 60)):
        canvas.fill(box(0, y, WIDE, 26), lighter(wood, 0.2))
        canvas.fill(box(0, y + 26, WIDE, 190), darker(wood, 0.2))
        x: float = start + rng.uniform(-30, 30)
        while x < 1180:
            tone = rng.choice((BRICK, CORAL, PEACH, mood.accents[0], mood.accents[1]))
            draw_plant(canvas, rng, x, y, size * rng.uniform(0.8, 1.1), tone)
            x += size * rng.uniform(1.9, 2.6)


def draw_skyline(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """Towers in three depths, lit windows in the nearest."""
    sky = mood.sky
    draw_sky(canvas, sky, rng)
    light = lighter(MARIGOLD, 0.3) if sky.dark else lighter(sky.middle, 0.4)
    for depth, tone in enumerate((sky.far, sky.middle, sky.near)):
        x = -40.0 + rng.uniform(-30, 0)
        while x < WIDE:
            wide, top = rng.uniform(90, 170), rng.uniform(300, 520) + depth * 110
            _draw_tower(canvas, rng, (x, top, wide), mix(tone, sky.low, 0.04 * rng.random()), light if depth else tone)
            x += wide + (rng.uniform(4, 40) if depth else 0)
    canvas.fill(box(0, 870, WIDE, 40), darker(sky.near, 0.2))


def _draw_tower(canvas: Canvas, rng: Random, place: tuple[float, float, float], tone: Colour, light: Colour) -> None:
    x, top, wide = place
    roof = rng.randrange(4)
    if roof == 0:
        canvas.fill([(x, top), (x + wide, top - 60), (x + wide, top + 2), (x, top + 2)], tone)
    elif roof == 1:
        canvas.line([(x + wide / 2, top - 90), (x + wide / 2, top)], 7, tone)
        canvas.fill(box(x + wide * 0.25, top - 34, wide * 0.5, 40), tone)
    elif roof == 2:
        canvas.fill(ellipse(x + wide / 2, top, wide / 2, wide * 0.36), tone)
    canvas.fill(box(x, top, wide, HIGH - top), tone)
    canvas.fill(box(x + wide * 0.76, top, wide * 0.24, HIGH - top), darker(tone, 0.14))
    if light == tone:
        return
    columns = max(int(wide // 34), 2)
    for row in range(int((HIGH - top) // 46)):
        for column in range(columns):
            if rng.random() < 0.5:
                canvas.fill(box(x + 12 + column * (wide - 20) / columns, top + 24 + row * 46, 14, 22), light)


def draw_street(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A row of gabled houses by the water."""
    sky = mood.sky
    draw_sky(canvas, sky, rng)
    tones = [mix(tone, sky.middle, 0.25 if sky.dark else 0.05) for tone in (CORAL, MARIGOLD, PLUM, SAGE, PEACH, BRICK)]
    rng.shuffle(tones)
    glow = lighter(MARIGOLD, 0.35) if sky.dark else mix(sky.high, CREAM, 0.4)
    x, i = -30.0, 0
    while x < WIDE:
        wide = rng.uniform(165, 215)
        _draw_house(canvas, rng, (x, rng.uniform(290, 400), wide), tones[i % len(tones)], glow)
        x, i = x + wide, i + 1
    canvas.fill(box(0, 716, WIDE, 40), mix(sky.near, CREAM, 0.25))
    canvas.fill(box(0, 750, WIDE, 160), mix(sky.middle, sky.low, 0.25))
    for _ in range(18):
        px, py = rng.uniform(0, WIDE), rng.uniform(770, 890)
        canvas.stroke(curve((px - 80, py), (px, py + 3), (px + 80, py)), 7, mix(sky.low, rng.choice(tones), 0.4))
    for px in (rng.uniform(100, 400), rng.uniform(700, 1100)):
        draw_tree(canvas, px, 724, 190, mix(LEAF, sky.near, 0.12))


def _draw_house(canvas: Canvas, rng: Random, place: tuple[float, float, float], tone: Colour, glow: Colour) -> None:
    x, top, wide = place
    middle = x + wide / 2
    canvas.fill(box(x, top, wide, 720 - top), tone)
    if rng.random() < 0.5:
        gable: list[Point] = [(x, top + 2), (middle, top - 110), (x + wide, top + 2)]
    else:
        half = curve((middle, top - 120), (middle + 40, top - 104), (middle + 46, top - 60), (x + wide, top + 2))
        gable = [*half, *flipped(half, middle)[::-1]]
    canvas.fill(gable, darker(tone, 0.16))
    canvas.fill(ellipse(middle, top - 44, 16), glow)
    canvas.fill(box(x + wide - 22, top, 22, 720 - top), darker(tone, 0.16))
    for row in range(3):
        for column in range(2):
            px, py = x + wide * (0.14 + 0.4 * column), top + 36 + row * 104
            if py < 590:
                canvas.fill(box(px - 6, py - 6, 58, 80, 4), lighter(tone, 0.4))
                canvas.fill(box(px, py, 46, 68), glow if rng.random() < 0.75 else darker(tone, 0.5))
                canvas.line([(px + 23, py), (px + 23, py + 68)], 5, lighter(tone, 0.4))
    canvas.fill(box(middle - 30, 628, 60, 92, 26), darker(tone, 0.5))


def _draw_waves(canvas: Canvas, rng: Random, mood: Mood, top: float, count: int) -> None:
    sky = mood.sky
    for i in range(count):
        y = top + i * (HIGH - top) / count
        tone = mix(mix(sky.far, sky.low, 0.35), sky.near, i / (count - 0.4))
        swell, shift = 8 + i * 6, rng.uniform(0, 200)
        points = [(-260 + shift + step * 130, y + (swell if step % 2 else -swell)) for step in range(13)]
        canvas.fill([*curve(*points), (1400, HIGH), (-300, HIGH)], tone)
        for _ in range(4):
            px, py = rng.uniform(0, WIDE), y + 36 + i * 6
            canvas.stroke(curve((px - 60, py), (px, py - 5), (px + 60, py)), 5, lighter(tone, 0.3))


def draw_boat(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A sailing boat between waves."""
    draw_sky(canvas, mood.sky, rng)
    _draw_waves(canvas, rng, mood, 540, 2)
    x, y = rng.uniform(380, 820), 690.0
    canvas.tilt(rng.uniform(-6, 6), (x, y))
    sail, other = rng.sample((CREAM, CORAL, MARIGOLD, PEACH), 2)
    canvas.line([(x, y - 10), (x, y - 400)], 12, darker(mood.sky.near, 0.3))
    canvas.fill([*curve((x + 16, y - 390), (x + 150, y - 220), (x + 210, y - 70)), (x + 16, y - 70)], sail)
    canvas.fill(
        [*curve((x + 16, y - 180), (x + 120, y - 150), (x + 186, y - 126)), (x + 206, y - 70), (x + 16, y - 70)],
        darker(sail, 0.12),
    )
    canvas.fill([*curve((x - 14, y - 350), (x - 90, y - 200), (x - 150, y - 80)), (x - 14, y - 70)], other)
    hull = [
        *curve((x - 190, y - 44), (x - 150, y + 30), (x - 90, y + 70)),
        *curve((x + 130, y + 70), (x + 200, y + 20), (x + 236, y - 52)),
    ]
    canvas.fill(hull, BRICK if mood.sky.dark else PLUM)
    canvas.fill([(x - 200, y - 56), (x + 250, y - 64), (x + 236, y - 30), (x - 190, y - 22)], CREAM, within=hull)
    canvas.tilt(0)
    _draw_waves(canvas, rng, mood, 735, 3)


def draw_lighthouse(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A lighthouse on its rock."""
    sky = mood.sky
    draw_sky(canvas, sky, rng)
    left = rng.random() < 0.5
    canvas.mirror(600 if left else None)
    _draw_waves(canvas, rng, mood, 580, 2)
    x = 860.0
    if sky.dark:
        canvas.fill([(x, 226), (-60, 90), (-60, 400)], lighter(MARIGOLD, 0.4), alpha=0.3)
    rock = loop(
        [
            (560, 790),
            (640, 670),
            (740, 640),
            (800, 586),
            (940, 580),
            (1010, 640),
            (1120, 660),
            (1260, 760),
            (1260, 960),
            (560, 960),
        ]
    )
    canvas.fill(rock, mix(sky.near, sky.middle, 0.35))
    canvas.fill(
        [*curve((880, 570), (910, 680), (1000, 760), (1040, 960)), (1300, 960), (1300, 570)], sky.near, within=rock
    )
    _draw_tower_light(canvas, x)
    _draw_waves(canvas, rng, mood, 800, 2)
    canvas.mirror(None)


def _draw_tower_light(canvas: Canvas, x: float) -> None:
    tower: list[Point] = [(x - 52, 260), (x + 52, 260), (x + 84, 606), (x - 84, 606)]
    draw_rounded(canvas, tower, CREAM)
    for y in (330, 470):
        band = box(x - 120, y, 240, 66)
        canvas.fill(band, CORAL, within=tower)
        canvas.fill(box(x + 20, y, 100, 66), darker(CORAL, 0.2), within=tower)
    canvas.fill(box(x - 40, 196, 80, 66), lighter(MARIGOLD, 0.35))
    canvas.line([(x, 196), (x, 262)], 7, PLUM)
    canvas.fill(box(x - 72, 254, 144, 16, 6), PLUM)
    canvas.fill([*curve((x - 56, 198), (x - 36, 158), (x, 140)), *curve((x, 140), (x + 36, 158), (x + 56, 198))], CORAL)
    canvas.fill(box(x - 18, 548, 36, 58, 18), PLUM)

"""Gallery scenes of screens and stages: code, stage."""

from __future__ import annotations

from random import Random

from .canvas import Canvas
from .moods import Mood
from .palette import AUBERGINE, BRICK, CORAL, CREAM, INK, MARIGOLD, MIST, NIGHT, PLUM, Colour, darker, lighter, mix
from .props import (
    HIGH,
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
from .shapes import Point, box, curve, ellipse, loop


def _draw_code(
    canvas: Canvas, rng: Random, place: tuple[float, float, float, float], tones: tuple[Colour, ...]
) -> None:
    """Lines of a program, indented as blocks are."""
    x, y, wide, high = place
    indent, row = 0, 0.0
    while row < high:
        left = x + indent * 34
        for _ in range(rng.randrange(1, 4)):
            length = rng.uniform(40, 130)
            if left + length > x + wide:
                break
            canvas.fill(box(left, y + row, length, 15, 7), rng.choice(tones))
            left += length + 14
        indent = min(max(indent + rng.choice((-1, 0, 1, 1)), 0), 3)
        row += 33


def _bright(mood: Mood) -> tuple[Colour, ...]:
    return tuple(lighter(tone, 0.35) for tone in (CORAL, MARIGOLD, MIST, *mood.accents[:2]))


def draw_laptop(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A laptop on a desk."""
    draw_wall(canvas, mood.room, rng)
    left = rng.random() < 0.5
    canvas.mirror(None if left else 600)
    draw_window(canvas, mood, 70, 90, 230, 300)
    draw_table(canvas, mood.room, 690)
    case = mix(MIST, mood.room.wall, 0.25) if sum(mood.room.wall) < 400 else mix(INK, mood.accents[0], 0.12)
    draw_ground_shadow(canvas, 600, 790, 640, mood.room.surface)
    canvas.fill(box(310, 240, 580, 420, 24), darker(case, 0.25))
    screen = box(332, 262, 536, 372, 8)
    canvas.fill(screen, NIGHT)
    canvas.fill(box(332, 262, 110, 372), lighter(NIGHT, 0.07))
    for i in range(7):
        canvas.fill(box(350, 290 + i * 34, 60, 10, 5), lighter(NIGHT, 0.25))
    _draw_code(canvas, rng, (466, 292, 380, 320), _bright(mood))
    canvas.fill([(250, 752), (310, 656), (890, 656), (950, 752)], case)
    for row in range(4):
        canvas.fill(
            [
                (330 - row * 10, 672 + row * 15),
                (870 + row * 10, 672 + row * 15),
                (874 + row * 10, 682 + row * 15),
                (326 - row * 10, 682 + row * 15),
            ],
            darker(case, 0.3),
        )
    canvas.fill(box(244, 750, 712, 24, 12), darker(case, 0.2))
    draw_mug(canvas, 1060, 780, 110, mood.accents[1])
    draw_plant(canvas, rng, 130, 780, 96, mood.accents[2])
    canvas.mirror(None)


def draw_monitor(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A wide screen with several windows, a keyboard before it."""
    canvas.fill(SHEET, mood.room.wall)
    canvas.fill(box(0, 420, WIDE, 490), mood.room.deep)
    draw_lamp(canvas, rng.choice((130, 1070)), 90, mood.accents[0])
    draw_table(canvas, mood.room, 700)
    dark = darker(INK, 0.4)
    canvas.fill([(540, 590), (660, 590), (690, 724), (510, 724)], dark)
    canvas.fill(box(440, 714, 320, 22, 11), dark)
    canvas.fill(box(180, 130, 840, 480, 26), dark)
    canvas.fill(box(202, 152, 796, 436, 10), mix(mood.accents[1], NIGHT, 0.35))
    for left, y, wide, high in ((230, 180, 420, 380), (620, 230, 350, 250), (540, 400, 300, 160)):
        x = left + rng.uniform(-10, 20)
        canvas.fill(box(x + 8, y + 10, wide, high, 12), NIGHT, alpha=0.5)
        canvas.fill(box(x, y, wide, high, 12), lighter(NIGHT, 0.04))
        canvas.fill(box(x, y, wide, 30, 12), lighter(NIGHT, 0.16))
        for i, tone in enumerate((CORAL, MARIGOLD, MIST)):
            canvas.fill(ellipse(x + 20 + i * 22, y + 15, 7), tone)
        _draw_code(canvas, rng, (x + 24, y + 50, wide - 40, high - 80), _bright(mood))
    _draw_keys(canvas, mood)
    draw_mug(canvas, rng.choice((200, 1010)), 810, 110, mood.accents[2])


def _draw_keys(canvas: Canvas, mood: Mood) -> None:
    case = lighter(mood.room.surface, 0.55)
    canvas.fill([(370, 770), (830, 770), (860, 874), (340, 874)], darker(case, 0.35))
    canvas.fill([(370, 764), (830, 764), (860, 860), (340, 860)], case)
    for row in range(3):
        for column in range(12):
            wide = 35 + row * 1.6
            x = 600 + (column - 6) * (wide + 1.6)
            canvas.fill(
                box(x, 775 + row * 28, wide - 5, 21, 5),
                mood.accents[0] if (row * 12 + column) % 11 == 5 else darker(case, 0.16),
            )


def _draw_curtain(canvas: Canvas, tone: Colour) -> None:
    for side in (False, True):
        canvas.mirror(600 if side else None)
        for i in range(4):
            outer, inner = i * 80 - 30, i * 80 + 62
            fold = [
                *curve((outer, -10), (outer - 6, 400), (outer - 26 - i * 12, 790)),
                *curve((inner - i * 16, 790), (inner + 2, 400), (inner, -10)),
            ]
            canvas.fill(fold, darker(tone, 0.12 + 0.1 * (i % 2)) if side else darker(tone, 0.1 * (i % 2)))
            canvas.stroke(curve((inner - 26, 0), (inner - 24, 400), (inner - 44 - i * 12, 780)), 14, darker(tone, 0.3))
    canvas.mirror(None)
    for i in range(9):
        x = i * 150
        canvas.fill(ellipse(x, 0, 92, 108), darker(tone, 0.16 if i % 2 else 0.06))


def draw_spotlight(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A curtain, a microphone in the light."""
    ground, tone = rng.choice(((AUBERGINE, CORAL), (NIGHT, PLUM), (INK, BRICK), (AUBERGINE, MARIGOLD)))
    canvas.fill(SHEET, lighter(ground, 0.06))
    canvas.fill(box(0, 740, WIDE, 170), mix(mood.room.surface, ground, 0.35))
    x = rng.uniform(520, 680)
    canvas.fill([(x - 60, -20), (x + 60, -20), (x + 300, 800), (x - 300, 800)], lighter(MARIGOLD, 0.5), alpha=0.2)
    canvas.fill([(x - 30, -20), (x + 30, -20), (x + 190, 800), (x - 190, 800)], lighter(MARIGOLD, 0.5), alpha=0.2)
    canvas.fill(ellipse(x, 806, 300, 52), lighter(MARIGOLD, 0.5), alpha=0.5)
    _draw_stand(canvas, x, ground)
    if rng.random() < 0.6:
        _draw_stool(canvas, x + 150, mood.accents[0])
    _draw_curtain(canvas, tone)


def _draw_stand(canvas: Canvas, x: float, ground: Colour) -> None:
    steel = mix(MIST, ground, 0.3)
    canvas.line([(x, 380), (x, 806)], 14, steel)
    canvas.fill(ellipse(x, 808, 84, 16), darker(steel, 0.35))
    canvas.line([(x, 384), (x + 46, 330)], 30, darker(ground, 0.3))
    draw_rounded(canvas, ellipse(x + 66, 304, 46, 52, 40), steel)
    canvas.line([(x + 32, 300), (x + 74, 340)], 10, MARIGOLD)
    canvas.line(
        curve((x + 20, 370), (x + 50, 520), (x - 40, 640), (x + 30, 800), (x + 160, 838)), 7, darker(ground, 0.4)
    )


def _draw_stool(canvas: Canvas, x: float, tone: Colour) -> None:
    for foot in (-70, 0, 70):
        canvas.line([(x + foot * 0.5, 650), (x + foot, 826)], 13, darker(tone, 0.45))
    canvas.line([(x - 52, 756), (x + 52, 756)], 10, darker(tone, 0.45))
    canvas.fill(box(x - 80, 626, 160, 34, 17), tone)


def draw_concert(canvas: Canvas, mood: Mood, rng: Random) -> None:
    """A grand piano on stage, seen over the heads of the audience."""
    ground = rng.choice((AUBERGINE, NIGHT, darker(INK, 0.3)))
    canvas.fill(SHEET, mix(ground, PLUM, 0.35))
    tones = rng.sample((CORAL, MARIGOLD, MIST, lighter(PLUM, 0.3)), 3)
    for i, tone in enumerate(tones):
        top = 240 + i * 360
        foot = 600 + (top - 600) * -0.2 + rng.uniform(-120, 120)
        canvas.fill([(top - 20, 0), (top + 20, 0), (foot + 190, 650), (foot - 190, 650)], tone, alpha=0.5)
        canvas.fill(box(top - 34, -10, 68, 50, 12), darker(ground, 0.5))
    canvas.fill(box(0, 640, WIDE, HIGH), mix(mood.room.surface, ground, 0.4))
    canvas.fill(ellipse(600, 656, 470, 44), tones[1], alpha=0.5)
    _draw_piano(canvas, rng.uniform(540, 640), 650, darker(ground, 0.4), tones)
    for row, y in enumerate((760, 850)):
        for i in range(9):
            x = i * 150 + row * 75 + rng.uniform(-20, 20) - 20
            tone = darker(mix(ground, tones[0], 0.16 - row * 0.1), 0.3)
            canvas.fill(loop([(x - 90, 960), (x - 70, y + 74), (x, y + 50), (x + 70, y + 74), (x + 90, 960)]), tone)
            canvas.fill(ellipse(x, y, 46, 56), tone)
            if rng.random() < 0.3:
                canvas.fill(ellipse(x, y - 60, 24), tone)


def _draw_piano(canvas: Canvas, x: float, y: float, dark: Colour, tones: list[Colour]) -> None:
    lid: list[Point] = [
        (x - 170, y - 190),
        *curve((x - 150, y - 380), (x + 40, y - 400), (x + 300, y - 260)),
        (x + 290, y - 190),
    ]
    canvas.fill(lid, mix(dark, tones[2], 0.22))
    canvas.line([(x + 120, y - 190), (x + 150, y - 330)], 8, tones[1])
    canvas.fill(box(x - 250, y - 196, 560, 84, 20), dark)
    canvas.fill(box(x - 270, y - 130, 130, 18, 6), CREAM)
    for foot in (-200, 60, 270):
        canvas.line([(x + foot, y - 116), (x + foot, y)], 18, dark)
    canvas.fill(box(x - 420, y - 84, 120, 24, 10), tones[0])
    for foot in (-405, -315):
        canvas.line([(x + foot, y - 64), (x + foot, y)], 12, dark)
    canvas.fill(box(x - 200, y - 250, 90, 60, 6), CREAM)

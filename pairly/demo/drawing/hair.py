"""Hair as it lies behind the head and before it. Units and the head's place are those of `faces`."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Canvas
from .headwear import scarf_back, scarf_front, turban_front
from .look import Hair, Paints
from .palette import mix
from .shapes import Point, curve, ellipse, flipped, loop, mirrored, moved, scalloped

Draw = Callable[[Canvas, Paints, list[Point]], None]


def draw_hair_back(canvas: Canvas, hair: Hair, paints: Paints, head: list[Point]) -> None:
    """What is seen behind head and neck."""
    draw = _BACK.get(hair)
    if draw:
        draw(canvas, paints, head)


def draw_hair_front(canvas: Canvas, hair: Hair, paints: Paints, head: list[Point]) -> None:
    """What lies over forehead, temples and shoulders."""
    draw = _FRONT.get(hair)
    if draw:
        draw(canvas, paints, head)


def _lay(canvas: Canvas, paints: Paints, head: list[Point], *outlines: list[Point]) -> None:
    """Fills hair, after the shadow all of it throws on the face."""
    for outline in outlines:
        canvas.fill(moved(outline, 4, 15), paints.skin.shade, within=head)
    for outline in outlines:
        canvas.fill(outline, paints.hair)


def _short(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    outer = curve(
        (318, 470),
        (300, 380),
        (302, 292),
        (346, 208),
        (436, 156),
        (550, 146),
        (644, 176),
        (690, 250),
        (704, 340),
        (684, 470),
    )
    inner = curve((684, 470), (672, 420), (664, 366), (640, 312))
    inner += curve((640, 312), (560, 316), (460, 296), (392, 252))
    inner += curve((392, 252), (370, 310), (344, 360), (332, 410), (318, 470))
    outline = [*outer, *inner]
    _lay(canvas, paints, head, outline)
    dark = [*curve((392, 252), (470, 276), (560, 286), (652, 266), (700, 250)), (720, 480), (660, 480), *inner[:24]]
    canvas.fill(dark, paints.hair_shade, within=outline, alpha=0.6)
    for lift in (0, 34):
        canvas.stroke(
            curve((400, 240 - lift), (470, 218 - lift), (560, 222 - lift), (630, 250 - lift)), 7, paints.hair_light
        )


def _crop(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    outer = mirrored([(500, 184), (592, 196), (664, 254), (694, 350), (690, 440)])
    rim = curve((690, 440), (672, 430), (660, 372), (636, 330), (600, 298))
    rim += curve((600, 298), (550, 282), (500, 277))
    outline = [*curve(*outer[:5]), *rim]
    whole = [*outline, *flipped(outline)[::-1]]
    faded = mix(paints.hair, paints.skin.shade, 0.4)
    canvas.fill(whole, faded)
    top = mirrored([(500, 172), (590, 186), (654, 244), (660, 312), (600, 298), (550, 282), (500, 277)])
    canvas.fill(loop(top), paints.hair)
    canvas.stroke(curve((420, 232), (490, 212), (560, 218)), 8, paints.hair_light)


def _bob_back(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    half = [(500, 150), (620, 166), (708, 250), (738, 400), (752, 560), (748, 690), (690, 716), (600, 712), (500, 700)]
    canvas.fill(loop(mirrored(half)), paints.hair_shade)


def _bob_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    left = [
        *curve((556, 150), (440, 146), (330, 200), (276, 320), (258, 480), (252, 600), (262, 702)),
        *curve((262, 702), (300, 716), (346, 700)),
        *curve((346, 700), (326, 620), (322, 500), (346, 400), (420, 310), (544, 226)),
        (556, 150),
    ]
    right = [
        *curve((540, 150), (640, 160), (716, 246), (742, 400), (752, 560), (744, 700)),
        *curve((744, 700), (700, 718), (656, 700)),
        *curve((656, 700), (676, 620), (680, 500), (664, 400), (612, 306), (538, 226)),
        (530, 150),
    ]
    _lay(canvas, paints, head, right, left)
    canvas.fill(
        [*curve((730, 300), (700, 440), (708, 580), (700, 730)), (800, 730), (800, 300)],
        paints.hair_shade,
        within=right,
    )
    for shift in (0, 26):
        canvas.stroke(
            curve((480 - shift, 190), (380 - shift, 260), (316 - shift / 2, 400), (296 - shift / 3, 560)),
            8,
            paints.hair_light,
        )


def _long_back(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    half = [
        (500, 146),
        (610, 164),
        (712, 250),
        (738, 400),
        (752, 560),
        (776, 720),
        (790, 860),
        (720, 912),
        (600, 880),
        (500, 860),
    ]
    canvas.fill(loop(mirrored(half)), paints.hair_shade)


def _long_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    left = [
        *curve((510, 142), (420, 152), (322, 216), (276, 350), (250, 520), (226, 700), (214, 860)),
        *curve((214, 860), (260, 900), (330, 890)),
        *curve((330, 890), (352, 760), (330, 640), (318, 520), (334, 410), (400, 306), (506, 226)),
        (510, 142),
    ]
    _lay(canvas, paints, head, flipped(left), left)
    right = flipped(left)
    canvas.fill(
        [*curve((700, 260), (716, 420), (706, 600), (740, 900)), (860, 900), (860, 260)],
        paints.hair_shade,
        within=right,
        alpha=0.7,
    )
    for shift in (0, 30):
        canvas.stroke(
            curve((452 - shift, 200 + shift), (350 - shift, 300), (296 - shift / 2, 500), (282 - shift / 2, 760)),
            8,
            paints.hair_light,
        )


def _wavy_back(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    half = [
        (500, 140),
        (630, 158),
        (724, 250),
        (740, 350),
        (778, 450),
        (756, 550),
        (796, 650),
        (770, 750),
        (690, 800),
        (500, 770),
    ]
    canvas.fill(loop(mirrored(half)), paints.hair_shade)


_WAVES_RIGHT: tuple[Point, ...] = (
    *curve((430, 150), (560, 130), (680, 190), (724, 290), (736, 370), (776, 450), (754, 550), (794, 650), (764, 756)),
    *curve(
        (764, 756),
        (720, 770),
        (690, 740),
        (706, 650),
        (672, 570),
        (690, 480),
        (668, 400),
        (600, 330),
        (480, 268),
        (430, 150),
    ),
)
_WAVES_LEFT: tuple[Point, ...] = (
    *curve((470, 144), (370, 150), (290, 230), (268, 350), (226, 450), (250, 550), (206, 650), (236, 756)),
    *curve(
        (236, 756),
        (290, 770),
        (312, 736),
        (296, 650),
        (330, 560),
        (310, 480),
        (334, 400),
        (400, 320),
        (454, 250),
        (470, 144),
    ),
)


def _wavy_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    left, right = list(_WAVES_LEFT), list(_WAVES_RIGHT)
    _lay(canvas, paints, head, left, right)
    canvas.fill(
        [*curve((700, 240), (712, 360), (740, 450), (720, 550), (756, 660), (730, 780)), (840, 780), (840, 240)],
        paints.hair_shade,
        within=right,
        alpha=0.7,
    )
    canvas.stroke(curve((470, 190), (570, 210), (650, 270), (696, 360)), 9, paints.hair_light)
    canvas.stroke(curve((390, 210), (320, 300), (290, 400), (260, 480), (276, 560)), 9, paints.hair_light)


def _curly_back(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    for x, y, r in ((300, 330, 104), (700, 330, 104), (268, 470, 100), (732, 470, 100), (290, 600, 96), (710, 600, 96)):
        canvas.fill(scalloped((x, y), r, r, 9, 0.1), paints.hair_shade)
    canvas.fill(scalloped((500, 330), 250, 220, 17, 0.08), paints.hair_shade)


_CURLS = ((372, 262, 74), (446, 216, 80), (540, 208, 82), (624, 252, 76), (676, 338, 62), (324, 342, 62))
_RINGS = ((290, 430, 52), (712, 424, 52), (282, 520, 46), (718, 516, 46))


def _curly_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    for x, y, r in _CURLS:
        canvas.fill(scalloped((x + 4, y + 14), r, r, 7, 0.1, x), paints.skin.shade, within=head)
    for x, y, r in (*_CURLS, *_RINGS):
        canvas.fill(scalloped((x, y), r, r, 7, 0.1, x), paints.hair)
    for x, y, r in (*_CURLS, *_RINGS):
        arc = curve(
            (x - r * 0.55, y + r * 0.1),
            (x - r * 0.3, y - r * 0.4),
            (x + r * 0.2, y - r * 0.5),
            (x + r * 0.5, y - r * 0.1),
        )
        canvas.stroke(arc, 8, paints.hair_light if x < 560 else paints.hair_shade)


def _afro_back(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    cloud = scalloped((500, 356), 308, 292, 31, 0.045)
    canvas.fill(cloud, paints.hair)
    canvas.fill(ellipse(690, 470, 250, 330), paints.hair_shade, within=cloud, alpha=0.6)


def _afro_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    outer = curve((306, 460), (292, 330), (360, 200), (500, 168), (640, 200), (708, 330), (694, 460))
    inner = curve(
        (694, 460),
        (668, 420),
        (656, 350),
        (612, 300),
        (560, 284),
        (500, 280),
        (440, 284),
        (388, 300),
        (344, 350),
        (332, 420),
        (306, 460),
    )
    canvas.fill(moved([*outer, *inner], 3, 13), paints.skin.shade, within=head)
    canvas.fill([*outer, *inner], paints.hair)
    for x, y in ((330, 240), (420, 170), (520, 140), (380, 250), (290, 340), (470, 220)):
        canvas.stroke(curve((x - 24, y + 10), (x, y - 6), (x + 24, y + 4)), 8, paints.hair_light)


def _pulled_back(canvas: Canvas, paints: Paints, head: list[Point]) -> list[Point]:
    outer = curve(
        (322, 460), (302, 370), (314, 270), (380, 196), (500, 168), (620, 196), (686, 270), (698, 370), (678, 460)
    )
    inner = curve(
        (678, 460), (662, 400), (630, 330), (570, 282), (500, 266), (430, 282), (370, 330), (338, 400), (322, 460)
    )
    outline = [*outer, *inner]
    _lay(canvas, paints, head, outline)
    canvas.fill(
        [*curve((600, 160), (640, 260), (668, 360), (672, 470)), (760, 470), (760, 160)],
        paints.hair_shade,
        within=outline,
        alpha=0.6,
    )
    return outline


def _bun_back(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    knot = scalloped((500, 140), 96, 84, 7, 0.05)
    canvas.fill(knot, paints.hair)
    canvas.fill(ellipse(550, 170, 80, 70), paints.hair_shade, within=knot, alpha=0.6)
    canvas.stroke(curve((430, 140), (470, 90), (530, 84)), 9, paints.hair_light)
    canvas.stroke(curve((456, 160), (490, 124), (540, 122)), 9, paints.hair_light)


def _bun_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    outline = _pulled_back(canvas, paints, head)
    for x, foot in ((430, 372), (470, 424), (524, 520)):
        canvas.stroke(
            curve((x + (500 - x) * 0.4, 186), (x - 10, 226), (foot, 290)), 7, paints.hair_light, within=outline
        )
    canvas.fill(ellipse(500, 190, 60, 15), paints.harmony.accent)


def _braids_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    outline = _pulled_back(canvas, paints, head)
    for x, foot in ((500, 500), (468, 420), (532, 580), (440, 352), (560, 648)):
        canvas.stroke(curve((x, 170), ((x + foot) / 2, 220), (foot, 300)), 7, paints.hair_shade, within=outline)
    for side in (False, True):
        for step in range(9):
            x, y = 286 - 6 * (step if step < 5 else 8 - step) + step, 500 + step * 44
            size = 36 - (step > 6) * 5
            for turn, dx, tone in ((28, 14, paints.hair_shade), (-28, -12, paints.hair)):
                link = ellipse(x + dx, y, size * 0.68, size, turn)
                canvas.fill(flipped(link) if side else link, tone)
        band = ellipse(292, 884, 24, 13)
        tip = loop([(276, 890), (308, 890), (304, 940), (290, 960), (278, 936)])
        canvas.fill(flipped(tip) if side else tip, paints.hair)
        canvas.fill(flipped(band) if side else band, paints.harmony.accent)


def _bald_front(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    shine = ellipse(430, 258, 46, 20, -24)
    canvas.fill(shine, mix(paints.skin.base, (255, 250, 240), 0.3), within=head)


_BACK: dict[Hair, Draw] = {
    "bob": _bob_back,
    "long": _long_back,
    "wavy": _wavy_back,
    "curly": _curly_back,
    "afro": _afro_back,
    "bun": _bun_back,
    "headscarf": scarf_back,
}
_FRONT: dict[Hair, Draw] = {
    "short": _short,
    "crop": _crop,
    "bob": _bob_front,
    "long": _long_front,
    "wavy": _wavy_front,
    "curly": _curly_front,
    "afro": _afro_front,
    "bun": _bun_front,
    "braids": _braids_front,
    "bald": _bald_front,
    "headscarf": scarf_front,
    "turban": turban_front,
}

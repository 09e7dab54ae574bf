"""What people wear, from the neck down to the lower edge."""

from __future__ import annotations

from .canvas import Canvas
from .look import Look, Paints
from .palette import darker, lighter, mix
from .shapes import Point, box, curve, ellipse, flipped

_SHOULDER = curve((596, 742), (664, 788), (760, 822), (846, 872), (892, 950), (906, 1040))


def _body(neckline: list[Point]) -> list[Point]:
    return [*neckline, *_SHOULDER, *flipped(_SHOULDER)[::-1]]


def draw_clothes(canvas: Canvas, look: Look, paints: Paints) -> None:
    """The garment, over the neck."""
    draws = {
        "crew": _crew,
        "shirt": _shirt,
        "turtleneck": _turtleneck,
        "apron": _apron,
        "blazer": _blazer,
        "hoodie": _hoodie,
    }
    draws[look.clothes](canvas, paints)


def _torso(canvas: Canvas, paints: Paints, dip: float) -> list[Point]:
    """The upper body with a round neckline `dip` units deep, shaded on the side away from the light."""
    cloth = paints.harmony.cloth
    neckline = curve((404, 742), (424, 742 + dip * 0.72), (500, 742 + dip), (576, 742 + dip * 0.72), (596, 742))
    body = _body(neckline)
    canvas.fill(body, cloth)
    fold = curve((780, 800), (752, 880), (758, 960), (772, 1040))
    canvas.fill([*fold, (1000, 1040), (1000, 800)], darker(cloth, 0.18), within=body)
    canvas.stroke(curve((246, 1020), (252, 960), (262, 920)), 9, darker(cloth, 0.18))
    return body


def _crew(canvas: Canvas, paints: Paints) -> None:
    _torso(canvas, paints, 78)
    rib = curve((400, 738), (420, 800), (500, 826), (580, 800), (600, 738))
    inner = curve((408, 736), (430, 782), (500, 804), (570, 782), (592, 736))
    canvas.fill([*rib, *inner[::-1]], darker(paints.harmony.cloth, 0.25))
    canvas.fill(ellipse(648, 872, 13), paints.harmony.accent)


def _shirt(canvas: Canvas, paints: Paints) -> None:
    cloth = paints.harmony.cloth
    body = _torso(canvas, paints, 120)
    canvas.fill([(484, 850), (520, 850), (524, 1040), (484, 1040)], darker(cloth, 0.14), within=body)
    for y in (888, 938):
        canvas.fill(ellipse(503, y, 8), paints.harmony.inner)
    wing = [
        *curve((413, 714), (396, 742), (376, 766)),
        (420, 872),
        (502, 850),
        *curve((450, 800), (420, 760), (413, 714)),
    ]
    canvas.fill([(x + 4, y + 14) for x, y in wing], darker(cloth, 0.32))
    canvas.fill([(1000 - x + 4, y + 14) for x, y in wing], darker(cloth, 0.32))
    canvas.fill(wing, lighter(cloth, 0.16))
    canvas.fill(flipped(wing), lighter(cloth, 0.08))


def _turtleneck(canvas: Canvas, paints: Paints) -> None:
    cloth = paints.harmony.cloth
    _torso(canvas, paints, 40)
    top = curve((412, 690), (450, 706), (500, 711), (550, 706), (588, 690))
    side = curve((588, 690), (594, 740), (610, 784))
    base = curve((610, 784), (560, 812), (500, 820), (440, 812), (390, 784))
    collar = [*top, *side, *base, *flipped(side)[::-1]]
    canvas.fill(collar, lighter(cloth, 0.08))
    canvas.fill([(540, 680), (640, 680), (640, 830), (556, 830)], darker(cloth, 0.16), within=collar)
    canvas.stroke(curve((398, 752), (440, 778), (500, 786), (560, 778), (602, 752)), 8, darker(cloth, 0.26))
    canvas.stroke([(x, y + 4) for x, y in base], 9, darker(cloth, 0.34))


def _apron(canvas: Canvas, paints: Paints) -> None:
    harmony = paints.harmony
    tee = mix(harmony.inner, harmony.ground, 0.2)
    body = _body(curve((404, 742), (424, 800), (500, 822), (576, 800), (596, 742)))
    canvas.fill(body, tee)
    canvas.fill([(770, 780), (1000, 780), (1000, 1040), (766, 1040)], darker(tee, 0.12), within=body)
    rib = curve((402, 740), (424, 802), (500, 826), (576, 802), (598, 740))
    canvas.stroke(rib, 12, darker(tee, 0.16))
    strap = [(404, 762), (374, 776), (352, 1000), (392, 1000)]
    canvas.fill(strap, darker(harmony.cloth, 0.2), within=body)
    canvas.fill(flipped(strap), darker(harmony.cloth, 0.2), within=body)
    bib = [*curve((346, 862), (420, 872), (500, 875), (580, 872), (654, 862)), (690, 1040), (310, 1040)]
    canvas.fill(bib, harmony.cloth)
    canvas.fill([(616, 850), (700, 850), (700, 1040), (640, 1040)], darker(harmony.cloth, 0.16), within=bib)
    canvas.fill(box(368, 876, 18, 18, 9), harmony.accent)
    canvas.fill(box(614, 876, 18, 18, 9), harmony.accent)


def _blazer(canvas: Canvas, paints: Paints) -> None:
    harmony = paints.harmony
    tee = [*curve((404, 742), (430, 810), (500, 832), (570, 810), (596, 742)), (660, 1040), (340, 1040)]
    canvas.fill(tee, harmony.inner)
    canvas.stroke(curve((404, 746), (430, 813), (500, 836), (570, 813), (596, 746)), 10, darker(harmony.inner, 0.16))
    edge = curve((410, 722), (418, 800), (446, 900), (500, 1040))
    back = _SHOULDER[::-1]
    right = [*flipped(edge), *back, (590, 722)]
    left = flipped(right)
    canvas.fill(left, harmony.cloth)
    canvas.fill(right, harmony.cloth)
    fold = curve((790, 800), (762, 880), (764, 960), (776, 1040))
    canvas.fill([*fold, (1000, 1040), (1000, 800)], darker(harmony.cloth, 0.18), within=right)
    canvas.stroke(curve((240, 1020), (246, 960), (258, 916)), 9, darker(harmony.cloth, 0.18))
    lapel = [(410, 722), *curve((398, 738), (356, 790), (330, 856)), (386, 866), (364, 904), (500, 1040), *edge[::-1]]
    canvas.fill(lapel, lighter(harmony.cloth, 0.14))
    canvas.fill(flipped(lapel), darker(harmony.cloth, 0.12))
    canvas.line([(386, 866), (424, 858)], 5, darker(harmony.cloth, 0.1))
    canvas.fill(ellipse(322, 906, 12), harmony.accent)


def _hoodie(canvas: Canvas, paints: Paints) -> None:
    cloth = paints.harmony.cloth
    _torso(canvas, paints, 92)
    hood = curve((366, 700), (330, 756), (352, 816), (430, 862), (500, 884))
    inner = curve((500, 836), (440, 816), (412, 770), (404, 706))
    left = [*hood, *inner]
    canvas.fill([(x, y + 14) for x, y in left], darker(cloth, 0.3))
    canvas.fill([(x, y + 14) for x, y in flipped(left)], darker(cloth, 0.3))
    canvas.fill(left, lighter(cloth, 0.1))
    canvas.fill(flipped(left), darker(cloth, 0.1))
    for x, low in ((456, 926), (546, 912)):
        canvas.line(curve((x, 866), (x - 3, 892), (x + 2, low)), 9, paints.harmony.accent)
        canvas.line([(x + 2, low - 8), (x + 2, low + 12)], 14, paints.harmony.inner)

"""Heads and faces. The sheet is 1000 units wide; an upright head stands about x = 500, its chin at y = 684."""

from __future__ import annotations

from .canvas import Canvas
from .look import Look, Paints
from .palette import CREAM, INK, darker, lighter, mix, rgb
from .shapes import Point, curve, ellipse, flipped, loop, mirrored, moved

_EYE = rgb("#2A1D22")
_SKULL: tuple[Point, ...] = ((500, 194), (580, 208), (646, 266), (677, 356), (680, 440))
_JAW: tuple[Point, ...] = ((668, 536), (630, 616), (568, 668), (500, 684))
_SOFT_HAIR = frozenset({"bob", "long", "bun", "braids", "headscarf", "wavy", "curly", "afro"})


def is_soft(look: Look) -> bool:
    """Whether the features are drawn finer: lashes, fuller lips, a narrower jaw."""
    return look.beard == "none" and look.hair in _SOFT_HAIR and (look.skin + look.palette + look.hair_colour) % 5 != 0


def head_outline(look: Look) -> list[Point]:
    """The outline of the head without its ears."""
    jaw = 0.95 if is_soft(look) else 1.03
    jaw += 0.02 * ((look.skin + look.palette) % 3 - 1)
    half = [*_SKULL, *((500 + (x - 500) * jaw, y) for x, y in _JAW)]
    return loop(mirrored(half))


def draw_neck(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    """The neck down to the collarbones, with the shadow the head throws on it."""
    side = curve((580, 560), (576, 680), (586, 742), (650, 790), (700, 900))
    neck = [*side, *flipped(side)[::-1]]
    canvas.fill(neck, paints.skin.base)
    canvas.fill(moved(head, 14, 52), paints.skin.shade, within=neck)


def draw_head(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    """Ears and head, with a shaded side plane."""
    skin = paints.skin
    for x, turn, tone in ((318, -8, skin.base), (682, 8, skin.shade)):
        canvas.fill(ellipse(x, 478, 30, 50, turn), tone)
        canvas.fill(ellipse(x + (4 if x < 500 else -4), 482, 15, 30, turn), mix(skin.shade, skin.line, 0.25))
    canvas.fill(head, skin.base)
    side = curve((640, 200), (648, 300), (634, 400), (646, 478), (636, 548), (590, 628), (520, 700))
    canvas.fill([*side, (720, 720), (720, 180)], skin.shade, within=head, alpha=0.62)


def draw_cheeks(canvas: Canvas, paints: Paints, head: list[Point]) -> None:
    """A little colour in the cheeks."""
    for x in (398, 602):
        canvas.fill(ellipse(x, 552, 48, 30), paints.skin.blush, within=head, alpha=0.26)


def draw_features(canvas: Canvas, look: Look, paints: Paints) -> None:
    """Nose, mouth, eyes, brows and what age adds."""
    _draw_age(canvas, look, paints)
    _draw_nose(canvas, paints)
    _draw_mouth(canvas, look, paints)
    _draw_eyes(canvas, look, paints)


def _draw_nose(canvas: Canvas, paints: Paints) -> None:
    skin = paints.skin
    side = [*curve((508, 452), (520, 500), (534, 540), (530, 560), (500, 566)), (506, 540)]
    canvas.fill(side, skin.shade)
    canvas.stroke(curve((474, 558), (484, 567), (500, 570), (518, 567), (530, 556)), 7, skin.line)


def _draw_mouth(canvas: Canvas, look: Look, paints: Paints) -> None:
    skin, smile = paints.skin, look.smile
    wide, lift = 44 + 14 * smile, 4 + 12 * smile
    y = 614.0
    corners = ((500 - wide, y - lift), (500 + wide, y - lift))
    lower = curve(corners[0], (500 - wide * 0.5, y + 2 + smile * 4), (500, y + 6 + smile * 6))
    lower += curve((500, y + 6 + smile * 6), (500 + wide * 0.5, y + 2 + smile * 4), corners[1])
    if smile > 0.62:
        _draw_open_mouth(canvas, paints, wide=wide - 4, y=y - lift)
    else:
        if is_soft(look):
            top = curve(corners[0], (482, y - 9), (500, y - 5), (518, y - 9), corners[1])
            bottom = curve(corners[1], (530, y + 17), (500, y + 24), (470, y + 17), corners[0])
            canvas.fill([*top, *bottom], skin.lip, alpha=0.75)
        canvas.stroke(lower, 8, mix(skin.lip, skin.line, 0.6))
    canvas.stroke(curve((474, y + 34), (500, y + 39), (526, y + 34)), 6, skin.shade)


def _draw_open_mouth(canvas: Canvas, paints: Paints, *, wide: float, y: float) -> None:
    top = curve((500 - wide, y), (500 - wide * 0.5, y + 8), (500, y + 10), (500 + wide * 0.5, y + 8), (500 + wide, y))
    bottom = curve((500 + wide, y), (500 + wide * 0.62, y + 26), (500, y + 38), (500 - wide * 0.62, y + 26))
    mouth = [*top, *bottom, (500 - wide, y)]
    canvas.fill(mouth, darker(paints.skin.lip, 0.55))
    canvas.fill(moved(top, 0, 12) + top[::-1], CREAM, within=mouth)
    canvas.fill(ellipse(500, y + 40, wide * 0.5, 12), mix(paints.skin.lip, CREAM, 0.12), within=mouth)
    canvas.stroke(curve((500 - wide - 4, y - 3), *top[::12], (500 + wide + 4, y - 3)), 6, paints.skin.line)


def _draw_eyes(canvas: Canvas, look: Look, paints: Paints) -> None:
    soft, squint = is_soft(look), 4 * look.smile
    for left in (True, False):
        x = 424.0 if left else 576.0
        white = [
            *curve((x - 31, 466), (x, 443 + squint), (x + 31, 466)),
            *curve((x + 31, 466), (x, 480), (x - 31, 466)),
        ]
        canvas.fill(white, mix(CREAM, paints.skin.base, 0.2))
        canvas.fill(ellipse(x, 461, 15.5, 17.5), _EYE, within=white)
        canvas.fill(ellipse(x - 5, 455, 4.5), CREAM)
        lid = curve((x - 33, 468), (x - 15, 450 + squint), (x + 8, 445 + squint), (x + 33, 467))
        lash = curve((x - 33, 468), (x - 8, 445 + squint), (x + 15, 450 + squint), (x + 42, 460))
        shape = lash if soft else lid
        canvas.stroke(flipped(shape, x) if left else shape, 10 if soft else 9, _EYE)
        _draw_brow(canvas, paints, x=x, left=left, soft=soft)


def _draw_brow(canvas: Canvas, paints: Paints, *, x: float, left: bool, soft: bool) -> None:
    tone = mix(paints.hair_shade, paints.skin.line, 0.3)
    if soft:
        top = curve((x - 38, 405), (x - 8, 396), (x + 22, 395), (x + 48, 418))
        under = curve((x + 48, 418), (x + 22, 405), (x - 6, 407), (x - 38, 417))
    else:
        top = curve((x - 42, 402), (x - 10, 396), (x + 24, 397), (x + 50, 420))
        under = curve((x + 50, 420), (x + 22, 412), (x - 8, 413), (x - 42, 421))
    line = [*top, *under]
    canvas.fill(flipped(line, x) if left else line, tone)


def _draw_age(canvas: Canvas, look: Look, paints: Paints) -> None:
    if look.age == "young":
        return
    tone = mix(paints.skin.shade, paints.skin.line, 0.3)
    older = look.age == "older"
    for side in (False, True):
        fold = curve((556, 560), (574, 584), (578, 606))
        bag = curve((548, 488), (572, 496), (598, 488))
        lines = [fold, bag]
        if older:
            lines += [curve((612, 462), (626, 456), (636, 448)), curve((612, 470), (628, 472), (638, 474))]
        for line in lines:
            canvas.stroke(flipped(line) if side else line, 6, tone)
    if older:
        for y, wide in ((344, 56), (368, 66)):
            canvas.stroke(curve((500 - wide, y + 3), (500, y - 3), (500 + wide, y + 3)), 5, tone)


def draw_glasses(canvas: Canvas, look: Look, paints: Paints) -> None:
    """Round or square frames, by the palette."""
    dark = mix(INK, darker(paints.harmony.cloth, 0.5), 0.5)
    frame = dark if look.skin < 6 else mix(paints.harmony.accent, lighter(dark), 0.2)
    wide, high = (58, 56) if look.palette % 2 else (62, 48)
    for x in (424, 576):
        ring = ellipse(x, 464, wide, high) if look.palette % 2 else loop(_pane(x))
        canvas.fill(ring, CREAM, alpha=0.14)
        canvas.line([*ring, ring[0], ring[1]], 9, frame)
    canvas.line(curve((484, 458), (500, 450), (516, 458)), 9, frame)
    canvas.line([(364, 452), (320, 446)], 9, frame)
    canvas.line([(636, 452), (680, 446)], 9, frame)


def _pane(x: float) -> list[Point]:
    return [(x - 60, 440), (x, 424), (x + 60, 440), (x + 52, 494), (x, 510), (x - 52, 494)]


def draw_beard(canvas: Canvas, look: Look, paints: Paints, head: list[Point]) -> None:
    """The beard, clear of the mouth."""
    if look.beard == "none":
        return
    if look.beard != "moustache":
        _draw_full_beard(canvas, look, paints, head)
    half = curve((500, 580), (530, 576), (562, 592), (582, 616))
    back = curve((582, 616), (550, 606), (522, 599), (500, 597))
    canvas.fill([*half, *back], paints.hair)
    canvas.fill(flipped([*half, *back]), paints.hair)


def _draw_full_beard(canvas: Canvas, look: Look, paints: Paints, head: list[Point]) -> None:
    full = look.beard == "full"
    drop = 62.0 if full else 6.0
    outer = ((690, 462), (684, 540), (648, 628 + drop * 0.4), (580, 676 + drop * 0.9), (500, 690 + drop))
    inner = ((500, 572), (556, 574), (590, 590), (628, 560), (652, 500), (668, 440))
    half = [*curve(*outer), *curve(*inner)]
    tone = paints.hair if full else mix(paints.hair, paints.skin.base, 0.22)
    within = None if full else head
    for outline in (half, flipped(half)):
        canvas.fill(outline, tone, within=within)
    shade = curve((640, 560), (610, 630), (560, 670 + drop * 0.6), (520, 690 + drop))
    canvas.fill([*shade, *outer[:0:-1]], paints.hair_shade, within=half if full else head, alpha=0.5)
    mouth = loop([(442, 602), (500, 594), (558, 602), (536, 632), (500, 640), (464, 632)])
    canvas.fill(mouth, paints.skin.base)

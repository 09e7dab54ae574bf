"""Portraits of people who do not exist, for the demo's profiles."""

from __future__ import annotations

from .canvas import Canvas
from .clothes import draw_clothes
from .faces import draw_beard, draw_cheeks, draw_features, draw_glasses, draw_head, draw_neck, head_outline
from .hair import draw_hair_back, draw_hair_front
from .look import Age, Beard, Clothes, Hair, Look, paints_of
from .palette import Harmony, mix
from .shapes import ellipse, loop

__all__ = ["Age", "Beard", "Clothes", "Hair", "Look", "draw_portrait"]

_UNITS = (884.0, 884.0)
_ORIGIN = (58.0, 44.0)
_NAPE = (500.0, 690.0)
_PARTED = frozenset({"short", "bob", "wavy"})


def draw_portrait(*, look: Look, size_px: int = 640) -> bytes:
    """A square WebP of `size_px` pixels: head and shoulders of the person. The same look gives the same bytes."""
    paints = paints_of(look)
    canvas = Canvas(size_px=(size_px, size_px), units=_UNITS, origin=_ORIGIN, ground=paints.harmony.ground)
    _draw_backdrop(canvas, paints.harmony, look.palette + look.skin)
    head = head_outline(look)
    canvas.tilt(look.tilt, _NAPE)
    draw_hair_back(canvas, look.hair, paints, head)
    canvas.tilt(0)
    draw_neck(canvas, paints, head)
    draw_clothes(canvas, look, paints)
    canvas.tilt(look.tilt, _NAPE)
    draw_head(canvas, paints, head)
    draw_cheeks(canvas, paints, head)
    draw_beard(canvas, look, paints, head)
    draw_features(canvas, look, paints)
    if look.glasses:
        draw_glasses(canvas, look, paints)
    canvas.mirror(500.0 if look.hair in _PARTED and (look.skin + look.palette) % 2 else None)
    draw_hair_front(canvas, look.hair, paints, head)
    canvas.mirror(None)
    return canvas.webp()


def _draw_backdrop(canvas: Canvas, harmony: Harmony, kind: int) -> None:
    soft = mix(harmony.shape, harmony.ground, 0.55)
    if kind % 3 == 0:
        canvas.fill(ellipse(500, 520, 430), harmony.shape)
        canvas.fill(ellipse(836, 196, 84), soft)
    elif kind % 3 == 1:
        canvas.fill(
            loop([(150, 420), (260, 140), (560, 70), (840, 210), (900, 540), (820, 1000), (180, 1040)]), harmony.shape
        )
        canvas.fill(ellipse(120, 190, 66), soft)
    else:
        canvas.fill(
            loop([(-60, 560), (200, 300), (520, 330), (800, 150), (1080, 260), (1100, 1100), (-80, 1100)]),
            harmony.shape,
        )
        canvas.fill(ellipse(210, 200, 90), soft)

"""Pictures for a creator's gallery, by theme."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal

from .canvas import Canvas
from .moods import Mood, mood_of
from .palette import PAPER
from .props import HIGH, WIDE
from .scenes_craft import draw_basket, draw_dish, draw_knitting, draw_shelf, draw_stove, draw_wheel
from .scenes_indoor import draw_board, draw_bookcase, draw_duel, draw_easel, draw_microphone, draw_reading
from .scenes_outdoor import (
    draw_bed,
    draw_boat,
    draw_greenhouse,
    draw_lake,
    draw_lighthouse,
    draw_peaks,
    draw_skyline,
    draw_street,
)
from .scenes_public import draw_concert, draw_laptop, draw_monitor, draw_spotlight

__all__ = ["Theme", "draw_scene"]

Theme = Literal[
    "ceramics", "chess", "books", "mountain", "kitchen", "studio", "garden", "city", "sea", "yarn", "code", "stage"
]
Draw = Callable[[Canvas, Mood, Random], None]

_COMPOSITIONS: dict[Theme, tuple[Draw, ...]] = {
    "ceramics": (draw_shelf, draw_wheel),
    "chess": (draw_board, draw_duel),
    "books": (draw_bookcase, draw_reading),
    "mountain": (draw_peaks, draw_lake),
    "kitchen": (draw_stove, draw_dish),
    "studio": (draw_easel, draw_microphone),
    "garden": (draw_bed, draw_greenhouse),
    "city": (draw_skyline, draw_street),
    "sea": (draw_boat, draw_lighthouse),
    "yarn": (draw_basket, draw_knitting),
    "code": (draw_laptop, draw_monitor),
    "stage": (draw_spotlight, draw_concert),
}


def draw_scene(*, theme: Theme, seed: int, width_px: int = 960, height_px: int = 720) -> bytes:
    """A WebP of the theme in pixels. The same seed gives the same bytes; neighbouring seeds differ in all they can."""
    shift = list(_COMPOSITIONS).index(theme)
    rng = Random(seed * len(_COMPOSITIONS) + shift)  # noqa: S311 - pictures, not secrets
    mood = mood_of(seed, shift, rng)
    canvas = Canvas(size_px=(width_px, height_px), units=(WIDE, HIGH), ground=PAPER)
    choices = _COMPOSITIONS[theme]
    choices[seed % len(choices)](canvas, mood, rng)
    return canvas.webp()

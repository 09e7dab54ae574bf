"""Light and colours of a scene: the room or the sky it plays in."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .palette import CORAL, CREAM, DUSK, INK, MARIGOLD, MOSS, PEACH, PLUM, SAGE, Colour, rgb


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    wall: Colour
    deep: Colour
    surface: Colour


@dataclass(frozen=True, kw_only=True, slots=True)
class Sky:
    high: Colour
    low: Colour
    sun: Colour
    far: Colour
    middle: Colour
    near: Colour
    dark: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Mood:
    room: Room
    sky: Sky
    accents: tuple[Colour, ...]


def _room(wall: str, deep: str, surface: str) -> Room:
    return Room(wall=rgb(wall), deep=rgb(deep), surface=rgb(surface))


def _sky(high: str, low: str, sun: str, far: str, middle: str, near: str, *, dark: bool = False) -> Sky:
    tones = [rgb(text) for text in (high, low, sun, far, middle, near)]
    return Sky(high=tones[0], low=tones[1], sun=tones[2], far=tones[3], middle=tones[4], near=tones[5], dark=dark)


_ROOMS = (
    _room("#F5E8D5", "#EBD2B0", "#B27B50"),
    _room("#6F4068", "#57304F", "#C98F5F"),
    _room("#C9D5B9", "#B0C09C", "#8E5B41"),
    _room("#F5C3AE", "#EDA48C", "#7A4636"),
    _room("#405283", "#31416D", "#B0754F"),
    _room("#F8DB9A", "#F2C266", "#6E4038"),
)
_SKIES = (
    _sky("#CFE1E0", "#F8ECD4", "#F3BC4E", "#A9C0BE", "#7B9D85", "#42634F"),
    _sky("#663E70", "#F09A78", "#FBDC9A", "#9B587F", "#653567", "#351C3F", dark=True),
    _sky("#F9DFC0", "#F4B9A0", "#FFF4DC", "#D3A5B4", "#94708F", "#553A60"),
    _sky("#20244C", "#56639A", "#F8EDD2", "#353F70", "#2D3664", "#191D40", dark=True),
)
_ACCENTS = (CORAL, MARIGOLD, SAGE, DUSK, PLUM, CREAM, MOSS, PEACH, INK)
_DISTANCE = 90


def mood_of(seed: int, shift: int, rng: Random) -> Mood:
    """The mood of a scene: neighbouring seeds get different ones. Its accents stand out from the wall."""
    room = _ROOMS[_turn(seed, len(_ROOMS), shift)]
    clear = [tone for tone in _ACCENTS if _distance(tone, room.wall) > _DISTANCE]
    rng.shuffle(clear)
    return Mood(room=room, sky=_SKIES[_turn(seed, len(_SKIES), shift)], accents=tuple(clear))


def _turn(seed: int, count: int, shift: int) -> int:
    """Which of `count` the seed gets: neighbours differ, and so do seeds two apart."""
    return (seed // 2 + seed % 2 * (count // 2) + shift) % count


def _distance(one: Colour, other: Colour) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))

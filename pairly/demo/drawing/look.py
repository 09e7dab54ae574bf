"""What a drawn person looks like, and the colours that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .palette import GREY, HAIRS, HARMONIES, SKINS, Colour, Harmony, Skin, darker, lighter, mix

Hair = Literal["short", "crop", "bob", "long", "curly", "afro", "bun", "braids", "headscarf", "bald", "wavy", "turban"]
Beard = Literal["none", "short", "full", "moustache"]
Age = Literal["young", "middle", "older"]
Clothes = Literal["crew", "shirt", "turtleneck", "apron", "blazer", "hoodie"]

_GREYING: dict[Age, float] = {"young": 0.0, "middle": 0.12, "older": 0.8}


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A person. `skin`, `hair_colour` and `palette` are indexes 0-7, `tilt` degrees (-6..6), `smile` 0..1."""

    skin: int
    hair: Hair
    hair_colour: int
    beard: Beard = "none"
    glasses: bool = False
    age: Age = "young"
    clothes: Clothes = "crew"
    palette: int = 0
    tilt: float = 0.0
    smile: float = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Paints:
    skin: Skin
    hair: Colour
    hair_shade: Colour
    hair_light: Colour
    harmony: Harmony


def paints_of(look: Look) -> Paints:
    """The colours of the person; an index past the end of a list starts over."""
    hair = mix(HAIRS[look.hair_colour % len(HAIRS)], GREY, _GREYING[look.age])
    return Paints(
        skin=SKINS[look.skin % len(SKINS)],
        hair=hair,
        hair_shade=darker(hair, 0.32),
        hair_light=lighter(hair, 0.14),
        harmony=HARMONIES[look.palette % len(HARMONIES)],
    )

"""The colours of the demo's pictures: skins, hair, harmonies of background and clothing."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


def rgb(text: str) -> Colour:
    """The colour written as `#rrggbb`."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with `share` (0..1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


PAPER = rgb("#F8EFE2")
CREAM = rgb("#FFF8EC")
SAND = rgb("#E9D3B4")
PEACH = rgb("#F4C6A5")
CORAL = rgb("#E5705A")
BRICK = rgb("#B84C3E")
MARIGOLD = rgb("#EFAB3A")
OCHRE = rgb("#C98530")
SAGE = rgb("#A3B48F")
MOSS = rgb("#62795A")
LEAF = rgb("#7F9A5C")
FOREST = rgb("#35503F")
INK = rgb("#27365E")
DUSK = rgb("#51648F")
MIST = rgb("#B9C6D3")
PLUM = rgb("#6A3560")
AUBERGINE = rgb("#371A38")
LILAC = rgb("#CDB1C6")
WOOD = rgb("#B27B50")
WALNUT = rgb("#70452F")
NIGHT = rgb("#1E1B36")


def darker(colour: Colour, share: float = 0.2) -> Colour:
    """A shadow tone of the colour: towards aubergine, so that shadows stay warm."""
    return mix(colour, AUBERGINE, share)


def lighter(colour: Colour, share: float = 0.2) -> Colour:
    """A lit tone of the colour: towards cream."""
    return mix(colour, CREAM, share)


@dataclass(frozen=True, kw_only=True, slots=True)
class Skin:
    base: Colour
    shade: Colour
    line: Colour
    lip: Colour
    blush: Colour


@dataclass(frozen=True, kw_only=True, slots=True)
class Harmony:
    """A background, the shape behind the head, a garment and what is worn with it."""

    ground: Colour
    shape: Colour
    cloth: Colour
    accent: Colour
    inner: Colour


def _skin(base: str, shade: str, line: str, lip: str, blush: str) -> Skin:
    return Skin(base=rgb(base), shade=rgb(shade), line=rgb(line), lip=rgb(lip), blush=rgb(blush))


def _harmony(ground: str, shape: str, cloth: str, accent: str, inner: str) -> Harmony:
    return Harmony(ground=rgb(ground), shape=rgb(shape), cloth=rgb(cloth), accent=rgb(accent), inner=rgb(inner))


SKINS: tuple[Skin, ...] = (
    _skin("#F8DAC6", "#EBB9A1", "#B7745F", "#C9635A", "#F2A893"),
    _skin("#F2C9A9", "#E0A582", "#A9664A", "#BF5A4E", "#EB9A7E"),
    _skin("#E6B48C", "#CE9167", "#94583A", "#B04F43", "#DC8862"),
    _skin("#D39A6D", "#B67A50", "#7C4629", "#9D443A", "#C87250"),
    _skin("#BA8055", "#99633D", "#653720", "#8C3B34", "#AF603F"),
    _skin("#9A6643", "#7B4C2F", "#4D2918", "#7A322F", "#915033"),
    _skin("#794C31", "#5D3722", "#371C11", "#6B2D2B", "#743F2A"),
    _skin("#5B3827", "#442719", "#25120C", "#6A3033", "#5B3024"),
)

# Black, dark brown, brown, auburn, blond, grey, white, plum: the order that `cast.py` counts in.
HAIRS: tuple[Colour, ...] = tuple(
    rgb(text) for text in ("#26202B", "#3A2826", "#5B382B", "#84452D", "#DDB672", "#8F8A8C", "#D9D3CC", "#5E2C52")
)
GREY = rgb("#B9B3B0")

HARMONIES: tuple[Harmony, ...] = (
    _harmony("#F5E6D3", "#F1C5A0", "#6A3560", "#EFAB3A", "#F8EFE2"),
    _harmony("#F6C4B0", "#EE9C84", "#2C3D68", "#F8EFE2", "#F6D9B0"),
    _harmony("#CDD8BD", "#AFC09B", "#E0674F", "#F8EFE2", "#F5DDBB"),
    _harmony("#F8DC9E", "#F1BD55", "#4A2348", "#E5705A", "#F8EFE2"),
    _harmony("#7A476F", "#9A6A8E", "#EBAA3E", "#F8EFE2", "#F8EFE2"),
    _harmony("#4C608E", "#7388B0", "#EE8A72", "#F8DC9E", "#F8EFE2"),
    _harmony("#F3E8D9", "#B7C6A2", "#35503F", "#E5705A", "#F6D9B0"),
    _harmony("#E3D0DB", "#C9A8BF", "#56745F", "#EFAB3A", "#F8EFE2"),
)

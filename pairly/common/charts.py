"""Charts that the server draws: stacked bars as plain rectangles. The labels are HTML, so they keep their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

GAP = 0.28  # share of a bar's room that stays empty


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One kind of thing that is counted; `look` is the class that colours it (`a`, `b`, `c` in data.css)."""

    name: str
    look: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One bar: its label and a value for every series, none negative."""

    label: str
    values: Sequence[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rect:
    """A piece of a bar, in hundredths of the drawing's width and height."""

    x: str
    y: str
    width: str
    height: str
    look: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BarChart:
    """`groups` from left to right, each stacked in the order of `series` from the ground up."""

    title: str
    series: Sequence[Series]
    groups: Sequence[Group]
    rects: list[Rect] = field(init=False)
    ticks: list[int] = field(init=False)

    def __post_init__(self) -> None:
        top = nice_ceiling(max((sum(group.values) for group in self.groups), default=0))
        object.__setattr__(self, "ticks", [top, top // 2, 0])
        object.__setattr__(self, "rects", self._draw(top))

    @property
    def is_empty(self) -> bool:
        return not any(any(group.values) for group in self.groups)

    def _draw(self, top: int) -> list[Rect]:
        room = 100 / max(1, len(self.groups))
        rects = []
        for place, group in enumerate(self.groups):
            ground = 100.0
            for series, value in zip(self.series, group.values, strict=True):
                height = value * 100 / top
                ground -= height
                if value:
                    rects.append(
                        Rect(
                            x=_figure(room * (place + GAP / 2)),
                            y=_figure(ground),
                            width=_figure(room * (1 - GAP)),
                            height=_figure(height),
                            look=series.look,
                        )
                    )
        return rects


def nice_ceiling(value: int) -> int:
    """The next even "round" number at or above `value`: 1, 2, 4, 5 or 8 times a power of ten, 10 at least."""
    size = 1
    while True:
        for step in (1, 2, 4, 5, 8):
            if (found := step * size) >= max(10, value) and found % 2 == 0:
                return found
        size *= 10


def _figure(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")

"""What two of the creators sell, and who bought it when, in hours before now (negative). Pure: no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .cast import FANS

_DAY = 24.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ware:
    """An item of a shop; `seeds` are of the drawings, others than the gallery's."""

    creator: int
    title: str
    description: str
    price_centi: int
    seeds: tuple[int, ...]


WARES = (
    Ware(
        creator=0,
        title="Five hours at the kiln",
        description="The whole firing, picture by picture, with the glaze that went wrong.",
        price_centi=120_00,
        seeds=(900, 901, 902),
    ),
    Ware(
        creator=0,
        title="Glaze notes, the blue series",
        description="Every bowl of the blue series in full size, as it came out.",
        price_centi=80_00,
        seeds=(903, 904),
    ),
    Ware(
        creator=1,
        title="An endgame, move by move",
        description="Positions from my favourite endgame, one picture for each turning point.",
        price_centi=90_00,
        seeds=(905, 906),
    ),
    Ware(
        creator=0,
        title="The glaze book",
        description="Ten years of test tiles: each recipe that held, its cone, and how it looks on clay.",
        price_centi=4_800_00,
        seeds=(907, 908),
    ),
    Ware(
        creator=0,
        title="A winter at the wheel",
        description="My course, drawn step by step, from the first lump of clay to a teapot that pours.",
        price_centi=3_900_00,
        seeds=(909, 910),
    ),
)
KILN, BLUE, ENDGAME, BOOK, COURSE = range(len(WARES))


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """`fan` buys `ware` (a position in WARES)."""

    at_h: float
    fan: int
    ware: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveBack:
    """The seller gives a buyer back what they paid."""

    at_h: float
    fan: int
    ware: int


def list_deals(*, joined_days_ago: dict[int, float]) -> Iterator[Sale | GiveBack]:
    """What was sold; `joined_days_ago` says since when each fan is here. Nobody bought before they came, and the book
    and the course were sold so long ago that most of what they brought has matured."""
    yield Sale(at_h=-14.3 * _DAY, fan=0, ware=KILN)
    yield Sale(at_h=-6.4 * _DAY, fan=0, ware=BLUE)
    yield GiveBack(at_h=-5.9 * _DAY, fan=0, ware=BLUE)
    yield Sale(at_h=-9.6 * _DAY, fan=0, ware=ENDGAME)
    for fan in range(1, len(FANS)):
        earliest = min(joined_days_ago[fan] - 1.5, 36.9)
        first = earliest - fan % 5 / 6
        yield Sale(at_h=-first * _DAY, fan=fan, ware=BOOK)
        yield Sale(at_h=-max(first - 3 - 1.3 * (fan % 4), 15.2 + fan / 20) * _DAY, fan=fan, ware=COURSE)
        if fan % 2:
            yield Sale(at_h=-(2.2 + 0.8 * fan) * _DAY, fan=fan, ware=KILN)
        if fan % 3 == 0:
            yield Sale(at_h=-(0.6 + 0.7 * fan) * _DAY, fan=fan, ware=BLUE)
        if fan % 4 == 1:
            yield Sale(at_h=-(1.4 + 0.9 * fan) * _DAY, fan=fan, ware=ENDGAME)

"""What two of the creators sell, with drawn pictures."""

from __future__ import annotations

from dataclasses import dataclass

from payments.models import ShopItem
from payments.shop import selectors
from payments.shop.services import items

from .cast import CREATORS
from .painters import Painters
from .people import People, Role
from .plan import Part


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ware:
    creator: int
    title: str
    description: str
    price_centi: int
    seeds: tuple[int, ...]  # of the drawings, others than the gallery's


_WARES = (
    _Ware(
        creator=0,
        title="Five hours at the kiln",
        description="The whole firing, picture by picture, with the glaze that went wrong.",
        price_centi=120_00,
        seeds=(900, 901, 902),
    ),
    _Ware(
        creator=0,
        title="Glaze notes, the blue series",
        description="Every bowl of the blue series in full size, as it came out.",
        price_centi=80_00,
        seeds=(903, 904),
    ),
    _Ware(
        creator=1,
        title="An endgame, move by move",
        description="Positions from my favourite endgame, one picture for each turning point.",
        price_centi=90_00,
        seeds=(905, 906),
    ),
)


def sell(*, people: People, part: Part, painters: Painters) -> None:
    """Put on sale what is not there yet, where the creator may sell."""
    for ware in (one for one in _WARES if one.creator < part.n_creators):
        user = people.user_of(role=Role(side="creator", number=ware.creator))
        if not selectors.is_verified(user=user):
            continue
        item = next((one for one in selectors.list_own(user=user) if one.title == ware.title), None)
        item = item or items.create_item(
            user=user, title=ware.title, description=ware.description, price_centi=ware.price_centi
        )
        if item.state != ShopItem.State.DRAFT:
            continue
        for seed in ware.seeds[item.files.count() :]:
            drawing = painters.draw({"theme": CREATORS[ware.creator].theme, "seed": seed})
            items.add_picture(user=user, uid=item.uid, data=drawing.result())
        items.change_item(user=user, uid=item.uid, state=ShopItem.State.ON_SALE)

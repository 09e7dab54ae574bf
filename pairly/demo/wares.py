"""The creators' wares in their shops, with drawn pictures."""

from __future__ import annotations

from concurrent.futures import Future

from payments.models import ShopItem
from payments.shop import selectors
from payments.shop.services import items

from .cast import CREATORS
from .catalogue import WARES, Ware
from .painters import Painters
from .people import People, Role
from .plan import Part


class Wares:
    """Asked to be drawn early, put on sale when they are drawn; what is on sale already stays."""

    def __init__(self, *, people: People, part: Part, painters: Painters) -> None:
        self._people = people
        wanted = [ware for ware in WARES if ware.creator < part.n_creators]
        self._drawings = {ware: self._ask(ware, painters) for ware in wanted}

    def sell(self) -> None:
        """Put on sale what is not there yet, where the creator may sell."""
        for ware, drawings in self._drawings.items():
            user = self._people.user_of(role=Role(side="creator", number=ware.creator))
            if not selectors.is_verified(user=user):
                continue
            item = find(people=self._people, ware=ware) or items.create_item(
                user=user, title=ware.title, description=ware.description, price_centi=ware.price_centi
            )
            if item.state != ShopItem.State.DRAFT:
                continue
            for drawing in drawings[item.files.count() :]:
                items.add_picture(user=user, uid=item.uid, data=drawing.result())
            items.change_item(user=user, uid=item.uid, state=ShopItem.State.ON_SALE)

    def _ask(self, ware: Ware, painters: Painters) -> list[Future[bytes]]:
        if Role(side="creator", number=ware.creator).email in self._people.users and find(
            people=self._people, ware=ware
        ):
            return []
        theme = CREATORS[ware.creator].theme
        return [painters.draw({"theme": theme, "seed": seed}) for seed in ware.seeds]


def find(*, people: People, ware: Ware) -> ShopItem | None:
    """The item, unless its creator has removed it."""
    user = people.user_of(role=Role(side="creator", number=ware.creator))
    return next((one for one in selectors.list_own(user=user) if one.title == ware.title), None)

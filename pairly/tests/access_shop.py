"""The shop in the access matrix: the owner bought something of the peer's, and sells something of their own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from credits.services import accounts, purchases, unlocks
from pairly.common.ids import uuid7
from pairly.testing.people import make_user
from payments.models import ShopItem, Unlock
from payments.shop.services import items
from payments.shop.services import unlocks as shop
from payments.tests.selling import draw, encoded
from users.models import User

if TYPE_CHECKING:
    from .access_setups import Scene

PRICE_CENTI = 5_000
VERIFIED = {"role": "creator", "verification_level": 2}


def make_shop(owner: User, peer: User) -> dict[str, Any]:
    """Wares of the peer, one of them bought; an item of the owner's with a picture, and one that somebody bought."""
    User.objects.filter(pk=peer.pk).update(verification_level=2)
    ware, bought = (_ware(User.objects.get(pk=peer.pk), title) for title in ("For sale", "Sold"))
    unlock = shop.unlock_item(user=owner, uid=bought.uid, price_centi=PRICE_CENTI, idempotency_key=uuid.uuid4()).unlock
    # The owner is a fan: what they sell was made while they were a creator, which they are again where it matters.
    was = User.objects.get(pk=owner.pk)
    User.objects.filter(pk=owner.pk).update(**VERIFIED)
    seller = User.objects.get(pk=owner.pk)
    accounts.open_accounts(user=seller)
    own, sold = _ware(seller, "Own"), _ware(seller, "Own, sold")
    sale = _sell(sold)
    User.objects.filter(pk=owner.pk).update(role=was.role, verification_level=was.verification_level)
    return {
        "ware": ware.uid,
        "unlock": unlock.uid,
        "unlock file": bought.files.get().uid,
        "unlock width": bought.files.get().width_px,
        "own item": own.uid,
        "own file": own.files.get().uid,
        "sale": sale.uid,
    }


def _ware(seller: User, title: str) -> ShopItem:
    item = items.create_item(user=seller, title=title, price_centi=PRICE_CENTI)
    items.add_picture(user=seller, uid=item.uid, data=encoded(draw(item.pk, (80, 64))))
    return items.change_item(user=seller, uid=item.uid, state="on_sale")


def _sell(item: ShopItem) -> Unlock:
    """To somebody who has nothing else to do with all this."""
    buyer, at = make_user("fan", name="Bea Buyer"), timezone.now()
    purchases.grant_promo(user_id=buyer.pk, op_id=uuid7(), credits_centi=PRICE_CENTI)
    sale = Unlock.objects.create(buyer=buyer, item=item, request_id=uuid7(), price_centi=PRICE_CENTI)
    unlocks.unlock(
        op_id=uuid7(), user_id=buyer.pk, payee_id=item.seller_id, item=item.pk, unlock=sale.pk,
        amount_centi=PRICE_CENTI, at=at,
    )  # fmt: skip
    return sale


# -- before a call
def a_seller(scene: Scene) -> None:
    """Whoever calls may sell, and so may the owner."""
    callers = [scene.owner.pk, (scene.actor.user or scene.owner).pk]
    User.objects.filter(pk__in=callers).update(**VERIFIED)


def item_form(scene: Scene) -> dict[str, Any]:
    a_seller(scene)
    return {"title": "Another", "description": "", "price": "60"}


def item(scene: Scene) -> dict[str, Any]:
    a_seller(scene)
    return {"title": "Another", "price_centi": 6_000}


def off_sale(scene: Scene) -> dict[str, Any]:
    a_seller(scene)
    return {"state": "off_sale"}


def a_picture(scene: Scene) -> dict[str, Any]:
    a_seller(scene)
    return {"file": SimpleUploadedFile("a.png", encoded(draw(4, (64, 64)), "PNG"), "image/png")}


def empty(scene: Scene) -> dict[str, Any]:
    a_seller(scene)
    return {}


UNLOCK_FORM = {"price_centi": str(PRICE_CENTI), "nonce": str(uuid.UUID(int=9))}
UNLOCK = {"price_centi": PRICE_CENTI}

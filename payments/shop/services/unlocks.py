"""Buying an item with credits, and giving them back."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from credits.services import answers, unlocks
from pairly.common.after_commit import enqueue
from pairly.common.ids import uuid7
from pairly.common.problems import IdempotencyConflict
from security import limits
from users.errors import Suspended
from users.models import User
from users.services.notifications import notify

from ...models import ShopItem, Unlock
from ...services import fraud_reports
from .. import selectors
from ..constants import OP_NAMESPACE, UNLOCKS_PER_MINUTE
from ..errors import CannotBuy, OwnItem, PriceChanged
from ..types import Bought

# The item's row stays as it is until the transaction ends: its price, its state, its pictures. Who asks at the same
# moment waits for the first, and then finds what it made.
_INSERT = """
INSERT INTO payments_unlock (uid, buyer_id, item_id, request_id, price_centi)
SELECT %(uid)s::uuid, %(buyer)s::bigint, i.id, %(request)s::uuid, i.price_centi FROM payments_shopitem i
 WHERE i.id = %(item)s::bigint AND i.state = 'on_sale' AND i.price_centi = %(price)s::bigint
   FOR SHARE OF i
ON CONFLICT DO NOTHING RETURNING id
"""


def unlock_item(*, user: User, uid: uuid.UUID, price_centi: int, idempotency_key: uuid.UUID) -> Bought:
    """Buy an item for exactly `price_centi`: paid to its creator at once, within the caller's caps.

    The same key gives the same purchase, and what one has bought already is charged no second time, whatever the key.
    Raises NotFound, OwnItem, CannotBuy, Suspended, PriceChanged, IdempotencyConflict, RateLimited, and the ledger's
    SpendingCapReached, DebtOutstanding, InsufficientCredits; in every such case nothing is charged.
    """
    limits.require(name="unlock", key=str(user.uid), limit=UNLOCKS_PER_MINUTE, window_s=60)
    if (known := _find_repeated(user, uid, idempotency_key)) is not None:
        return known
    item = selectors.get_on_sale(user=user, uid=uid)
    if item.seller_id == user.pk:
        raise OwnItem()
    if not fraud_reports.may_unlock(user=user, price_centi=price_centi):
        raise CannotBuy()
    with transaction.atomic():
        _require_contact(buyer=user, seller=item.seller)
        number = _insert(user, item, price_centi, idempotency_key)
        if number is not None:
            return Bought(unlock=_pay(user, number), is_new=True)
    return _explain(user, item, price_centi, idempotency_key)


def refund_unlock(*, user: User, uid: uuid.UUID) -> Unlock:
    """Give a buyer of the caller's back what they paid, fee included, and end their access; once, however often it is
    asked for. Raises NotFound, HoldReturned, HoldMatured."""
    with transaction.atomic():
        sale = selectors.get_sale(user=user, uid=uid, for_update=True)
        if sale.is_refunded:
            return sale
        now = timezone.now()
        answers.give_back(
            op_id=uuid.uuid5(OP_NAMESPACE, f"refund:{sale.uid}"),
            payee_id=user.pk,
            scope=-sale.item_id,
            position=sale.pk,
            at=now,
        )
        sale.refunded_at = now
        sale.save(update_fields=["refunded_at"])
        payload = {"what": "refunded", "amount_centi": sale.price_centi}
        notify(user=sale.buyer, kind="purchase", actor=user, payload=payload, key=f"refund:{sale.uid}")
        enqueue(task="payments.forget_renderings", unlock=sale.pk)
        return sale


def _find_repeated(user: User, uid: uuid.UUID, request_id: uuid.UUID) -> Bought | None:
    """What this key bought before. Raises IdempotencyConflict where that was something else."""
    known = selectors.find_unlock_of_request(user=user, request_id=request_id)
    if known is None:
        return None
    if known.item.uid != uid:
        raise IdempotencyConflict()
    return Bought(unlock=known, is_new=False)


def _require_contact(*, buyer: User, seller: User) -> None:
    """Raises CannotBuy where one of the two blocks the other or is not there, Suspended for the buyer's own sake."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT users_may_contact(%(buyer)s::bigint, %(seller)s::bigint), "
            "users_may_contact(%(seller)s::bigint, %(buyer)s::bigint)",
            {"buyer": buyer.pk, "seller": seller.pk},
        )
        of_buyer, of_seller = cursor.fetchone()
    if of_buyer == "suspended":
        raise Suspended()
    # A mute is about writing: it stops neither of them here.
    if of_buyer == "blocked" or of_seller in ("blocked", "suspended"):
        raise CannotBuy()


def _insert(user: User, item: ShopItem, price_centi: int, request_id: uuid.UUID) -> int | None:
    values: dict[str, Any] = {
        "uid": uuid7(),
        "buyer": user.pk,
        "item": item.pk,
        "request": request_id,
        "price": price_centi,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _pay(user: User, number: int) -> Unlock:
    unlock = Unlock.objects.select_related("item__seller").get(pk=number)
    seller = unlock.item.seller
    unlocks.unlock(
        op_id=uuid.uuid5(OP_NAMESPACE, f"unlock:{unlock.uid}"),
        user_id=user.pk,
        payee_id=seller.pk,
        item=unlock.item_id,
        unlock=unlock.pk,
        amount_centi=unlock.price_centi,
        at=timezone.now(),
    )
    payload: dict[str, Any] = {"unlock": str(unlock.uid), "amount_centi": unlock.price_centi}
    notify(user=seller, kind="sale", actor=user, payload=payload, key=f"sale:{unlock.uid}")
    notify(
        user=user, kind="purchase", actor=seller, payload={"what": "unlocked", **payload}, key=f"unlock:{unlock.uid}"
    )
    enqueue(task="payments.render_unlock", unlock=unlock.pk)
    fraud_reports.note_unlock(unlock=unlock)
    return unlock


def _explain(user: User, item: ShopItem, price_centi: int, request_id: uuid.UUID) -> Bought:
    """Nothing was written: because it was bought a moment ago, costs something else, or is not on sale any more."""
    if (known := _find_repeated(user, item.uid, request_id)) is not None:
        return known
    if (owned := selectors.find_bought(user=user, item=item)) is not None:
        return Bought(unlock=owned, is_new=False)
    raise PriceChanged(price_centi=selectors.get_on_sale(user=user, uid=item.uid).price_centi)

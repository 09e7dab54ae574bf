"""Reads of the shop: what is on sale for whom, what somebody bought, what somebody sold."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncWeek
from django.utils import timezone

from pairly.common.problems import NotFound
from profiles import selectors as profiles
from profiles.models import Profile
from users.models import User

from ..models import ShopFile, ShopItem, Unlock
from .constants import ALIKE
from .types import SalesSum, WeekOfSales

_LIVE = Q(refunded_at__isnull=True)


# -- what is sold
def is_verified(*, user: User) -> bool:
    """Whether somebody may sell: a creator whose documents were looked at."""
    return user.is_creator and user.verification_level >= User.VerificationLevel.DOCUMENT


def list_on_sale(*, user: User | None, profile: Profile) -> QuerySet[ShopItem]:
    """What the creator of a profile that `user` may see has on sale, newest first."""
    if not is_verified(user=profile.user):
        return ShopItem.objects.none()
    rows = ShopItem.objects.filter(seller=profile.user, state=ShopItem.State.ON_SALE)
    return _with_owned(rows, user).prefetch_related("files").order_by("-id")


def get_shop(*, user: User | None, uid: uuid.UUID) -> Profile:
    """The profile of a creator whose shop `user` (None: anyone) may look at. Raises NotFound."""
    return profiles.get_creator(user=user, uid=uid)


def get_on_sale(*, user: User | None, uid: uuid.UUID) -> ShopItem:
    """An item that `user` (None: anyone) may buy, or could. Raises NotFound, also where something stands between the
    two; nobody learns that it was withdrawn."""
    rows = _with_owned(ShopItem.objects.filter(uid=uid, state=ShopItem.State.ON_SALE), user)
    item = rows.select_related("seller__profile").prefetch_related("files").first()
    if item is None or not is_verified(user=item.seller):
        raise NotFound()
    profiles.get_creator(user=user, uid=item.seller.uid)
    return item


def _with_owned(rows: QuerySet[ShopItem], user: User | None) -> QuerySet[ShopItem]:
    mine = Unlock.objects.filter(_LIVE, item=OuterRef("pk"), buyer=user) if user else Unlock.objects.none()
    return rows.annotate(is_owned=Exists(mine))


# -- one's own shop
def list_own(*, user: User) -> QuerySet[ShopItem]:
    """What `user` sells or is about to, newest first, with `n_sold`; what they removed is left out."""
    rows = ShopItem.objects.filter(seller=user).exclude(state=ShopItem.State.REMOVED)
    sold = Count("unlocks", filter=Q(unlocks__refunded_at__isnull=True))
    return rows.annotate(n_sold=sold).prefetch_related("files").order_by("-id")


def get_own(*, user: User, uid: uuid.UUID) -> ShopItem:
    """An item of the caller's own that they did not remove. Raises NotFound."""
    item = list_own(user=user).filter(uid=uid).first()
    if item is None:
        raise NotFound()
    return item


def lock_own(*, user: User, uid: uuid.UUID) -> ShopItem:
    """As `get_own`, its row locked in the caller's transaction: who buys it waits."""
    rows = ShopItem.objects.select_for_update().filter(seller=user, uid=uid)
    item = rows.exclude(state=ShopItem.State.REMOVED).first()
    if item is None:
        raise NotFound()
    return item


def get_own_file(*, user: User, item_uid: uuid.UUID, uid: uuid.UUID) -> ShopFile:
    """A picture of an item of the caller's own. Raises NotFound."""
    rows = ShopFile.objects.select_related("item").filter(uid=uid, item__uid=item_uid, item__seller=user)
    file = rows.exclude(item__state=ShopItem.State.REMOVED).first()
    if file is None:
        raise NotFound()
    return file


def has_buyers(*, item: ShopItem) -> bool:
    """Whether somebody ever bought it: a refunded copy was seen too."""
    return Unlock.objects.filter(item=item).exists()


# -- the library
def list_library(*, user: User) -> QuerySet[Unlock]:
    """What `user` bought and was not refunded, newest first."""
    rows = Unlock.objects.filter(_LIVE, buyer=user).select_related("item__seller__profile")
    return rows.prefetch_related("item__files").order_by("-id")


def get_bought(*, user: User, uid: uuid.UUID) -> Unlock:
    """A purchase of the caller's own that holds, whatever became of the item. Raises NotFound."""
    unlock = list_library(user=user).filter(uid=uid).first()
    if unlock is None:
        raise NotFound()
    return unlock


def find_bought(*, user: User, item: ShopItem) -> Unlock | None:
    """The purchase of an item that holds."""
    return Unlock.objects.filter(_LIVE, buyer=user, item=item).first()


def find_unlock_of_request(*, user: User, request_id: uuid.UUID) -> Unlock | None:
    """The purchase that this key of the buyer's was used for."""
    return Unlock.objects.filter(buyer=user, request_id=request_id).select_related("item").first()


def get_bought_file(*, user: User, unlock_uid: uuid.UUID, uid: uuid.UUID) -> tuple[Unlock, ShopFile]:
    """A picture that the caller bought, with the purchase. Raises NotFound, also after a refund."""
    unlock = Unlock.objects.filter(_LIVE, buyer=user, uid=unlock_uid).select_related("buyer").first()
    file = ShopFile.objects.select_related("item").filter(uid=uid, item=unlock.item_id).first() if unlock else None
    if unlock is None or file is None:
        raise NotFound()
    return unlock, file


def find_unlock_by_pk(*, pk: int) -> Unlock | None:
    """For the job that renders, and for traces."""
    return Unlock.objects.select_related("buyer", "item__seller").prefetch_related("item__files").filter(pk=pk).first()


# -- sales
def list_sales(*, user: User) -> QuerySet[Unlock]:
    """Who bought what from `user`, newest first, refunded ones too."""
    return Unlock.objects.filter(item__seller=user).select_related("item", "buyer__profile").order_by("-id")


def get_sale(*, user: User, uid: uuid.UUID, for_update: bool = False) -> Unlock:
    """A sale of the caller's own. Raises NotFound. `for_update` locks its row, inside a transaction."""
    rows = list_sales(user=user)
    if for_update:
        rows = rows.select_for_update(of=("self",))
    sale = rows.filter(uid=uid).first()
    if sale is None:
        raise NotFound()
    return sale


def sum_sales(*, user: User) -> SalesSum:
    """All sales together."""
    row = Unlock.objects.filter(item__seller=user).aggregate(
        n=Count("pk", filter=_LIVE), centi=Sum("price_centi", filter=_LIVE), back=Count("pk", filter=~_LIVE)
    )
    return SalesSum(n_sold=row["n"], sold_centi=row["centi"] or 0, n_refunded=row["back"])


def list_weeks_of_sales(*, user: User, n_weeks: int = 12) -> list[WeekOfSales]:
    """The last `n_weeks` weeks up to this one, oldest first, empty weeks included."""
    today = timezone.now().date()
    this_monday = today - timedelta(days=today.weekday())
    starts = [this_monday - timedelta(weeks=back) for back in reversed(range(n_weeks))]
    rows = (
        Unlock.objects.filter(item__seller=user, created_at__gte=datetime.combine(starts[0], time.min, tzinfo=UTC))
        .annotate(week=TruncWeek("created_at", tzinfo=UTC))
        .values("week")
        .annotate(sold=Sum("price_centi", filter=_LIVE), refunded=Sum("price_centi", filter=~_LIVE))
    )
    found: dict[Any, Any] = {row["week"].date(): row for row in rows}
    return [
        WeekOfSales(
            start=start,
            sold_centi=found.get(start, {}).get("sold") or 0,
            refunded_centi=found.get(start, {}).get("refunded") or 0,
        )
        for start in starts
    ]


# -- traces
def list_alike(*, look: int, limit: int = ALIKE) -> list[ShopFile]:
    """The pictures that look most like this, most alike first, with `distance` in bits. Looks at all of them: for
    staff, not for pages."""
    distance = RawSQL("bit_count((look # %s::bigint)::bit(64))", [look])
    return list(ShopFile.objects.select_related("item").annotate(distance=distance).order_by("distance", "pk")[:limit])


def list_numbers(*, item: ShopItem) -> list[int]:
    """The numbers of all who ever bought an item, as its copies carry them."""
    return list(Unlock.objects.filter(item=item).values_list("pk", flat=True))

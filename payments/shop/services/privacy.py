"""A person's shop and library in the copy of their data, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.db import transaction

from users.models import User
from users.types import ExportWriter

from ...models import ShopFile, ShopItem, Unlock
from .. import files, selectors
from . import items, renderings

_ITEM = ("uid", "title", "description", "price_centi", "state", "created_at", "published_at")


def export(*, user: User, out: ExportWriter) -> None:
    """What one sells with its pictures, what one sold and bought; who bought is theirs to know."""
    out.rows("shop/items", ShopItem.objects.filter(seller=user).order_by("pk").values(*_ITEM).iterator(chunk_size=1000))
    sales = selectors.list_sales(user=user).values("uid", "item__uid", "price_centi", "created_at", "refunded_at")
    out.rows("shop/sales", sales.iterator(chunk_size=1000))
    bought = Unlock.objects.filter(buyer=user).order_by("-pk")
    rows = bought.values("uid", "item__uid", "item__title", "price_centi", "created_at", "refunded_at")
    out.rows("shop/library", rows.iterator(chunk_size=1000))
    for file in ShopFile.objects.filter(item__seller=user).select_related("item").iterator(chunk_size=100):
        with suppress(FileNotFoundError):  # one that was removed a moment ago
            out.file(f"shop/pictures/{file.item.uid}/{file.uid}.webp", _chunks(file))


def _chunks(file: ShopFile) -> Iterator[bytes]:
    return iter([files.read_master(file=file)])


def erase(*, user: User) -> None:
    """What nobody bought goes with its pictures. What was bought stays with its buyers, without a word of its creator;
    purchases stay, they are the books, and what was rendered for this buyer goes after the commit."""
    for item in ShopItem.objects.select_for_update().filter(seller=user).order_by("pk"):
        items.take_away(item=item)
    ShopItem.objects.filter(seller=user).update(title="", description="")
    for pk in Unlock.objects.filter(buyer=user).values_list("pk", flat=True):
        transaction.on_commit(lambda pk=pk: renderings.forget_renderings(pk=pk), robust=True)  # type: ignore[misc]

"""What a creator does in their shop: items, their pictures, on sale and off, gone.

A picture is stored before the row that names it and deleted after the row is gone, so a row's files are always there.
Every change locks the item's row, which a purchase holds too: what is bought is what was on sale, and stays so.
"""

from __future__ import annotations

import os
import uuid
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput, NotFound, Problem
from profiles import picture_files
from security import encryption
from users.models import User

from ...models import ShopFile, ShopItem
from .. import files, pictures, selectors
from ..constants import DESCRIPTION_MAX, ITEMS_MAX, MASTER_WIDTHS, PICTURES_MAX, TITLE_MAX
from ..errors import NothingToSell, PicturesFixed, VerificationRequired
from ..marks import KEY_BYTES

State = ShopItem.State


@transaction.atomic
def create_item(*, user: User, title: str, price_centi: int, description: str = "") -> ShopItem:
    """A draft of the caller's. Raises VerificationRequired, and InvalidInput: `/title`, `/description` length;
    `/price_centi` range; `/title` too_many."""
    _require_verified(user)
    values = _checked(title=title, description=description, price_centi=price_centi)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one item of a person at a time: the count holds
    if selectors.list_own(user=user).count() >= ITEMS_MAX:
        raise InvalidInput(
            errors=[_row("title", "too_many", _("A shop holds at most %(n)d items.") % {"n": ITEMS_MAX})]
        )
    return ShopItem.objects.create(seller=user, **values)


@transaction.atomic
def change_item(
    *,
    user: User,
    uid: uuid.UUID,
    title: str | None = None,
    description: str | None = None,
    price_centi: int | None = None,
    state: str | None = None,
) -> ShopItem:
    """Change an item of the caller's own; None leaves it as it is. `state` puts it on sale or takes it off.

    Raises NotFound, VerificationRequired and NothingToSell (to put it on sale), and InvalidInput: as `create_item`, and
    `/state` unknown. What was bought keeps its price.
    """
    item = selectors.lock_own(user=user, uid=uid)
    values = _checked(
        title=item.title if title is None else title,
        description=item.description if description is None else description,
        price_centi=item.price_centi if price_centi is None else price_centi,
    )
    for name, value in values.items():
        setattr(item, name, value)
    if state is not None and state != item.state:
        _set_state(user, item, state)
    item.save()
    return item


@transaction.atomic
def remove_item(*, user: User, uid: uuid.UUID) -> None:
    """Take an item of the caller's own out of the shop for good. Who bought it keeps it, in the same pictures; of
    what nobody bought nothing stays. Raises NotFound."""
    take_away(item=selectors.lock_own(user=user, uid=uid))


def take_away(*, item: ShopItem) -> None:
    """As `remove_item`; the row is locked by the caller."""
    if selectors.has_buyers(item=item):
        item.state = State.REMOVED
        item.save(update_fields=["state"])
        return
    for file in item.files.all():
        transaction.on_commit(partial(files.delete_picture, item=item, file_key=file.file_key), robust=True)
    item.delete()


@transaction.atomic
def withdraw(*, seller: User, uid: uuid.UUID) -> ShopItem:
    """Take an item of `seller` out of the shop because it broke a rule: as `remove_item`, but nothing of it is deleted,
    for the decision may be appealed. Raises NotFound, also where it is removed already. Staff alone cause this."""
    item = selectors.lock_own(user=seller, uid=uid)
    item.state = State.REMOVED
    item.save(update_fields=["state"])
    return item


@transaction.atomic
def give_back(*, seller: User, uid: uuid.UUID) -> bool:
    """Undo `withdraw`: the item is its seller's again, not on sale. Returns whether it was there to be given back."""
    rows = ShopItem.objects.filter(seller=seller, uid=uid, state=State.REMOVED).exclude(title="")
    return rows.update(state=State.OFF_SALE) > 0


def add_picture(*, user: User, uid: uuid.UUID, data: bytes) -> ShopFile:
    """Add a picture to an item of the caller's own that nobody has bought: a JPEG, PNG or WebP file, of which nothing
    is kept but its pixels.

    Raises NotFound, VerificationRequired, PicturesFixed, Overloaded, and InvalidInput: `/file` as
    `picture_files.render`, and too_many. Must not run inside a transaction.
    """
    _require_verified(user)
    item = selectors.get_own(user=user, uid=uid)
    _free_place(item)  # before the work; again under the lock
    rendered = picture_files.render(data=data, widths=MASTER_WIDTHS, is_square=False)
    master = rendered.files[rendered.width_px]
    image = pictures.open_stored(data=master)
    file = ShopFile(look=pictures.look_of(image=image), width_px=rendered.width_px, height_px=rendered.height_px)
    file.sealed_key = encryption.encrypt(plaintext=os.urandom(KEY_BYTES), place=place_of_key(file=file))
    files.store(item=item, file_key=file.file_key, master=master, preview=pictures.preview_of(image=image))
    try:
        return _insert(user, uid, file)
    except Problem:  # whatever else happens, the row may have been committed
        files.delete_picture(item=item, file_key=file.file_key)
        raise


@transaction.atomic
def remove_picture(*, user: User, item_uid: uuid.UUID, uid: uuid.UUID) -> None:
    """Remove a picture of an item of the caller's own that nobody has bought; the last one takes it off sale. Raises
    NotFound, PicturesFixed."""
    item = selectors.lock_own(user=user, uid=item_uid)
    if selectors.has_buyers(item=item):
        raise PicturesFixed()
    file = item.files.filter(uid=uid).first()
    if file is None:
        raise NotFound()
    file.delete()
    if item.is_on_sale and not item.files.exists():
        item.state = State.OFF_SALE
        item.save(update_fields=["state"])
    transaction.on_commit(partial(files.delete_picture, item=item, file_key=file.file_key), robust=True)


def place_of_key(*, file: ShopFile) -> str:
    """What the sealed key of a picture's marks is bound to."""
    return f"payments_shopfile:{file.uid}:sealed_key"


@transaction.atomic
def _insert(user: User, uid: uuid.UUID, file: ShopFile) -> ShopFile:
    file.item = selectors.lock_own(user=user, uid=uid)
    file.position = _free_place(file.item)
    file.save(force_insert=True)
    return file


def _free_place(item: ShopItem) -> int:
    if selectors.has_buyers(item=item):
        raise PicturesFixed()
    taken = set(item.files.values_list("position", flat=True))
    if len(taken) >= PICTURES_MAX:
        text = _("An item holds at most %(n)d pictures; remove one first.") % {"n": PICTURES_MAX}
        raise InvalidInput(errors=[_row("file", "too_many", text)])
    after = max(taken, default=-1) + 1
    return after if after < PICTURES_MAX else min(set(range(PICTURES_MAX)) - taken)


def _set_state(user: User, item: ShopItem, state: str) -> None:
    if state not in (State.ON_SALE, State.OFF_SALE):
        raise InvalidInput(errors=[_row("state", "unknown", _("Put it on sale or take it off sale."))])
    if state == State.ON_SALE:
        _require_verified(user)
        if not item.files.exists():
            raise NothingToSell()
        item.published_at = item.published_at or timezone.now()
    item.state = state


def _require_verified(user: User) -> None:
    if not selectors.is_verified(user=user):
        raise VerificationRequired(_("Have your identity checked first; then you can sell."))


def _checked(*, title: str, description: str, price_centi: int) -> dict[str, Any]:
    title, description, errors = title.strip(), description.strip(), []
    if not 1 <= len(title) <= TITLE_MAX:
        errors.append(_row("title", "length", _("Give it a title of at most %(n)d characters.") % {"n": TITLE_MAX}))
    if len(description) > DESCRIPTION_MAX:
        text = _("Describe it in at most %(n)d characters.") % {"n": DESCRIPTION_MAX}
        errors.append(_row("description", "length", text))
    if not settings.PRICE_MIN_CENTI <= price_centi <= settings.PRICE_MAX_CENTI:
        text = _("Choose a price between %(least)s and %(most)s credits.") % {
            "least": settings.PRICE_MIN_CENTI // 100,
            "most": f"{settings.PRICE_MAX_CENTI // 100:,}",
        }
        errors.append(_row("price_centi", "range", text))
    if errors:
        raise InvalidInput(errors=errors)
    return {"title": title, "description": description, "price_centi": price_centi}


def _row(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": detail}

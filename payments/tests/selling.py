"""What the tests of the shop share."""

from __future__ import annotations

import io
import random
import uuid
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from credits import selectors as ledger
from credits.services import purchases
from pairly.common.ids import uuid7
from pairly.testing.people import make_user
from payments.models import ShopItem, Unlock
from payments.shop.services import items, unlocks
from users.models import User
from users.services import tokens
from users.tests.helpers import start_api

API = "/api/v1/shop"
PRICE_CENTI = 10_000


def make_seller(name: str = "") -> User:
    """A creator whose documents were looked at."""
    user = make_user("creator", name=name)
    user.verification_level = User.VerificationLevel.DOCUMENT
    user.save(update_fields=["verification_level"])
    return user


def make_fan(*, credits_centi: int = 100_000, name: str = "") -> User:
    user = make_user("fan", name=name)
    if credits_centi:
        purchases.record_purchase(
            user_id=user.pk, op_id=uuid7(), credits_centi=credits_centi, currency="USD", amount_minor=500,
            payment_uid=uuid7(),
        )  # fmt: skip
    return user


def draw(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture like no other: plain, drawn, striped, speckled or soft, by its number."""
    dice = random.Random(seed)
    image = Image.new("RGB", size, _colour(dice))
    pen = ImageDraw.Draw(image)
    for _ in range(dice.choice((3, 12, 60))):
        x, y = dice.randrange(size[0]), dice.randrange(size[1])
        box = (x, y, x + dice.randrange(10, size[0] // 2), y + dice.randrange(10, size[1] // 2))
        dice.choice((pen.rectangle, pen.ellipse))(box, fill=_colour(dice))
    kind = seed % 4
    if kind == 1:
        image = Image.blend(image, noise(size, dice), 0.4)
    elif kind == 2:
        image = image.filter(ImageFilter.GaussianBlur(12))
    elif kind == 3:
        pen.text((20, 20), "A letter\n" * 12, fill=_colour(dice), font_size=36)
    return image


def noise(size: tuple[int, int], dice: random.Random) -> Image.Image:
    """Grey grain, the same each time: Pillow's own cannot be seeded."""
    grain = bytes(min(255, max(0, round(dice.gauss(128, 60)))) for _ in range(size[0] * size[1] // 4))
    return (
        Image.frombytes("L", (size[0] // 2, size[1] // 2), grain[: (size[0] // 2) * (size[1] // 2)])
        .resize(size)
        .convert("RGB")
    )


def _colour(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(256), dice.randrange(256), dice.randrange(256)


def encoded(image: Image.Image, file_format: str = "JPEG", **options: Any) -> bytes:
    sheet = io.BytesIO()
    image.save(sheet, file_format, **options)
    return sheet.getvalue()


def make_item(
    seller: User, *, price_centi: int = PRICE_CENTI, n_pictures: int = 1, on_sale: bool = True, title: str = "Kiln"
) -> ShopItem:
    """An item with pictures that are like no others."""
    item = items.create_item(user=seller, title=title, price_centi=price_centi, description="Fresh from the fire.")
    for number in range(n_pictures):
        items.add_picture(user=seller, uid=item.uid, data=encoded(draw(item.pk * 100 + number)))
    return items.change_item(user=seller, uid=item.uid, state="on_sale") if on_sale else item


def buy(fan: User, item: ShopItem, *, price_centi: int | None = None, key: uuid.UUID | None = None) -> Unlock:
    return unlocks.unlock_item(
        user=fan, uid=item.uid, price_centi=price_centi or item.price_centi, idempotency_key=key or uuid.uuid4()
    ).unlock


def bearer(user: User) -> dict[str, str]:
    token = tokens.issue(started=start_api(user))["access_token"]
    return {"Authorization": f"Bearer {token}"}


def balance_of(user: User) -> int:
    return ledger.get_balance(user_id=user.pk).balance_centi

"""The shop in the copy of one's data, and what is left of it when an account goes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pairly.common.problems import NotFound
from payments.models import ShopFile, ShopItem, Unlock
from payments.shop import selectors
from payments.shop.services import privacy, renderings
from payments.tests.selling import buy, make_fan, make_item, make_seller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Storages of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}
    return tmp_path


class Copy:
    """What would be written to the file."""

    def __init__(self):
        self.found = {}

    def rows(self, name, rows):
        self.found[name] = list(rows)

    def document(self, name, document):
        self.found[name] = document

    def file(self, name, chunks):
        self.found[name] = b"".join(chunks)


def copy_of(user):
    copy = Copy()
    privacy.export(user=user, out=copy)
    return copy.found


def test_the_copy_has_what_one_sells_sold_and_bought_and_nobody_else():
    seller, fan = make_seller(), make_fan(name="Fay Fan")
    item = make_item(seller, title="Three bowls")
    unlock = buy(fan, item)
    sold, bought = copy_of(seller), copy_of(fan)
    assert [row["title"] for row in sold["shop/items"]] == ["Three bowls"]
    assert [row["uid"] for row in sold["shop/sales"]] == [unlock.uid]
    picture = sold[f"shop/pictures/{item.uid}/{item.files.get().uid}.webp"]
    assert Image.open(io.BytesIO(picture)).size == (640, 480)
    assert [row["item__title"] for row in bought["shop/library"]] == ["Three bowls"]
    assert sold["shop/library"] == bought["shop/items"] == []
    assert str(fan.uid) not in str(sold)
    assert "Fay" not in str(sold)
    assert not [name for name in bought if name.startswith("shop/pictures")]


def test_who_leaves_takes_what_nobody_bought_and_their_words(media, django_capture_on_commit_callbacks):
    seller, fan = make_seller(), make_fan()
    sold, unsold = make_item(seller, title="Canary bowls"), make_item(seller)
    unlock, file = buy(fan, sold), ShopFile.objects.select_related("item").get(item=sold)
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(user=seller)
    assert not ShopItem.objects.filter(pk=unsold.pk).exists()
    sold.refresh_from_db()
    assert (sold.title, sold.description, sold.state) == ("", "", "removed")
    with pytest.raises(NotFound):
        selectors.get_on_sale(user=fan, uid=sold.uid)
    assert selectors.get_bought(user=fan, uid=unlock.uid) == unlock
    assert renderings.read_bought(unlock=unlock, file=file, width=640)
    # the master, its preview, and the buyer's copy
    assert len([path for path in media.rglob("*") if path.is_file()]) == 3
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(user=fan)
    assert len([path for path in media.rglob("*") if path.is_file()]) == 2
    assert Unlock.objects.filter(pk=unlock.pk).exists()  # the books

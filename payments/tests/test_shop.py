"""Selling and buying pictures: who may, for how much, and what stays when something goes."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from credits import invariants
from credits import selectors as ledger
from credits.errors import HoldMatured, InsufficientCredits, SpendingCapReached
from pairly.common.problems import IdempotencyConflict, InvalidInput, NotFound
from pairly.testing.people import make_user, sign_in_as
from payments.models import ShopFile, ShopItem, Unlock
from payments.shop import selectors
from payments.shop.errors import CannotBuy, NothingToSell, OwnItem, PicturesFixed, VerificationRequired
from payments.shop.services import items, renderings, unlocks
from payments.tests.selling import API, PRICE_CENTI, balance_of, bearer, buy, draw, encoded, make_fan, make_item
from payments.tests.selling import make_seller as seller_
from users.models import Notification, Restriction, User
from users.services import blocks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Storages of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}
    return tmp_path


def files_of(folder) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


class TestSelling:
    def test_an_item_goes_on_sale_with_a_picture_and_only_then(self):
        seller = seller_()
        item = items.create_item(user=seller, title="  Kiln ", price_centi=PRICE_CENTI)
        assert (item.title, item.state) == ("Kiln", "draft")
        with pytest.raises(NothingToSell):
            items.change_item(user=seller, uid=item.uid, state="on_sale")
        items.add_picture(user=seller, uid=item.uid, data=encoded(draw(1)))
        item = items.change_item(user=seller, uid=item.uid, state="on_sale")
        assert item.is_on_sale
        assert selectors.get_on_sale(user=None, uid=item.uid) == item
        items.change_item(user=seller, uid=item.uid, state="off_sale")
        with pytest.raises(NotFound):
            selectors.get_on_sale(user=None, uid=item.uid)

    def test_only_verified_creators_sell(self):
        for user in (make_user("creator"), make_user("fan")):
            with pytest.raises(VerificationRequired):
                items.create_item(user=user, title="Kiln", price_centi=PRICE_CENTI)
            answer = Client(headers=bearer(user)).post(
                f"{API}/items", {"title": "Kiln", "price_centi": PRICE_CENTI}, content_type="application/json"
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "verification_required")
        seller = seller_()
        item = make_item(seller)
        User.objects.filter(pk=seller.pk).update(verification_level=0)
        with pytest.raises(NotFound):
            selectors.get_on_sale(user=None, uid=item.uid)
        with pytest.raises(NotFound):
            buy(make_fan(), item)

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"title": " "}, "/title"),
            ({"title": "x" * 81}, "/title"),
            ({"description": "x" * 1_001}, "/description"),
            ({"price_centi": 4_999}, "/price_centi"),
            ({"price_centi": 5_000_001}, "/price_centi"),
        ],
    )
    def test_what_does_not_fit_is_named(self, changes, pointer):
        with pytest.raises(InvalidInput) as refused:
            items.create_item(user=seller_(), **{"title": "Kiln", "price_centi": PRICE_CENTI, **changes})
        assert [row["pointer"] for row in refused.value.errors] == [pointer]

    def test_an_item_holds_ten_pictures_at_most(self, monkeypatch):
        seller = seller_()
        item = make_item(seller, n_pictures=2, on_sale=False)
        monkeypatch.setattr(items, "PICTURES_MAX", 2)
        with pytest.raises(InvalidInput) as refused:
            items.add_picture(user=seller, uid=item.uid, data=encoded(draw(9)))
        assert refused.value.errors[0]["code"] == "too_many"
        items.remove_picture(user=seller, item_uid=item.uid, uid=item.files.first().uid)
        assert items.add_picture(user=seller, uid=item.uid, data=encoded(draw(9))).position == 0

    def test_what_can_be_looked_at_is_private_and_the_preview_shows_nothing(self, media):
        item = make_item(seller_())
        [file] = ShopFile.objects.all()
        [master] = files_of(media / "private")
        assert Image.open(io.BytesIO(master)).size == (640, 480)
        [preview] = files_of(media / "media")
        with Image.open(io.BytesIO(preview)) as shown:
            # all that it knows are the means of 12 x 9 fields: made small and large again it is the same
            small = shown.convert("RGB").resize((24, 18), Image.Resampling.BOX)
            again = small.resize(shown.size, Image.Resampling.BICUBIC)
            worst = max(
                abs(a - b) for a, b in zip(again.convert("L").tobytes(), shown.convert("L").tobytes(), strict=True)
            )
            assert worst < 40
        assert len(preview) < 6_000
        assert not storages["default"].exists(f"shop/{item.uid}/{file.file_key}.webp")

    def test_pictures_stay_as_they_are_once_somebody_bought_them(self):
        seller, fan = seller_(), make_fan()
        item = make_item(seller)
        unlock = buy(fan, item)
        for ended in (False, True):
            if ended:
                unlocks.refund_unlock(user=seller, uid=unlock.uid)
            with pytest.raises(PicturesFixed):
                items.add_picture(user=seller, uid=item.uid, data=encoded(draw(9)))
            with pytest.raises(PicturesFixed):
                items.remove_picture(user=seller, item_uid=item.uid, uid=item.files.first().uid)

    def test_what_is_removed_stays_with_its_buyers_and_else_goes_with_its_files(
        self, media, django_capture_on_commit_callbacks
    ):
        seller, fan = seller_(), make_fan()
        bought, unwanted = make_item(seller), make_item(seller)
        unlock = buy(fan, bought)
        with django_capture_on_commit_callbacks(execute=True):
            for item in (bought, unwanted):
                items.remove_item(user=seller, uid=item.uid)
        assert list(selectors.list_own(user=seller)) == []
        assert not ShopItem.objects.filter(pk=unwanted.pk).exists()
        assert len(files_of(media / "private")) == len(files_of(media / "media")) == 1
        _, file = selectors.get_bought_file(user=fan, unlock_uid=unlock.uid, uid=bought.files.get().uid)
        assert renderings.read_bought(unlock=unlock, file=file, width=640)
        with pytest.raises(NotFound):
            items.change_item(user=seller, uid=bought.uid, state="on_sale")

    def test_nobody_else_changes_an_item(self):
        seller, other = seller_(), seller_()
        item = make_item(seller)
        file = item.files.get()
        for attempt in (
            lambda: items.change_item(user=other, uid=item.uid, price_centi=5_000),
            lambda: items.remove_item(user=other, uid=item.uid),
            lambda: items.add_picture(user=other, uid=item.uid, data=encoded(draw(3))),
            lambda: items.remove_picture(user=other, item_uid=item.uid, uid=file.uid),
            lambda: selectors.get_own_file(user=other, item_uid=item.uid, uid=file.uid),
        ):
            with pytest.raises(NotFound):
                attempt()
        item.refresh_from_db()
        assert (item.price_centi, item.state) == (PRICE_CENTI, "on_sale")


class TestBuying:
    def test_a_purchase_pays_the_creator_at_once_and_tells_both(self):
        seller, fan = seller_(), make_fan(name="Fay")
        item = make_item(seller)
        unlock = buy(fan, item)
        assert balance_of(fan) == 90_000
        earnings = ledger.get_earnings(user_id=seller.pk)
        assert (earnings.earned_centi, earnings.withdrawable_centi) == (8_000, 0)
        assert list(selectors.list_library(user=fan)) == [unlock]
        told = dict(Notification.objects.values_list("kind", "user_id"))
        assert told == {"sale": seller.pk, "purchase": fan.pk}
        assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []

    def test_the_same_key_and_what_is_bought_already_are_charged_once(self):
        fan, item = make_fan(), make_item(seller_())
        key = uuid.uuid4()
        first = buy(fan, item, key=key)
        assert buy(fan, item, key=key) == first
        assert buy(fan, item) == first
        assert balance_of(fan) == 90_000
        with pytest.raises(IdempotencyConflict):
            buy(fan, make_item(seller_()), key=key)

    def test_another_price_in_force_charges_nothing_and_names_it(self):
        seller, fan = seller_(), make_fan()
        item = make_item(seller)
        items.change_item(user=seller, uid=item.uid, price_centi=20_000)
        headers = {**bearer(fan), "Idempotency-Key": str(uuid.uuid4())}
        path = f"{API}/items/{item.uid}/unlock"
        answer = Client(headers=headers).post(path, {"price_centi": 10_000}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
        assert answer.json()["price_centi"] == 20_000
        assert (balance_of(fan), Unlock.objects.count()) == (100_000, 0)
        answer = Client(headers=headers).post(path, {"price_centi": 20_000}, content_type="application/json")
        assert (answer.status_code, answer.json()["price_centi"]) == (201, 20_000)
        assert balance_of(fan) == 80_000

    def test_who_cannot_pay_gets_nothing_of_it(self):
        poor, item = make_fan(credits_centi=9_999), make_item(seller_())
        with pytest.raises(InsufficientCredits):
            buy(poor, item)
        capped = make_fan()
        with connection.cursor() as cursor:
            cursor.execute("SELECT credits_set_day_limit(%s, 5000)", [capped.pk])
        with pytest.raises(SpendingCapReached):
            buy(capped, item)
        assert not Unlock.objects.exists()
        assert not Notification.objects.exists()

    def test_ones_own_and_where_one_blocks_the_other_cannot_be_bought(self):
        seller = seller_()
        item = make_item(seller)
        with pytest.raises(OwnItem):
            buy(seller, item)
        for blocker_is_seller in (True, False):
            fan = make_fan()
            pair = (seller, fan) if blocker_is_seller else (fan, seller)
            blocks.block(user=pair[0], uid=pair[1].uid)
            with pytest.raises(NotFound):
                buy(fan, item)
        hidden = make_fan()
        Restriction.objects.create(user=seller, kind="suspension")
        with pytest.raises(NotFound):
            buy(hidden, item)

    def test_a_block_that_comes_in_between_is_seen_too(self, monkeypatch):
        seller, fan = seller_(), make_fan()
        item = make_item(seller)
        found = selectors.get_on_sale(user=fan, uid=item.uid)
        blocks.block(user=seller, uid=fan.uid)
        monkeypatch.setattr(selectors, "get_on_sale", lambda **_: found)
        with pytest.raises(CannotBuy):
            buy(fan, item)
        assert balance_of(fan) == 100_000

    def test_a_refund_gives_back_everything_and_ends_the_access(self):
        seller, fan = seller_(), make_fan()
        item = make_item(seller)
        unlock = buy(fan, item)
        for _ in range(2):
            assert unlocks.refund_unlock(user=seller, uid=unlock.uid).is_refunded
        assert balance_of(fan) == 100_000
        assert ledger.get_earnings(user_id=seller.pk).earned_centi == 0
        with pytest.raises(NotFound):
            selectors.get_bought(user=fan, uid=unlock.uid)
        assert buy(fan, item) != unlock  # it can be bought again
        assert [finding for finding in invariants.check_in_transaction() if not finding.is_ok] == []

    def test_what_has_matured_is_not_given_back_and_nobody_else_gives_back(self, monkeypatch):
        seller, fan = seller_(), make_fan()
        unlock = buy(fan, make_item(seller))
        for other in (fan, seller_()):
            with pytest.raises(NotFound):
                unlocks.refund_unlock(user=other, uid=unlock.uid)
        late = timezone.now() + timedelta(days=30)
        monkeypatch.setattr(unlocks.timezone, "now", lambda: late)
        with pytest.raises(HoldMatured):
            unlocks.refund_unlock(user=seller, uid=unlock.uid)
        unlock.refresh_from_db()
        assert not unlock.is_refunded

    def test_the_database_keeps_one_purchase_of_each(self):
        fan, item = make_fan(), make_item(seller_())
        buy(fan, item)
        with pytest.raises(IntegrityError), transaction.atomic():
            Unlock.objects.create(buyer=fan, item=item, request_id=uuid.uuid4(), price_centi=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Unlock.objects.create(pk=2**32, buyer=seller_(), item=item, request_id=uuid.uuid4(), price_centi=1)


class TestStrangers:
    def test_an_unbought_picture_is_not_there_at_any_door(self):
        seller, fan, stranger = seller_(), make_fan(), make_fan()
        item = make_item(seller)
        unlock, file = buy(fan, item), item.files.get()
        picture = f"/library/{unlock.uid}/{file.uid}/640.webp"
        shown = sign_in_as(fan).get(picture)
        assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
        assert {"private", "no-store"} <= set(shown["Cache-Control"].split(", "))
        secret = shown.content
        other = make_item(seller)
        mine = buy(stranger, other)
        for browser in (sign_in_as(stranger), Client(), sign_in_as(seller_())):
            for path in (
                picture,
                f"/library/{mine.uid}/{file.uid}/640.webp",  # by way of what they did buy
                f"/library/{unlock.uid}/",
                f"/shop/items/{item.uid}/pictures/{file.uid}.webp",
                f"/shop/items/{item.uid}/edit/",
                f"/media/shop/{item.uid}/{file.file_key}.webp",
            ):
                answer = browser.get(path)
                assert answer.status_code in ((302, 404) if not browser.cookies else (404,)), path
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                assert secret[:64] not in body
        for person in (stranger, seller):
            answer = Client(headers=bearer(person)).get(f"{API}/library/{unlock.uid}")
            assert answer.status_code == 404

    def test_only_the_widths_that_are_made_are_to_be_had(self):
        fan, item = make_fan(), make_item(seller_())
        unlock, browser = buy(fan, item), sign_in_as(fan)
        file = item.files.get()
        assert browser.get(f"/library/{unlock.uid}/{file.uid}/639.webp").status_code == 404
        unlocks.refund_unlock(user=item.seller, uid=unlock.uid)
        assert browser.get(f"/library/{unlock.uid}/{file.uid}/640.webp").status_code == 404

    def test_a_signed_address_works_for_its_buyer_for_minutes(self, monkeypatch):
        fan, item = make_fan(), make_item(seller_())
        unlock = buy(fan, item)
        [picture] = Client(headers=bearer(fan)).get(f"{API}/library/{unlock.uid}").json()["pictures"]
        url = picture["files"][0]["url"]
        assert Client().get(url).status_code == 200
        for broken in (
            url.replace("/640.webp", "/641.webp"),
            url.replace(str(fan.uid), str(item.seller.uid)),
            url[:-1] + ("A" if url[-1] != "A" else "B"),
            url.split("signature=")[0] + "signature=",
        ):
            assert Client().get(broken).status_code == 404, broken
        unlocks.refund_unlock(user=item.seller, uid=unlock.uid)
        assert Client().get(url).status_code == 404

    def test_signed_addresses_end(self, monkeypatch):
        from payments.shop import links

        fan, item = make_fan(), make_item(seller_())
        unlock = buy(fan, item)
        [picture] = Client(headers=bearer(fan)).get(f"{API}/library/{unlock.uid}").json()["pictures"]
        now = links.time.time()
        monkeypatch.setattr(links.time, "time", lambda: now + 301)
        assert Client().get(picture["url"]).status_code == 404


class TestRenderings:
    def test_each_buyer_has_copies_of_their_own_rendered_once(self, media):
        item = make_item(seller_())
        file = ShopFile.objects.select_related("item").get()
        first, second = buy(make_fan(), item), buy(make_fan(), item)
        copies = [renderings.read_bought(unlock=one, file=file, width=640) for one in (first, second, first)]
        assert copies[0] == copies[2] != copies[1]
        assert len(files_of(media / "private")) == 3  # the master and a copy each
        assert renderings.render_unlock(pk=first.pk) == 0
        renderings.forget_renderings(pk=first.pk)
        assert len(files_of(media / "private")) == 2
        assert renderings.render_unlock(pk=first.pk) == 1
        assert renderings.read_bought(unlock=first, file=file, width=640) == copies[0]

    def test_the_handle_names_the_buyer_in_letters_that_we_have(self):
        fay, arabic = make_fan(name="Fay"), make_fan(name="\u0641\u0627\u064a")
        assert renderings.handle_of(user=fay) == f"Fay · {fay.uid.hex[-8:]}"
        assert renderings.handle_of(user=arabic) == arabic.uid.hex[-8:]


def test_the_library_and_the_sales_take_as_many_questions_for_many_rows(django_assert_max_num_queries):
    seller, fan = seller_(), make_fan(credits_centi=1_000_000)
    fan_browser, seller_browser = sign_in_as(fan), sign_in_as(seller)
    counts = {}
    for n in (2, 4):
        while Unlock.objects.count() < n:
            buy(fan, make_item(seller))
        for browser, path in (
            (fan_browser, "/library/"),
            (seller_browser, "/shop/"),
            (seller_browser, "/shop/sales/"),
            (fan_browser, f"/creators/{seller.uid}/shop/"),
        ):
            with django_assert_max_num_queries(40) as asked:
                assert browser.get(path).status_code == 200
            counts.setdefault(path, []).append(len(asked.captured_queries))
    assert all(few == many for few, many in counts.values()), counts

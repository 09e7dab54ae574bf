"""Races in the shop, each with a control that shows the race when the guard is off."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import transaction

from credits import invariants
from credits import selectors as ledger
from credits.services import unlocks as money
from pairly.common.problems import NotFound, Problem
from payments.models import ShopItem, Unlock
from payments.shop import selectors
from payments.shop.errors import PicturesFixed, PriceChanged
from payments.shop.services import items, unlocks
from payments.tests.selling import PRICE_CENTI, balance_of, buy, draw, encoded, make_fan, make_item, make_seller
from users.tests.helpers import at_once

RACERS = 30


@pytest.fixture(autouse=True)
def world(committed_db, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}
    monkeypatch.setattr(unlocks, "UNLOCKS_PER_MINUTE", 1_000)


def race(jobs):
    """Run all `jobs` in threads that start together; what each returned, or the problem it raised."""

    def run(number):
        try:
            return jobs[number]()
        except Problem as problem:
            return problem

    return at_once(len(jobs), run)


def assert_books_balance():
    assert [finding for finding in invariants.check_all() if not finding.is_ok] == []


@pytest.mark.parametrize("same_key", [True, False], ids=["one key", "a key each"])
def test_of_30_parallel_purchases_of_one_thing_one_is_charged(same_key):
    fan, item, key = make_fan(), make_item(make_seller()), uuid.uuid4()
    found = race([lambda: buy(fan, item, key=key if same_key else None)] * RACERS)
    assert len({unlock.pk for unlock in found}) == Unlock.objects.count() == 1
    assert balance_of(fan) == 100_000 - PRICE_CENTI
    assert ledger.get_earnings(user_id=item.seller_id).earned_centi == 8_000
    assert_books_balance()


def test_control_without_the_constraint_a_thing_is_charged_more_than_once():
    """The same race, asking first and writing then, with a new operation each."""
    fan, item = make_fan(credits_centi=10_000_000), make_item(make_seller())
    asked = threading.Barrier(8, timeout=30)

    def unguarded():
        with transaction.atomic():
            is_owned = selectors.find_bought(user=fan, item=item) is not None
            asked.wait()  # the moment that an unlucky schedule gives
            if is_owned:
                return False
            money.unlock(
                op_id=uuid.uuid4(), user_id=fan.pk, payee_id=item.seller_id, item=item.pk,
                unlock=uuid.uuid4().int >> 66, amount_centi=PRICE_CENTI, at=item.created_at,
            )  # fmt: skip
            return True

    assert sum(race([unguarded] * 8)) > 1


def test_a_price_that_changes_meanwhile_is_never_paid_without_consent():
    """Every purchase is at the price that its buyer agreed to and that was in force."""
    seller = make_seller()
    item = make_item(seller)
    fans = [make_fan() for _ in range(RACERS)]
    jobs = [lambda fan=fan: buy(fan, item, price_centi=PRICE_CENTI) for fan in fans]
    jobs.insert(RACERS // 2, lambda: items.change_item(user=seller, uid=item.uid, price_centi=50_000))
    found = race(jobs)
    refused = [one for one in found if isinstance(one, Problem)]
    assert all(isinstance(one, PriceChanged) and one.extra == {"price_centi": 50_000} for one in refused)
    assert len(refused) + Unlock.objects.count() == RACERS
    assert {unlock.price_centi for unlock in Unlock.objects.all()} <= {PRICE_CENTI}
    assert_books_balance()


def test_what_is_removed_or_changed_while_it_is_bought_is_whole_for_its_buyers():
    seller = make_seller()
    for _ in range(4):
        item = make_item(seller, n_pictures=2)
        victim = item.files.first()
        fans = [make_fan() for _ in range(4)]
        jobs = [lambda fan=fan, item=item: buy(fan, item) for fan in fans]
        jobs.append(lambda item=item, victim=victim: items.remove_picture(
            user=seller, item_uid=item.uid, uid=victim.uid))  # fmt: skip
        jobs.append(lambda item=item: items.remove_item(user=seller, uid=item.uid))
        found = race(jobs)
        for problem in (one for one in found if isinstance(one, Problem)):
            assert isinstance(problem, NotFound | PicturesFixed), problem
        kept = ShopItem.objects.filter(pk=item.pk).first()
        assert (kept is not None) is Unlock.objects.filter(item_id=item.pk).exists()
        for unlock in Unlock.objects.filter(item_id=item.pk):
            assert selectors.get_bought(user=unlock.buyer, uid=unlock.uid).item.files.count() in (1, 2)
    assert_books_balance()


def test_a_refund_that_is_asked_for_30_times_at_once_goes_back_once():
    seller, fan = make_seller(), make_fan()
    item = make_item(seller)
    unlock = buy(fan, item)
    found = race([lambda: unlocks.refund_unlock(user=seller, uid=unlock.uid)] * RACERS)
    assert all(one.is_refunded for one in found)
    assert balance_of(fan) == 100_000
    assert_books_balance()


def test_pictures_that_arrive_at_once_are_ten_at_most(monkeypatch):
    seller = make_seller()
    item = make_item(seller, n_pictures=1, on_sale=False)
    monkeypatch.setattr(items, "PICTURES_MAX", 3)
    data = encoded(draw(5, (80, 80)))
    race([lambda: items.add_picture(user=seller, uid=item.uid, data=data)] * 6)
    assert sorted(item.files.values_list("position", flat=True)) == [0, 1, 2]

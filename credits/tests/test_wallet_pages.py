"""What people see of their money: wallet, purchases, earnings."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credits import earnings_selectors, lot_selectors
from credits.services import money_back, payouts, purchases, roll_up, unlocks
from credits.tests.test_statements import buy, call, hold, reply
from pairly.common.ids import uuid7
from pairly.testing.people import make_user, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    return make_user("fan"), make_user("creator")


def lots_of(user):
    roll_up.allocate_lots()
    return lot_selectors.list_lots(user_id=user.pk, limit=10)


def figures(page):
    return {name: text.strip() for name, text in re.findall(r'data-figure="([\w-]+)">([^<]*)<', page)}


def test_a_purchase_says_what_is_left_and_what_it_went_to(pair):
    fan, creator = pair
    now = timezone.now()
    buy(fan, now, credits_centi=50_000)
    hold(fan, creator, 1, now, amount=9_000)
    hold(fan, creator, 2, now, amount=4_000, days=-1)  # overdue: it goes back
    unlocks.unlock(op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=3, unlock=1, amount_centi=2_500, at=now)
    call("SELECT count(*) FROM credits_void_overdue(now(), 10)")
    (row,) = lots_of(fan)
    assert (row.remaining_centi, row.uses, row.state) == (38_500, {"messages": 9_000, "shop": 2_500}, "kept")
    assert row.amount_centi == row.remaining_centi + sum(row.uses.values())
    page = sign_in_as(fan).get("/wallet/lots/").content.decode()
    for text in ("500 credits", "USD 5.00", "385 left", "Messages 90", "Shop 25"):
        assert text in page


def test_a_purchase_knows_refunds_and_disputes_of_its_payment(pair):
    fan, creator = pair
    now = timezone.now()
    part, whole, disputed, won = (buy(fan, now, credits_centi=10_000, minor=100) for _ in range(4))

    def take(payment, kind, minor):
        op_id = uuid7()
        money_back.take_back(user_id=fan.pk, op_id=op_id, payment_uid=payment, kind=kind, amount_minor=minor, at=now)
        return op_id

    take(part, "refund", 40)
    take(whole, "refund", 100)
    hold(fan, creator, 1, now, amount=10_000)
    taken = take(won, "dispute", 100)
    money_back.reinstate(user_id=fan.pk, op_id=uuid7(), taken_op=taken, at=now)
    take(disputed, "dispute", 100)
    rows = {row.payment: row for row in lots_of(fan)}
    assert [rows[uid].state for uid in (part, whole, disputed, won)] == [
        "part_refunded", "refunded", "disputed", "came_back",
    ]  # fmt: skip
    assert [rows[uid].returned_minor for uid in (part, whole, disputed, won)] == [40, 100, 100, 0]
    page = sign_in_as(fan).get("/wallet/lots/").content.decode()
    for badge in ("Refunded in part", "Disputed", "Dispute over, credits back", "Money back:"):
        assert badge in page


def test_the_list_of_purchases_goes_on_and_costs_three_queries(pair, django_assert_num_queries):
    fan, _creator = pair
    for _ in range(4):
        buy(fan, timezone.now())
    with django_assert_num_queries(3):
        rows = lot_selectors.list_lots(user_id=fan.pk, limit=2)
    with django_assert_num_queries(3):
        more = lot_selectors.list_lots(user_id=fan.pk, before_id=rows[-1].id, limit=4)
    assert [row.id for row in [*rows, *more]] == sorted((row.id for row in [*rows, *more]), reverse=True)
    assert (len(rows), len(more)) == (2, 2)


def test_the_wallet_shows_what_is_given_held_and_owed_and_what_to_do(pair):
    fan, creator = pair
    now = timezone.now()
    payment = buy(fan, now, credits_centi=10_000, minor=100)
    purchases.grant_promo(user_id=fan.pk, op_id=uuid7(), credits_centi=3_000)
    hold(fan, creator, 1, now, amount=1_000)
    page = sign_in_as(fan).get("/wallet/").content.decode()
    assert figures(page) == {"promo": "20", "held": "10"}
    assert "You owe" not in page
    hold(fan, creator, 2, now, amount=12_000)
    reply(creator, 2, now)
    money_back.take_back(user_id=fan.pk, op_id=uuid7(), payment_uid=payment, kind="dispute", amount_minor=100, at=now)
    page = sign_in_as(fan).get("/wallet/").content.decode()
    assert figures(page)["owed"] == "100"
    assert "You owe 100 credits" in page
    assert page.count('href="/credits/buy/"') >= 3


def test_the_wallet_leads_to_all_about_money(pair):
    fan, creator = pair
    links = {"/wallet/statement/", "/wallet/lots/", "/credits/payments/"}
    for user, more in ((fan, set()), (creator, {"/earnings/"})):
        page = sign_in_as(user).get("/wallet/").content.decode()
        found = set(re.findall(r'card-link line-title" href="([^"]+)"', page))
        assert found >= links | more
        assert ("/earnings/" in found) == user.is_creator


def test_the_wallet_is_the_same_number_of_queries_for_twice_the_movements(pair):
    counts = []
    for n in (3, 6):
        fan = make_user("fan")
        buy(fan, timezone.now())
        for position in range(n):
            hold(fan, pair[1], fan.pk * 100 + position, timezone.now())
        client = sign_in_as(fan)
        with CaptureQueriesContext(connection) as queries:
            client.get("/wallet/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# -- earnings -------------------------------------------------------------------------------------------------


def test_earnings_mature_on_their_days(pair):
    fan, creator = pair
    now = datetime(2026, 6, 10, 12, tzinfo=UTC)
    buy(fan, now)
    for position, days in ((1, 0), (2, 0), (3, 2)):
        hold(fan, creator, position, now + timedelta(days=days), amount=1_000)
        reply(creator, position, now + timedelta(days=days, hours=1))
    days = earnings_selectors.list_maturing(user_id=creator.pk, at=now)
    assert [(day.day.day, day.amount_centi) for day in days] == [(24, 1_600), (26, 800)]
    later = earnings_selectors.list_maturing(user_id=creator.pk, at=now + timedelta(days=15))
    assert [day.amount_centi for day in later] == [800]


def test_the_page_of_earnings_adds_up(pair):
    fan, creator = pair
    now = timezone.now()
    buy(fan, now - timedelta(days=30))
    hold(fan, creator, 1, now - timedelta(days=20), amount=2_000)
    reply(creator, 1, now - timedelta(days=20) + timedelta(minutes=90))
    hold(fan, creator, 2, now - timedelta(days=1), amount=1_000)
    reply(creator, 2, now)
    hold(fan, creator, 3, now, amount=500)
    payouts.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=600, at=now)
    client = sign_in_as(creator)
    page = client.get("/earnings/").content.decode()
    assert figures(page) == {"ready": "10", "maturing": "8", "set-aside": "6"}
    assert "1 h 30 min" in page
    assert "Of 100 credits that somebody pays you get 80: our fee is 20 %" in page
    answer = client.get("/api/v1/earnings").json()
    assert (answer["withdrawable_centi"], answer["maturing_centi"], answer["set_aside_centi"]) == (1_000, 800, 600)
    assert [day["amount_centi"] for day in answer["maturing"]] == [800]


def test_what_a_shop_sold_is_earned_and_no_answer(pair):
    fan, creator = pair
    now = timezone.now()
    buy(fan, now)
    unlocks.unlock(op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=3, unlock=1, amount_centi=1_000, at=now)
    page = sign_in_as(creator).get("/earnings/").content.decode()
    assert figures(page)["maturing"] == "8"
    assert "Nobody has paid to write to you" in page


def test_who_cannot_earn_finds_no_page_of_earnings(pair):
    assert sign_in_as(pair[0]).get("/earnings/").status_code == 404
    assert Client().get("/earnings/").status_code == 302


def test_the_page_of_earnings_is_the_same_number_of_queries_for_twice_the_messages(pair):
    counts = []
    for n in (3, 6):
        fan, creator = make_user("fan"), make_user("creator")
        buy(fan, timezone.now())
        for position in range(n):
            at = timezone.now() - timedelta(days=position)
            call(
                "SELECT code FROM credits_hold(%s, %s, %s, %s, %s, 500, 2000, %s, %s)",
                uuid7(), fan.pk, creator.pk, creator.pk, position, at, at + timedelta(days=3),
            )  # fmt: skip
            call(
                "SELECT credits_post_holds(%s, %s, %s, %s, %s, 7, 14, 90)",
                uuid7(),
                creator.pk,
                creator.pk,
                position,
                at,
            )
        client = sign_in_as(creator)
        with CaptureQueriesContext(connection) as queries:
            client.get("/earnings/")
        counts.append(len(queries))
    assert counts[0] == counts[1]

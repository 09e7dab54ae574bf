from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from credits import invariants, selectors
from credits.services import accounts, deadlines, purchases, roll_up
from pairly.common.ids import uuid7
from pairly.testing.people import make_user

pytestmark = pytest.mark.django_db


def call(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def hold(fan, creator, amount, position=1, scope=1, hours=72):
    at = timezone.now()
    return call(
        "SELECT code, hold_id, balance FROM credits_hold(%s, %s, %s, %s, %s, %s, 2000, %s, %s)",
        uuid7(), fan.pk, creator.pk, scope, position, amount, at, at + timedelta(hours=hours),
    )  # fmt: skip


def buy(fan, amount, minor=500):
    return purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=amount, currency="USD", amount_minor=minor, payment_uid=uuid7()
    )


def test_a_purchase_a_hold_and_a_reply_move_the_credits_and_every_invariant_holds():
    fan, creator = make_user("fan"), make_user("creator")
    assert buy(fan, 50_000).balance_centi == 50_000
    code, _, balance = hold(fan, creator, 9_999)
    assert (code, balance) == ("", 40_001)
    assert selectors.get_balance(user_id=fan.pk).held_centi == 9_999
    n, earned, promo = call(
        "SELECT n_holds, earned, promo_earned FROM credits_post_holds(%s, %s, 1, 1, %s, 7, 14, 90)",
        uuid7(), creator.pk, timezone.now(),
    )  # fmt: skip
    assert (n, earned, promo) == (1, 8_000, 0)  # the fee of 1,999.8 is rounded down
    earnings = selectors.get_earnings(user_id=creator.pk)
    assert (earnings.earned_centi, earnings.withdrawable_centi) == (8_000, 0)
    assert roll_up.allocate_lots() == 2
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []


def test_a_missed_deadline_gives_everything_back_and_restores_the_lot():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 10_000)
    assert hold(fan, creator, 6_000, hours=1)[0] == ""
    roll_up.allocate_lots()
    later = timezone.now() + timedelta(hours=2)
    assert [v.amount_centi for v in deadlines.void_overdue(at=later)] == [6_000]
    assert deadlines.void_overdue(at=later) == []
    roll_up.allocate_lots()
    assert selectors.get_balance(user_id=fan.pk).balance_centi == 10_000
    assert selectors.list_lots(user_id=fan.pk).get().remaining == 10_000
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []


def test_promo_credits_are_spent_first_and_earn_nothing_withdrawable():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 10_000)
    purchases.grant_promo(user_id=fan.pk, op_id=uuid7(), credits_centi=4_000)
    assert hold(fan, creator, 6_000)[::2] == ("", 8_000)
    assert selectors.get_balance(user_id=fan.pk).promo_centi == 0
    row = call(
        "SELECT n_holds, earned, promo_earned FROM credits_post_holds(%s, %s, 1, 1, %s, 7, 14, 90)",
        uuid7(), creator.pk, timezone.now(),
    )  # fmt: skip
    assert row == (1, 1_600, 3_200)
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []


def test_short_funds_and_a_spending_cap_refuse_and_write_nothing():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 5_000)
    assert hold(fan, creator, 5_001) == ("insufficient_credits", None, 5_000)
    accounts.set_day_limit(user=fan, limit_centi=3_000)
    assert hold(fan, creator, 3_001)[0] == "spending_cap_reached"
    assert call("SELECT count(*) FROM credits_hold")[0] == 0


def test_the_same_purchase_twice_is_credited_once_and_another_amount_conflicts():
    fan = make_user("fan")
    op, payment = uuid7(), uuid7()
    arguments = {"user_id": fan.pk, "op_id": op, "credits_centi": 100, "currency": "USD", "payment_uid": payment}
    assert not purchases.record_purchase(amount_minor=5, **arguments).is_replay
    assert purchases.record_purchase(amount_minor=5, **arguments).is_replay
    with pytest.raises(Exception, match="idempotency_conflict"):
        purchases.record_purchase(amount_minor=6, **arguments)
    assert selectors.get_balance(user_id=fan.pk).balance_centi == 100


@pytest.mark.parametrize("table", ["account", "op", "transfer", "hold", "lot", "lot_use"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "SELECT 1 FROM {} FOR UPDATE"])
def test_the_application_role_cannot_write_the_ledger(table, statement):
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        call(statement.format(f"credits_{table}"))


def test_a_roll_up_folds_each_transfer_once():
    fan = make_user("fan")
    buy(fan, 10_000)
    roll_up.roll_up()
    roll_up.roll_up()
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []


def test_a_planted_difference_is_found_and_can_not_be_committed():
    call("SELECT credits_plant_difference()")
    bad = {f.name for f in invariants.check_in_transaction() if not f.is_ok}
    assert {"I1", "I2"} <= bad
    with pytest.raises(DatabaseError, match="rolled back"):
        call("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("settled_by", ["reply", "void"])
def test_a_settled_hold_cannot_be_voided(settled_by):
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 10_000)
    hold_id = hold(fan, creator, 6_000)[1]
    now = timezone.now()
    if settled_by == "reply":
        call("SELECT n_holds FROM credits_post_holds(%s, %s, 1, 1, %s, 7, 14, 90)", uuid7(), creator.pk, now)
    else:
        assert call("SELECT credits_void_hold(%s, %s)", hold_id, now) == (True,)
    before = (selectors.get_balance(user_id=fan.pk), selectors.get_earnings(user_id=creator.pk))
    assert call("SELECT credits_void_hold(%s, %s)", hold_id, now) == (False,)
    assert (selectors.get_balance(user_id=fan.pk), selectors.get_earnings(user_id=creator.pk)) == before
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []

"""Every movement carries the time of the operation that made it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from credits import invariants
from credits.models import Hold, Lot, Op, Transfer
from credits.services import deadlines, purchases, roll_up
from pairly.common.ids import uuid7
from pairly.testing.people import make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
BEGIN = datetime(2025, 3, 1, 12, 30, 15, 123_000, tzinfo=UTC)


def call(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def dates(code):
    return set(Transfer.objects.filter(code=code).values_list("created_at", flat=True))


@pytest.mark.parametrize("promo", [0, 2_000, 8_000])
def test_each_movement_has_its_own_time(promo):
    fan, creator = make_user("fan"), make_user("creator")
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=50_000, currency="USD", amount_minor=500, payment_uid=uuid7(),
        at=BEGIN,
    )  # fmt: skip
    if promo:
        purchases.grant_promo(user_id=fan.pk, op_id=uuid7(), credits_centi=promo, at=BEGIN + DAY)
        assert dates("promo") == {BEGIN + DAY}
    sql = (
        "SELECT code, hold_id, balance FROM credits_hold(%s, %s, %s, 1, %s, 5000, 2000, %s, %s)",
        "SELECT n_holds FROM credits_post_holds(%s, %s, 1, 1, %s, 7, 14, 90)",
    )
    for position, day in ((1, 2), (2, 3)):
        at = BEGIN + day * DAY
        assert call(sql[0], uuid7(), fan.pk, creator.pk, position, at, at + 3 * DAY)[0] == ""
    assert call(sql[1], uuid7(), creator.pk, BEGIN + 4 * DAY) == (1,)
    assert len(deadlines.void_overdue(at=BEGIN + 6 * DAY)) == 1
    assert dates("purchase") == {BEGIN}
    assert dates("hold") == {BEGIN + 2 * DAY, BEGIN + 3 * DAY}
    assert dates("earn") == dates("fee") == {BEGIN + 4 * DAY}
    assert dates("void") == {BEGIN + 6 * DAY}
    assert Lot.objects.get().created_at == BEGIN
    assert Op.objects.get(kind="purchase").created_at == BEGIN
    assert {row.settled_at for row in Hold.objects.all()} == {BEGIN + 4 * DAY, BEGIN + 6 * DAY}
    roll_up.allocate_lots()
    assert [f for f in invariants.check_in_transaction(at=BEGIN + 4 * DAY) if not f.is_ok] == []


def test_without_a_time_it_is_now_also_for_callers_from_before():
    fan, before = make_user("fan"), timezone.now() - timedelta(minutes=5)
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=100, currency="USD", amount_minor=5, payment_uid=uuid7()
    )
    purchases.grant_promo(user_id=fan.pk, op_id=uuid7(), credits_centi=100)
    old = "SELECT code FROM credits_purchase(%s, %s, sha256(%s), 100, 'USD', 5, %s)"
    assert call(old, fan.pk, uuid7(), b"x", uuid7()) == ("",)
    assert call("SELECT code FROM credits_grant_promo(%s, %s, sha256(%s), 100)", fan.pk, uuid7(), b"x") == ("",)
    assert all(before < row.created_at <= timezone.now() for row in Transfer.objects.all())
    assert Transfer.objects.count() == 6

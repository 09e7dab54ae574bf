"""What became of held credits, week by week."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from credits import selectors
from credits.services import deadlines, purchases
from pairly.common.ids import uuid7
from pairly.testing.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    fan, creator = make_user("fan"), make_user("creator")
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=90_000, currency="USD", amount_minor=900, payment_uid=uuid7()
    )
    return fan, creator


def monday():
    today = timezone.now().date()
    return today - timedelta(days=today.weekday())


def at(weeks_ago, hours=1):
    return datetime.combine(monday() - timedelta(weeks=weeks_ago), time(hours), tzinfo=UTC)


def hold(fan, creator, position, when, days=3):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM credits_hold(%s, %s, %s, 1, %s, 5000, 2000, %s, %s)",
            [uuid7(), fan.pk, creator.pk, position, when, when + timedelta(days=days)],
        )
        assert cursor.fetchone() == ("",)


def test_each_hold_counts_in_the_week_it_began_by_what_became_of_it(pair):
    fan, creator = pair
    hold(fan, creator, 1, at(2))
    hold(fan, creator, 2, at(1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_holds FROM credits_post_holds(%s, %s, 1, 1, %s, 7, 14, 90)", [uuid7(), creator.pk, at(2, hours=5)]
        )
    deadlines.void_overdue(at=at(1) + timedelta(days=4))
    hold(fan, creator, 3, at(0), days=30)
    hold(fan, creator, 4, at(30), days=300)
    for user, is_payee in ((fan, False), (creator, True)):
        weeks = selectors.list_weeks_of_holds(user_id=user.pk, is_payee=is_payee, n_weeks=3)
        assert [week.start for week in weeks] == [monday() - timedelta(weeks=back) for back in (2, 1, 0)]
        rows = [(week.answered_centi, week.returned_centi, week.open_centi) for week in weeks]
        assert rows == [(5_000, 0, 0), (0, 5_000, 0), (0, 0, 5_000)]
    assert selectors.list_weeks_of_holds(user_id=fan.pk, is_payee=True, n_weeks=3)[2].open_centi == 0


def test_the_chart_costs_the_wallet_one_query(pair, django_assert_num_queries):
    fan, creator = pair
    with django_assert_num_queries(1):
        selectors.list_weeks_of_holds(user_id=fan.pk, is_payee=False)
    for position in range(1, 9):
        hold(fan, creator, position, at(position % 3))
    with django_assert_num_queries(1):
        selectors.list_weeks_of_holds(user_id=fan.pk, is_payee=False)

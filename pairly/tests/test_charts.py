"""Bars as rectangles: nothing overlaps, nothing leaves the drawing, heights are in proportion."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from credits.services import purchases
from pairly.common.charts import BarChart, Group, Series, nice_ceiling
from pairly.common.ids import uuid7
from pairly.testing.people import make_user
from profiles.tests.browsing import browser_of

SERIES = [Series(name="One", look="a"), Series(name="Two", look="b")]


def chart(*rows):
    return BarChart(
        title="A chart", series=SERIES, groups=[Group(label=str(n), values=row) for n, row in enumerate(rows)]
    )


@pytest.mark.parametrize(("value", "top"), [(0, 10), (10, 10), (11, 20), (41, 50), (51, 80), (81, 100), (4_001, 5_000)])
def test_the_scale_ends_at_a_round_number(value, top):
    assert nice_ceiling(value) == top


def test_a_bar_is_as_high_as_its_share_of_the_scale():
    drawn = chart((30, 10), (0, 20))
    assert drawn.ticks == [40, 20, 0]
    assert [(rect.look, rect.y, rect.height) for rect in drawn.rects] == [
        ("a", "25", "75"), ("b", "0", "25"), ("b", "50", "50"),
    ]  # fmt: skip
    assert chart((0, 0)).is_empty
    assert not drawn.is_empty


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=60))
def test_no_bar_leaves_the_drawing_or_meets_its_neighbour(rows):
    drawn = chart(*rows)
    end_of = {}
    for rect in drawn.rects:
        x, y, width, height = (float(one) for one in (rect.x, rect.y, rect.width, rect.height))
        assert x >= 0
        assert x + width <= 100
        assert y >= -0.01
        assert y + height <= 100.02
        end_of[x] = x + width
    places = sorted(end_of.items())
    assert all(end <= start for (_, end), (start, _) in pairwise(places))


@pytest.mark.django_db
def test_the_wallet_draws_held_credits_and_says_the_same_as_a_table():
    fan, creator, now = make_user("fan"), make_user("creator"), timezone.now()
    assert b"<figure" not in browser_of(fan).get("/wallet/").content
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=9_000, currency="USD", amount_minor=90, payment_uid=uuid7()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM credits_hold(%s, %s, %s, 1, 1, 5000, 2000, %s, %s)",
            [uuid7(), fan.pk, creator.pk, now, now + timedelta(days=3)],
        )
    for user in (fan, creator):
        page = browser_of(user).get("/wallet/").content.decode()
        assert page.count("<rect") == 1
        assert '<td class="number">50</td>' in page

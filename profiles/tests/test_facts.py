"""How creators answer: from escrow rows only, and from those that say something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from credits.services import deadlines, purchases
from pairly.common.ids import uuid7
from pairly.testing.people import make_user, sign_in_as
from profiles import selectors
from profiles.models import Listing, ResponseFacts
from profiles.services import facts
from security.models import KnownDevice
from users.models import Block, Restriction

pytestmark = pytest.mark.django_db

NOW = timezone.now()


class Held:
    """Held credits of one fan for one creator, settled as told."""

    def __init__(self, creator=None):
        self.creator = creator or make_user("creator", price_centi=5_000)
        self.fan = make_user("fan")
        self.position = 0
        self.scope = self.fan.pk
        purchases.record_purchase(
            user_id=self.fan.pk, op_id=uuid7(), credits_centi=2_000_000, currency="USD", amount_minor=20_000,
            payment_uid=uuid7(),
        )  # fmt: skip

    def hold(self, when):
        self.position += 1
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT code FROM credits_hold(%s, %s, %s, %s, %s, 5000, 2000, %s, %s)",
                [uuid7(), self.fan.pk, self.creator.pk, self.scope, self.position, when, when + timedelta(days=3)],
            )
            assert cursor.fetchone() == ("",)

    def answered(self, n=1, *, after=timedelta(hours=2), when=NOW - timedelta(days=10)):
        for _ in range(n):
            self.hold(when)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT n_holds FROM credits_post_holds(%s, %s, %s, %s, %s, 7, 14, 90)",
                    [uuid7(), self.creator.pk, self.scope, self.position, when + after],
                )
        return self

    def ignored(self, n=1, *, when=NOW - timedelta(days=10)):
        for _ in range(n):
            self.hold(when)
        deadlines.void_overdue(at=when + timedelta(days=4))
        return self

    def open(self, n=1):
        for _ in range(n):
            self.hold(NOW)
        return self


def shown(creator):
    facts.count_facts()
    return selectors.get_profile(user=None, uid=creator.uid).shown_facts


def test_answers_refunds_and_the_usual_time_are_counted_from_settled_holds():
    held = Held().answered(8, after=timedelta(minutes=30)).answered(4, after=timedelta(hours=5)).ignored(3).open(7)
    found = shown(held.creator)
    assert (found.n_paid_at_least, found.answered_percent, found.refunded_percent) == (10, 80, 20)
    assert found.median_reply_s == 3600  # half an hour, told as within an hour


def test_nine_paid_messages_are_too_few_and_ten_are_enough():
    held = Held().answered(9)
    assert shown(held.creator) is None
    assert Listing.objects.get(user_id=held.creator.pk).answered_permille == 0
    held.answered(1)
    assert shown(held.creator).answered_percent == 100
    assert Listing.objects.get(user_id=held.creator.pk).answered_permille > 700


def test_shares_are_never_better_than_the_truth():
    held = Held().answered(199).ignored(1)
    found = shown(held.creator)
    assert (found.answered_percent, found.refunded_percent) == (99, 1)


def test_what_is_older_than_the_window_does_not_count():
    held = Held().answered(20, when=NOW - timedelta(days=91))
    assert shown(held.creator) is None


def test_messages_for_free_credits_do_not_count():
    creator = make_user("creator", price_centi=5_000)
    held = Held(creator)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM credits_grant_promo(%s::bigint, %s, %s, 16_000::bigint)", [held.fan.pk, uuid7(), b"1" * 32]
        )
    held.answered(12)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FILTER (WHERE paid = 0), count(*) FROM credits_hold")
        n_free, n_all = cursor.fetchone()
    assert n_all == 12
    assert n_free == 3  # promo credits are spent first
    facts.count_facts()
    counted = ResponseFacts.objects.filter(profile__user=creator).values_list("n_paid", flat=True).get()
    assert counted == 9


@pytest.mark.parametrize("direction", ["creator blocks", "fan blocks"])
def test_messages_of_someone_blocked_do_not_count(direction):
    held = Held().answered(12)
    assert shown(held.creator).n_paid_at_least == 10
    pair = (held.creator, held.fan) if direction == "creator blocks" else (held.fan, held.creator)
    Block.objects.create(blocker=pair[0], blocked=pair[1])
    assert shown(held.creator) is None
    assert not ResponseFacts.objects.exists()
    assert Listing.objects.get(user_id=held.creator.pk).answered_permille == 0


def test_tests_by_staff_do_not_count():
    held = Held().answered(12)
    held.fan.is_staff = True
    held.fan.save()
    assert shown(held.creator) is None


def test_messages_of_someone_suspended_do_not_count():
    held = Held().answered(12)
    Restriction.objects.create(user=held.fan, kind="suspension")
    assert shown(held.creator) is None


def test_messages_from_a_device_that_the_creator_uses_do_not_count():
    held = Held().answered(12)
    other = Held(held.creator).answered(10)
    for user in (held.creator, held.fan):
        KnownDevice.objects.create(user_uid=user.uid, fingerprint_sha256=b"1" * 32)
    KnownDevice.objects.create(user_uid=other.fan.uid, fingerprint_sha256=b"2" * 32)
    assert shown(held.creator).n_paid_at_least == 10
    assert ResponseFacts.objects.get().n_paid == 10


def test_counting_again_writes_the_same_and_touches_no_listing(django_assert_max_num_queries):
    held = Held().answered(12)
    first = shown(held.creator)
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM profiles_listing WHERE user_id = %s", [held.creator.pk])
        before = cursor.fetchone()
    assert shown(held.creator) == first
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM profiles_listing WHERE user_id = %s", [held.creator.pk])
        assert cursor.fetchone() == before


def test_counting_takes_the_same_number_of_queries_for_twice_the_creators(django_assert_num_queries):
    for _ in range(2):
        Held().answered(12)
    facts.count_facts()
    with django_assert_num_queries(8):
        facts.count_facts()
    for _ in range(2):
        Held().answered(12)
    facts.count_facts()
    with django_assert_num_queries(8):
        facts.count_facts()


def test_a_page_and_the_api_tell_them():
    held = Held().answered(12, after=timedelta(hours=5)).ignored(3)
    facts.count_facts()
    client = sign_in_as(held.fan)
    text = client.get(f"/creators/{held.creator.uid}/").content.decode()
    assert "80 %" in text
    assert "within 5 hours" in text
    document = client.get(f"/api/v1/profiles/{held.creator.uid}").json()
    assert document["response_facts"] == {
        "n_paid_at_least": 10, "answered_percent": 80, "refunded_percent": 20, "median_reply_s": 5 * 3600,
    }  # fmt: skip


@given(st.integers(10, 5_000), st.data())
def test_likelihood_grows_with_answers_and_with_how_many_there_are(n_paid, data):
    n = data.draw(st.integers(0, n_paid))
    likely = facts.likely_permille(n_paid=n_paid, n_answered=n)
    assert 0 <= likely <= 1000 * n // n_paid + 1
    assert facts.likely_permille(n_paid=10 * n_paid, n_answered=10 * n) >= likely
    if n < n_paid:
        assert facts.likely_permille(n_paid=n_paid, n_answered=n + 1) >= likely

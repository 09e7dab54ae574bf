"""What people let themselves spend: lower at once, higher after a day, nothing during a cool-off."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from credits import caps_selectors
from credits.constants import CAP_RAISE_WAIT
from credits.errors import CoolingOff, SpendingCapReached
from credits.services import caps, purchases, unlocks
from credits.tasks import refresh_caps
from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db
THURSDAY = datetime(2026, 1, 29, 12, tzinfo=UTC)  # the week goes over the end of the month
CEILING = 2_000_000
NOTHING = {"day_centi": None, "week_centi": None, "month_centi": None}


@pytest.fixture
def fan():
    fan = make_user("fan")
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=10_000_000, currency="USD", amount_minor=100_000,
        payment_uid=uuid7(),
    )  # fmt: skip
    return fan


@pytest.fixture
def creator():
    return make_user("creator")


POSITIONS = itertools.count(1)  # also for many threads


def hold(fan, creator, amount, at):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM credits_hold(%s, %s, %s, 1, %s, %s, 2000, %s, %s)",
            [uuid7(), fan.pk, creator.pk, next(POSITIONS), amount, at, at + timedelta(hours=24)],
        )
        return cursor.fetchone()[0]


def wanted(fan, at=THURSDAY, **limits):
    return caps.set_caps(user=fan, at=at, **{**NOTHING, **{f"{name}_centi": centi for name, centi in limits.items()}})


def state(fan, at=THURSDAY):
    return {cap.name: cap for cap in caps_selectors.get_caps(user_id=fan.pk, at=at).caps}


@pytest.mark.parametrize(
    ("cap", "still", "anew"),
    [
        ("day", THURSDAY.replace(hour=23, minute=59, second=59), datetime(2026, 1, 30, tzinfo=UTC)),
        ("week", datetime(2026, 2, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)),
        ("month", datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_cap_holds_until_its_window_ends_and_counts_what_was_held_before_it_was_set(fan, creator, cap, still, anew):
    assert hold(fan, creator, 4_000, THURSDAY) == ""
    wanted(fan, **{cap: 10_000})
    assert state(fan)[cap].used_centi == 4_000
    assert hold(fan, creator, 6_001, THURSDAY) == "spending_cap_reached"
    assert hold(fan, creator, 6_000, THURSDAY) == ""
    assert state(fan)[cap].left_centi == 0
    assert state(fan)[cap].resets_at == anew
    assert hold(fan, creator, 1, still) == "spending_cap_reached"
    assert caps_selectors.explain(user_id=fan.pk, code="spending_cap_reached", amount_centi=1, at=still) == {
        "cap": cap,
        "resets_at": anew.isoformat(),
    }
    assert hold(fan, creator, 10_000, anew) == ""
    # A message that is dated before the window's end and written after it begins counts with the new one.
    assert hold(fan, creator, 1, still) == "spending_cap_reached"


def test_of_two_caps_in_the_way_the_one_that_lasts_longer_is_named(fan, creator):
    wanted(fan, day=1_000, month=1_000)
    why = caps_selectors.explain(user_id=fan.pk, code="spending_cap_reached", amount_centi=1_001, at=THURSDAY)
    assert why["cap"] == "month"


def test_what_is_used_is_known_without_any_cap_too(fan, creator):
    hold(fan, creator, 4_000, THURSDAY - timedelta(days=4))  # the Sunday before
    hold(fan, creator, 3_000, THURSDAY - timedelta(days=1))
    hold(fan, creator, 2_000, THURSDAY)
    assert [cap.used_centi for cap in state(fan).values()] == [2_000, 5_000, 9_000]
    wanted(fan, week=5_000)
    assert [cap.used_centi for cap in state(fan).values()] == [2_000, 5_000, 9_000]
    assert hold(fan, creator, 1, THURSDAY) == "spending_cap_reached"


def test_lower_holds_at_once_and_higher_after_a_day(fan, creator):
    wanted(fan, day=5_000, week=50_000)
    found = wanted(fan, day=8_000, week=10_000).caps
    assert [(cap.own_centi, cap.raise_to_centi) for cap in found[:2]] == [(5_000, 8_000), (10_000, None)]
    assert found[0].raise_at == THURSDAY + CAP_RAISE_WAIT
    later = THURSDAY + timedelta(hours=1)
    wanted(fan, at=later, day=8_000, week=10_000)  # asked again: the date stays
    assert state(fan)["day"].raise_at == THURSDAY + CAP_RAISE_WAIT
    assert caps.refresh_due(at=THURSDAY + CAP_RAISE_WAIT - timedelta(seconds=1)) == 0
    assert state(fan)["day"].own_centi == 5_000
    assert [caps.refresh_due(at=THURSDAY + CAP_RAISE_WAIT) for _ in range(2)] == [1, 0]
    assert state(fan)["day"].own_centi == 8_000
    assert state(fan)["day"].raise_at is None


def test_to_lift_a_cap_is_a_raise_and_can_be_taken_back(fan):
    wanted(fan, day=5_000, month=9_000)
    wanted(fan, day=6_000)  # and no limit of a month any more
    assert state(fan)["month"].raise_at is not None
    caps.keep_cap(user=fan, name="month", at=THURSDAY)
    assert state(fan)["month"].raise_at is None
    assert state(fan)["day"].raise_at is not None
    assert caps.refresh_due(at=THURSDAY + CAP_RAISE_WAIT) == 1
    assert (state(fan)["day"].own_centi, state(fan)["month"].own_centi) == (6_000, 9_000)
    with pytest.raises(NotFound):
        caps.keep_cap(user=fan, name="year", at=THURSDAY)


def test_a_lower_cap_takes_a_raise_back_that_waits(fan):
    wanted(fan, day=5_000)
    wanted(fan, day=9_000)
    wanted(fan, day=4_000)
    assert (state(fan)["day"].own_centi, state(fan)["day"].raise_at) == (4_000, None)


def test_who_is_not_verified_stays_below_the_ceiling_whatever_they_choose(fan):
    assert state(fan)["day"].limit_centi == CEILING
    wanted(fan, day=CEILING + 1)
    assert (state(fan)["day"].own_centi, state(fan)["day"].limit_centi) == (CEILING + 1, CEILING)
    fan.email_verified_at, fan.verification_level = timezone.now(), 1
    fan.save()
    caps.refresh(user=fan, at=THURSDAY)
    assert state(fan)["day"].limit_centi == CEILING + 1


def test_a_cool_off_stops_messages_unlocks_and_checkouts_and_cannot_be_made_shorter(fan, creator):
    now = timezone.now()
    until = caps.cool_off(user=fan, length="week", at=now)
    assert until == now + timedelta(days=7)
    assert caps.cool_off(user=fan, length="day", at=now) == until
    assert hold(fan, creator, 1, now) == "cooling_off"
    with pytest.raises(CoolingOff) as refused:
        unlocks.unlock(op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=1, unlock=1, amount_centi=1, at=now)
    assert refused.value.extra["until"] == until.isoformat()
    with pytest.raises(CoolingOff):
        caps.require_not_cooling_off(user=fan, at=now)
    wanted(fan, at=now, day=1_000_000)  # changing the caps does not end it
    assert hold(fan, creator, 1, until - timedelta(seconds=1)) == "cooling_off"
    assert hold(fan, creator, 1, until) == ""
    caps.require_not_cooling_off(user=fan, at=until)
    caps.refresh_due(at=until)
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_guarded FROM credits_account WHERE owner = %s AND kind = 'fan:paid'", [fan.pk])
        assert cursor.fetchone() == (False,)


def test_an_unlock_says_which_cap_and_until_when(fan, creator):
    now = timezone.now()
    wanted(fan, at=now, week=100)
    with pytest.raises(SpendingCapReached) as refused:
        unlocks.unlock(op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=1, unlock=1, amount_centi=101, at=now)
    assert refused.value.extra["cap"] == "week"


@pytest.mark.parametrize("centi", [-1, 10**10])
def test_a_limit_out_of_range_is_refused_at_its_field(fan, centi):
    with pytest.raises(InvalidInput) as refused:
        wanted(fan, week=centi)
    assert [row["pointer"] for row in refused.value.errors] == ["/week_centi"]


def test_the_page_changes_limits_takes_back_a_raise_and_begins_a_cool_off(client, fan):
    fan.set_password(PASSWORD)
    fan.save()
    client.post(reverse("users:sign-in"), {"email": fan.email, "password": PASSWORD})
    page = reverse("credits:caps")
    assert client.post(page, {"day": "100", "week": "", "month": "3000"}).status_code == 302
    assert client.post(page, {"day": "200", "week": "", "month": "3000"}).status_code == 302
    found = client.get(page).content.decode()
    assert "0 of 100 credits" in found
    assert "200 credits from" in found
    client.post(reverse("credits:cap-keep"), {"cap": "day"})
    assert "200 credits from" not in client.get(page).content.decode()
    assert client.post(reverse("credits:cap-keep"), {"cap": "year"}).status_code == 404
    assert client.post(page, {"day": "-1"}).status_code == 422
    assert client.post(reverse("credits:cool-off"), {"length": "week"}).status_code == 422
    assert client.post(reverse("credits:cool-off"), {"length": "week", "is_sure": "on"}).status_code == 302
    assert "You spend nothing until" in client.get(page).content.decode()


def test_the_index_of_an_account_never_reads_what_a_send_writes():
    """One that did, in its predicate too, would make each send write all indexes of the table (no HOT update)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'credits_account'")
        found = [row[0] for row in cursor.fetchall()]
    written = {"balance", "version", "day", "day_held", "week", "week_held", "month", "month_held"}
    assert len(found) == 4
    for definition in found:
        words = set(definition.split(" USING ")[1].replace("(", " ").replace(")", " ").replace(",", " ").split())
        assert not words & written, definition


def test_the_job_counts_what_took_effect(fan):
    at = timezone.now() - timedelta(days=2)
    wanted(fan, at=at, day=1_000)
    wanted(fan, at=at, day=2_000)
    assert refresh_caps() == 1


def test_the_api_says_and_changes_the_same(client):
    fan = make_user("fan")
    fan.set_password(PASSWORD)
    fan.save()
    client.post(reverse("users:sign-in"), {"email": fan.email, "password": PASSWORD})
    url, kind = "/api/v1/credits/caps", {"content_type": "application/json"}
    assert [cap["limit_centi"] for cap in client.get(url).json()["caps"]] == [CEILING, None, None]
    body = {"day_centi": 5_000, "week_centi": None, "month_centi": 60_000}
    found = client.put(url, body, **kind).json()
    assert [cap["own_centi"] for cap in found["caps"]] == [5_000, None, 60_000]
    found = client.put(url, {**body, "day_centi": 7_000}, **kind).json()
    assert (found["caps"][0]["limit_centi"], found["caps"][0]["raise_to_centi"]) == (5_000, 7_000)
    assert client.put(url, {"day_centi": -1, "week_centi": None, "month_centi": None}, **kind).status_code == 422
    assert client.put(url, {"day_centi": 1}, **kind).status_code == 422
    assert client.post("/api/v1/credits/cool-off", {"length": "year"}, **kind).status_code == 422
    assert client.post("/api/v1/credits/cool-off", {"length": "day"}, **kind).json()["cool_off_until"]
    refused = client.post(
        "/api/v1/payments/checkout",
        {"package_id": "credits-500", "provider": "stripe", "currency": "USD"},
        headers={"Idempotency-Key": str(uuid7())},
        **kind,
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "cooling_off")

"""The platform's figures: counted at night, the same when counted again, empty where nobody knows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credits import figure_selectors as ledger
from credits.tests.test_statements import buy, hold, reply
from moderation import figure_selectors
from moderation.models import DailyFigures, DailyRevenue, Report, Sanction, WorkItem
from moderation.reports.services import submitting
from moderation.sanctions.services import imposing
from moderation.services import figures
from moderation.tasks import count_days
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments import figure_selectors as payments
from payments.models import MoneyBack, Payment
from users import figure_selectors as people
from users.models import Session, User

pytestmark = pytest.mark.django_db

PAGE, API = "/staff/analytics/", "/api/v1/admin/analytics"
DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 11, 0, 20, tzinfo=UTC)
START, END = NOON - timedelta(hours=12), NOON + timedelta(hours=12)


def pay(user: User, at: datetime, *, currency: str = "USD", minor: int = 500) -> Payment:
    return Payment.objects.create(
        user=user, request_id=uuid7(), provider="stripe", package="s", currency=currency, amount_minor=minor,
        credits_centi=minor, status="paid", paid_at=at, provider_payment_id=f"pi_{uuid7()}",
    )  # fmt: skip


def give_back(payment: Payment, kind: str, **fields: Any) -> MoneyBack:
    given = {"amount_minor": payment.amount_minor, "provider_object_id": f"re_{uuid7()}", **fields}
    return MoneyBack.objects.create(payment=payment, kind=kind, **given)


def joined(at: datetime, role: str = "fan") -> User:
    user = make_user(role)
    User.objects.filter(pk=user.pk).update(created_at=at)
    user.refresh_from_db()
    return user


def as_row(day: date) -> dict[str, Any]:
    row = DailyFigures.objects.filter(day=day).values().get()
    row.pop("counted_at")
    return row


# -- what each app counts
def test_revenue_is_by_currency_and_by_when_it_happened():
    fan, second = make_user(), timedelta(seconds=1)
    paid = [pay(fan, START), pay(fan, END - second, minor=900), pay(fan, NOON, currency="EUR", minor=700)]
    for at in (START - second, END):
        pay(fan, at)
    Payment.objects.create(
        user=fan, request_id=uuid7(), provider="stripe", package="s", currency="USD", amount_minor=1, credits_centi=1
    )
    give_back(paid[0], "refund", state="succeeded", amount_minor=200, closed_at=NOON)
    give_back(paid[1], "refund", state="pending")
    give_back(paid[2], "dispute", state="open", created_at=NOON)
    found = payments.list_revenue(since=START, until=END)
    assert found == [
        payments.Revenue(currency="EUR", n_purchases=1, purchased_minor=700, n_disputes=1, disputed_minor=700),
        payments.Revenue(currency="USD", n_purchases=2, purchased_minor=1_400, n_refunds=1, refunded_minor=200),
    ]
    assert payments.list_revenue(since=END + timedelta(days=1), until=END + timedelta(days=2)) == []


def test_conversion_is_of_those_who_joined_and_had_seven_days_to_buy():
    week, second = timedelta(days=7), timedelta(seconds=1)
    first, late, never, before = (joined(at) for at in (START, NOON, NOON, START - second))
    pay(first, START + week - second)
    pay(first, START)
    pay(late, NOON + week)
    pay(before, NOON)
    span = {"joined_since": START, "joined_until": END}
    assert payments.count_bought(**span, within=week) == 1
    assert people.count_joined(since=START, until=END) == 3
    User.objects.filter(pk=never.pk).update(is_staff=True)
    assert people.count_joined(since=START, until=END) == 2


def test_somebody_is_active_once_however_many_sign_ins_they_used():
    ada, bela, staff = make_user(), make_user(), make_staff("support")
    for user in (ada, ada, bela, staff):
        sign_in_as(user)
    Session.objects.filter(user__in=[ada, staff]).update(last_seen_at=NOON, created_at=NOON - timedelta(days=3))
    before = START - timedelta(days=2)
    Session.objects.filter(user=bela).update(last_seen_at=before, created_at=before)
    assert people.count_active(since=START, until=END) == 1
    assert people.count_active(since=START - timedelta(days=6), until=END) == 2


def test_what_is_kept_are_the_fees_of_the_time_and_answers_have_a_median():
    fan, creator, now = make_user(), make_user("creator"), timezone.now()
    buy(fan, now - timedelta(days=3))
    span = {"since": now - timedelta(minutes=5), "until": now + timedelta(minutes=5)}
    assert ledger.get_kept_centi(**span) == 0
    assert ledger.get_answers(**span) == ledger.Answers(n=0, median_s=None)
    hold(fan, creator, 1, now - timedelta(hours=2))
    reply(creator, 1, now)
    assert ledger.get_kept_centi(**span) == 1_000  # of 5,000
    assert ledger.get_kept_centi(since=now - timedelta(days=2), until=now - timedelta(days=1)) == 0
    answers = ledger.get_answers(**span)
    assert (answers.n, answers.median_s) == (1, 7_200)


# -- the night
def test_a_day_done_again_gives_the_same_row():
    fan, moderator = joined(START - timedelta(days=6, hours=11)), make_staff("moderator")
    pay(fan, NOON)
    sign_in_as(fan)
    Session.objects.filter(user=fan).update(last_seen_at=NOON, created_at=START)
    report = submitting.submit(reporter=fan, kind="user", target=make_user("creator").uid, category="scam")
    sanction = imposing.impose(user=fan, by=moderator, kind="warning", rule="spam", facts="x", is_automated=False)
    Report.objects.filter(pk=report.pk).update(created_at=NOON)
    Sanction.objects.filter(pk=sanction.pk).update(created_at=NOON)
    WorkItem.objects.update(
        created_at=NOON - timedelta(hours=2), decided_at=NOON, decided_by=moderator, outcome="warned"
    )
    figures.count_day(day=DAY, at=NIGHT)
    once, money = as_row(DAY), list(DailyRevenue.objects.values("day", "currency", "n_purchases", "purchased_minor"))
    assert money == [{"day": DAY, "currency": "USD", "n_purchases": 1, "purchased_minor": 500}]
    wanted = {
        "n_reports": 1, "n_sanctions": 1, "n_sanctions_automated": 0, "n_cases_decided": 1, "median_decision_s": 7_200,
        "n_active_day": 1, "n_active_week": 1, "n_active_month": 1, "n_cohort": 1, "n_cohort_bought": 1,
        "median_answer_s": None,
    }  # fmt: skip
    assert {name: once[name] for name in wanted} == wanted
    Session.objects.filter(user=fan).update(last_seen_at=NOON + timedelta(days=20), created_at=NOON + timedelta(days=9))
    figures.count_day(day=DAY, at=NIGHT + timedelta(days=30))
    assert as_row(DAY) == once
    assert DailyRevenue.objects.count() == 1


def test_a_night_that_was_missed_is_made_up_without_who_was_active():
    at = NIGHT
    assert figures.count_due(at=at) == figures.BACK_DAYS
    assert figures.count_due(at=at) == 1  # yesterday anew
    assert as_row(DAY)["n_active_day"] == 0
    assert as_row(DAY - timedelta(days=1))["n_active_day"] is None
    DailyFigures.objects.filter(day=DAY - timedelta(days=4)).delete()
    assert figures.count_due(at=at + timedelta(days=1)) == 2
    with pytest.raises(ValueError, match="2026-03-11"):
        figures.count_day(day=DAY + timedelta(days=1), at=at)
    DailyFigures.objects.all().delete()
    assert count_days() == figures.BACK_DAYS


# -- what staff see
def test_the_page_and_the_api_say_up_to_when_and_what_is_missing():
    client = sign_in_as(make_staff("finance"))
    body = client.get(API).json()
    assert (body["up_to"], body["days"], body["conversion"], len(body["missing"])) == (None, [], None, 30)
    page = client.get(PAGE).content.decode()
    assert "No data yet" in page
    assert "There are no figures for these days yet" in page
    today = timezone.now().astimezone(UTC).date()
    fan = joined(timezone.now() - timedelta(days=1))
    pay(fan, datetime.combine(today - timedelta(days=1), NOON.time(), tzinfo=UTC), currency="INR", minor=45_000)
    for back in (3, 1):
        figures.count_day(day=today - timedelta(days=back), at=timezone.now())
    DailyFigures.objects.update(n_active_day=None)
    body = client.get(f"{API}?days=7").json()
    assert body["up_to"] == f"{today}T00:00:00Z"
    assert [row["day"] for row in body["days"]] == [str(today - timedelta(days=back)) for back in (3, 1)]
    assert len(body["missing"]) == 5
    assert (body["revenue"][0]["currency"], body["revenue"][0]["purchased_minor"]) == ("INR", 45_000)
    assert (body["days"][1]["n_active_day"], body["totals"]["n_joined"]) == (None, 1)
    page = client.get(f"{PAGE}?days=7").content.decode()
    for words in ("Data up to", "no figures for 5 of these days", "INR 450.00", "no figure", "<svg"):
        assert words in page
    assert client.get(f"{PAGE}?days=6").status_code == client.get(f"{API}?days=6").status_code == 422


@pytest.mark.parametrize("role", ["moderator", "support", "security"])
def test_who_may_not_see_figures_sees_none(role):
    for browser, status in ((sign_in_as(make_staff(role)), 403), (sign_in_as(make_user()), 404)):
        assert browser.get(PAGE).status_code == browser.get(API).status_code == status


def test_figures_cost_the_same_queries_for_n_and_2n_days():
    client, today = sign_in_as(make_staff("finance")), timezone.now().astimezone(UTC).date()

    def cost(backs: range) -> list[int]:
        for back in backs:
            figures.count_day(day=today - timedelta(days=back), at=timezone.now())
        counts = []
        for path in (PAGE, API):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            figure_selectors.get_analytics(n_days=30)
        return [*counts, len(queries)]

    once, twice = cost(range(1, 6)), cost(range(6, 11))
    assert once == twice
    assert once[2] == 3


# -- the public numbers
def count(day: date, **numbers: int) -> None:
    row = figures.count_day(day=day, at=timezone.now())
    DailyFigures.objects.filter(pk=row.pk).update(**numbers)


def test_everybody_reads_the_months_that_are_over_and_no_small_number():
    today = timezone.now().astimezone(UTC).date()
    last = today.replace(day=1) - timedelta(days=1)
    count(last, n_reports=3, n_sanctions=9, n_sanctions_automated=4, n_appeals=4)
    count(last - timedelta(days=1), n_reports=2)
    count(last.replace(day=1) - timedelta(days=1), n_appeals=7)
    if today.day > 1:
        count(today - timedelta(days=1), n_reports=1_234)
    stranger = Client()
    body = stranger.get("/transparency.json").json()
    newest, before = body["months"]
    assert newest["month"] == f"{last:%Y-%m}"
    assert newest["days_without_figures"] == last.day - 2
    wanted = {"reports": 5, "sanctions_by_people": 5, "sanctions_by_programs": None, "appeals": None}
    assert {name: newest[name] for name in wanted} == wanted
    assert (before["appeals"], before["reports"], body["shown_from"]) == (7, None, 5)
    answer = stranger.get("/transparency/")
    page = answer.content.decode()
    assert page.count("fewer than 5") == 13
    assert not re.search(r"\b1,?234\b", page)


def test_before_the_first_month_is_over_there_are_no_numbers():
    assert "There are no numbers yet" in Client().get("/transparency/").content.decode()
    assert Client().get("/transparency.json").json()["months"] == []

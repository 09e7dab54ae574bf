"""The trial balance: what it adds up, who sees it, and that it finds what does not add up."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credits import checks, invariants, trial_balance
from credits.services import payouts, provider_money, roll_up
from credits.tasks import check_ledger
from credits.tests.test_statements import buy, hold, reply
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.models import Difference, Reconciliation
from security.models import AuditEntry

PAGE = "/staff/money/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def traffic():
    fan, creator, now = make_user("fan"), make_user("creator"), timezone.now()
    for back in (9, 3, 1):
        buy(fan, now - timedelta(days=back))
    hold(fan, creator, 1, now)
    hold(fan, creator, 2, now)
    reply(creator, 1, now)
    return fan, creator


def balances():
    return {(row.unit, row.kind): row.balance for unit in trial_balance.list_units() for row in unit.kinds}


@pytest.mark.parametrize("is_rolled", [False, True])
def test_balances_are_those_of_the_transfers_whether_or_not_they_are_rolled_up(traffic, is_rolled):
    if is_rolled:
        roll_up.roll_up()
    found = balances()
    assert found["CRD", "escrow"] == 5_000
    assert (found["CRD", "fee"], found["CRD", "creator:earned"]) == (1_000, 4_000)
    assert (found["USD", "psp_clearing"], found["USD", "credits_liability"]) == (-1_500, 1_500)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.unit, a.kind, COALESCE(sum(t.amount * CASE WHEN t.credit = a.id THEN 1 ELSE -1 END), 0)::bigint "
            "FROM credits_account a LEFT JOIN credits_transfer t ON a.id IN (t.debit, t.credit) GROUP BY 1, 2"
        )
        assert {(unit, kind): total for unit, kind, total in cursor.fetchall()} == found
    assert [unit.total for unit in trial_balance.list_units()] == [0] * 4
    assert trial_balance.list_units()[0].unit == "CRD"


def test_the_oldest_movement_that_is_not_settled_is_named_first_settled_first_in(traffic):
    def clearing():
        return {(row.kind, row.unit): row for row in trial_balance.list_clearing()}

    now = timezone.now()
    found = clearing()["psp_clearing", "USD"]
    assert (found.balance, (now - found.oldest_at).days, found.is_overdue) == (-1_500, 9, True)
    for amount in (500, 100):  # the first purchase, then a part of the second
        provider_money.record(op_id=uuid7(), movement="provider_payout", currency="USD", amount_minor=amount, at=now)
        assert (now - clearing()["psp_clearing", "USD"].oldest_at).days == 3
    found = clearing()["psp_clearing", "USD"]
    assert (found.balance, (now - found.oldest_at).days, found.is_overdue, found.is_older) == (-900, 3, False, False)
    provider_money.record(op_id=uuid7(), movement="provider_payout", currency="USD", amount_minor=900, at=now)
    assert (clearing()["psp_clearing", "USD"].balance, clearing()["psp_clearing", "USD"].oldest_at) == (0, None)


def test_what_lies_further_back_than_is_looked_is_said_to_be_older(traffic, monkeypatch):
    monkeypatch.setattr(trial_balance, "_LOOK_BACK", 2)
    (found,) = (row for row in trial_balance.list_clearing() if row.balance)
    assert found.is_older


def test_a_payout_that_has_not_left_the_bank_waits_there(traffic):
    creator, now = traffic[1], timezone.now() + timedelta(days=30)
    payouts.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=3_000, at=now)
    payouts.step(
        user_id=creator.pk, op_id=uuid7(), name="sent", amount_centi=3_000, currency="EUR", amount_minor=28, at=now
    )
    rows = {(row.kind, row.unit): row.balance for row in trial_balance.list_clearing()}
    assert rows["payouts_payable", "EUR"] == 28


def test_finance_staff_see_it_and_others_do_not(traffic):
    assert sign_in_as(make_staff("support")).get(PAGE).status_code == 403
    assert sign_in_as(make_user("fan")).get(PAGE).status_code == 404
    page = sign_in_as(make_staff("finance")).get(PAGE).content.decode()
    assert "Every unit adds up to zero." in page
    assert "USD -15.00" in page
    assert "overdue" in page


@pytest.fixture
def checkable(traffic, settings, monkeypatch):
    """A memory of its own, and a check within the test's transaction; what was paid long ago has reached our bank."""
    provider_money.record(
        op_id=uuid7(), movement="provider_payout", currency="USD", amount_minor=500, at=timezone.now()
    )
    settings.REDIS_PREFIX = f"{settings.REDIS_PREFIX}-{uuid7()}"
    for name in ("check_all", "check_delta"):
        monkeypatch.setattr(invariants, name, invariants.check_in_transaction)


def test_a_check_is_asked_for_recorded_and_shown(checkable):
    client = sign_in_as(make_staff("finance"))
    assert "Not checked yet" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}check/").headers["Location"] == PAGE
    assert AuditEntry.objects.get(action="money.check_asked").by_staff
    assert check_ledger() == 0
    page = client.get(PAGE).content.decode()
    assert re.findall(r'line-title">(I\d)<', page) == [f"I{n}" for n in range(1, 9)]
    assert "does not hold" not in page


def test_a_difference_is_shown_with_what_it_is(checkable):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT credits_plant_difference()")
        assert checks.run().n_bad == 2
        page = sign_in_as(make_staff("finance")).get(PAGE).content.decode()
        transaction.set_rollback(True)
    assert page.count("does not hold") == 2
    assert "Not every unit adds up to zero" in page


def test_the_page_asks_as_much_of_twice_the_ledger(traffic):
    client = sign_in_as(make_staff("finance"))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))
        for _ in range(4):
            buy(make_user("fan"), timezone.now())
    assert counts[0] == counts[1]


def test_a_comparison_is_asked_for_recorded_and_what_differed_is_shown(traffic):
    client = sign_in_as(make_staff("finance"))
    assert client.post(PAGE, {"day": "2999-01-01"}).status_code == 422
    assert client.post(PAGE, {"day": "2026-11-02"}).headers["Location"] == PAGE
    assert AuditEntry.objects.get(action="money.comparison_asked").details["day"] == "2026-11-02"
    run = Reconciliation.objects.create(
        provider="stripe", day=date(2026, 11, 2), n_listed=3, n_matched=2, n_differences=1, n_booked=2
    )
    Difference.objects.create(
        reconciliation=run, kind="missing_here", movement="payment", provider_object_id="pi_lost", their_minor=500,
        their_currency="USD",
    )  # fmt: skip
    page = client.get(PAGE).content.decode()
    for text in ("1 difference", "pi_lost", "USD 5.00", "the provider has it, we do not"):
        assert text in page

"""A day compared with Stripe's own list: what agrees, what is booked, and that planted differences are found."""

from __future__ import annotations

import io
from datetime import timedelta

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from credits import trial_balance
from pairly.common.ids import uuid7
from pairly.testing.fixtures import free_port
from pairly.testing.people import make_user
from payments import reconciliation_selectors
from payments.errors import ProviderUnavailable
from payments.gateways.list_registry import get_list
from payments.models import Difference, MoneyBack, Payment, Reconciliation
from payments.services import fulfilment, provider_lists
from payments.tests.buying import start
from payments.tests.sandboxes import running_sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


@pytest.fixture
def sandbox(tmp_path):
    """One for each test: its list is the account's whole list."""
    with running_sandbox(tmp_path, port=free_port()) as running:
        yield running


@pytest.fixture
def paid(shop):
    """Two payments that the provider and we know."""
    payments = []
    for _ in range(2):
        payment = start(make_user("fan"))
        shop.hold(payment.uid, "paid")
        payments.append(fulfilment.fulfil(payment_id=payment.uid))
    assert [payment.status for payment in payments] == ["paid"] * 2
    return payments


def today():
    return timezone.now().date()


def compare(day=None):
    return provider_lists.compare_day(provider="stripe", day=day or today())


def differences():
    return [
        (one.kind, one.movement, one.our_minor, one.their_minor)
        for one in Difference.objects.filter(reconciliation=Reconciliation.objects.latest("id")).order_by("id")
    ]


def balance(kind):
    return {row.kind: row.balance for unit in trial_balance.list_units() for row in unit.kinds if unit.unit == "USD"}[
        kind
    ]


def plant(shop, **body):
    assert httpx.post(f"{shop.url}/sandbox/balance", json=body, timeout=30).status_code == 200


def test_a_day_that_agrees_has_no_difference_and_books_fees_once(paid):
    run = compare()
    assert (run.n_listed, run.n_matched, run.n_differences, run.n_booked) == (2, 2, 0, 2)
    fee = 500 * 29 // 1000 + 30
    assert (balance("psp_fee"), balance("psp_clearing")) == (-2 * fee, -(1_000 - 2 * fee))
    assert compare().n_booked == 0
    assert balance("psp_fee") == -2 * fee


def test_refunds_and_disputes_are_compared_too(paid, shop):
    refunded, disputed = paid
    shop.hold(refunded.uid, "refunded", amount_minor=200)
    shop.hold(disputed.uid, "disputed")
    compare()
    assert differences() == [("missing_here", "dispute", None, 500), ("missing_here", "refund", None, 200)] or (
        differences() == [("missing_here", "refund", None, 200), ("missing_here", "dispute", None, 500)]
    )
    now = timezone.now()
    moved = get_list(provider="stripe").list_movements(begin=now - timedelta(hours=1), end=now + timedelta(hours=1))
    ids = {movement.kind: movement.object_id for movement in moved}
    for payment, kind, state, minor in ((refunded, "refund", "succeeded", 200), (disputed, "dispute", "open", 499)):
        MoneyBack.objects.create(
            payment=payment, kind=kind, state=state, amount_minor=minor, provider_object_id=ids[kind]
        )
    compare()
    assert differences() == [("other_amount", "dispute", 499, 500)]


def test_planted_differences_are_found_each_of_its_kind_and_told(paid, shop, capsys):
    unknown = start(make_user("fan"))
    shop.hold(unknown.uid, "paid")  # no notice reached us, nobody came back
    now = timezone.now()
    Payment.objects.create(
        user=make_user("fan"), request_id=uuid7(), provider="stripe", package="credits-500", currency="USD",
        amount_minor=500, credits_centi=50_000, status="paid", paid_at=now, provider_payment_id="pi_nowhere",
    )  # fmt: skip
    plant(shop, amount=7, currency="usd", category="other_adjustment")
    plant(shop, amount=-900, currency="usd", category="payout")
    run = compare()
    assert sorted(differences(), key=str) == sorted(
        [
            ("missing_here", "payment", None, 500),
            ("missing_here", "other_adjustment", None, 7),
            ("missing_there", "payment", 500, None),
        ],
        key=str,
    )
    assert (run.n_listed, run.n_matched, run.n_differences) == (5, 3, 3)
    assert balance("bank") == -900  # what the provider sent to our bank is booked
    out = io.StringIO()
    with pytest.raises(CommandError, match="3 differences"):
        call_command("reconcile", "--day", f"{today()}", stdout=out)
    assert out.getvalue().startswith(f"stripe {today()}: 5 listed, 3 here, 3 differences, 0 booked")
    assert "missing_there payment pi_nowhere ours USD 500 theirs -" in out.getvalue()


def test_another_amount_or_currency_at_the_provider_is_found(shop):
    for more in ({"amount_minor": 499}, {"currency": "eur"}):
        payment = start(make_user("fan"))
        shop.hold(payment.uid, "paid", **more)
    moved = get_list(provider="stripe").list_movements(
        begin=timezone.now() - timedelta(hours=1), end=timezone.now() + timedelta(hours=1)
    )
    for movement in list(moved):
        Payment.objects.create(
            user=make_user("fan"), request_id=uuid7(), provider="stripe", package="credits-500", currency="USD",
            amount_minor=500, credits_centi=50_000, status="paid", paid_at=timezone.now(),
            provider_payment_id=movement.object_id,
        )  # fmt: skip
    compare()
    assert sorted(one[0] for one in differences()) == ["other_amount", "other_currency"]


def test_other_days_are_left_alone_and_the_nightly_job_takes_each_day_once(paid):
    assert compare(today() - timedelta(days=1)).n_listed == 0
    Reconciliation.objects.all().delete()
    assert provider_lists.compare_missing_days(today=today()) == 6
    assert provider_lists.compare_missing_days(today=today()) == 0
    assert [(run.provider, run.day) for run in reconciliation_selectors.list_latest(limit=9)] == [
        (provider, today() - timedelta(days=back)) for provider in ("razorpay", "stripe") for back in (1, 2, 3)
    ]


def test_a_page_of_the_providers_list_is_followed_by_the_next(shop, monkeypatch):
    monkeypatch.setattr("payments.gateways.stripe_list.PAGE_SIZE", 2)
    for amount in range(1, 6):
        plant(shop, amount=amount, currency="usd", category="payout")
    assert compare().n_listed == 5


def test_a_provider_that_is_away_changes_nothing(settings):
    settings.STRIPE_API_BASE = settings.RAZORPAY_API_BASE = "http://127.0.0.1:9"
    for provider in ("stripe", "razorpay"):
        with pytest.raises(ProviderUnavailable):
            provider_lists.compare_day(provider=provider, day=today())
    assert provider_lists.compare_missing_days(today=today()) == 0
    assert not Reconciliation.objects.exists()

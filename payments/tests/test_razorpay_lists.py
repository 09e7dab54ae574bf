"""A day compared with Razorpay's own lists: what agrees, what is booked, and that planted differences are found."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import requests
from django.core.management import CommandError, call_command
from django.utils import timezone

from credits import trial_balance
from pairly.common.ids import uuid7
from pairly.testing.fixtures import free_port
from pairly.testing.people import make_staff, make_user, sign_in_as
from payments.errors import ProviderUnavailable
from payments.gateways import razorpay as razorpay_gateway
from payments.gateways import razorpay_list
from payments.gateways.list_registry import get_list
from payments.models import Difference, Payment, Payout, Reconciliation
from payments.services import fulfilment, payout_sending, provider_lists
from payments.tests.buying import start
from payments.tests.sandboxes import running_sandbox
from payments.tests.test_payout_sending import approved_by, happen

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
PRICE = 449_00


@pytest.fixture
def sandbox(tmp_path):
    """One for each test: its lists are the account's whole lists."""
    with running_sandbox(tmp_path, port=free_port()) as running:
        yield running


@pytest.fixture
def paid(shop):
    """Two payments that Razorpay and we know, and one try that moved nothing."""
    payments = []
    for _ in range(2):
        payment = buy()
        shop.hold(payment.uid, "paid")
        payments.append(fulfilment.fulfil(payment_id=payment.uid))
    assert [payment.status for payment in payments] == ["paid"] * 2
    shop.hold(buy().uid, "failed")
    return payments


def buy():
    return start(make_user("fan"), provider="razorpay", currency="INR")


def today():
    return timezone.now().date()


def compare(day=None):
    return provider_lists.compare_day(provider="razorpay", day=day or today())


def differences():
    rows = Difference.objects.filter(reconciliation=Reconciliation.objects.latest("id"))
    return sorted(
        [
            (one.kind, one.movement, one.our_minor, one.our_currency, one.their_minor, one.their_currency)
            for one in rows
        ],
        key=str,
    )


def plant(shop, kind, amount, **more):
    answer = httpx.post(f"{shop.url}/sandbox/razorpay", json={"kind": kind, "amount": amount, **more}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def make_paid(object_id, *, amount_minor=PRICE, currency="INR"):
    """A payment of ours that says it was paid by this object of Razorpay's."""
    return Payment.objects.create(
        user=make_user("fan"), request_id=uuid7(), provider="razorpay", package="credits-500", currency=currency,
        amount_minor=amount_minor, credits_centi=50_000, status="paid", paid_at=timezone.now(),
        provider_payment_id=object_id,
    )  # fmt: skip


def balance(kind):
    (unit,) = (unit for unit in trial_balance.list_units() if unit.unit == "INR")
    return {row.kind: row.balance for row in unit.kinds}[kind]


def test_a_day_that_agrees_has_no_difference_and_books_fees_and_settlements_once(paid, shop):
    plant(shop, "settlement", 70_000)
    plant(shop, "settlement", 9_000, status="failed")
    run = compare()
    assert (run.n_listed, run.n_matched, run.n_differences, run.n_booked) == (3, 3, 0, 3)
    fee = PRICE // 50
    assert (balance("psp_fee"), balance("bank")) == (-2 * fee, -70_000)
    assert balance("psp_clearing") == -(2 * PRICE - 2 * fee - 70_000)
    assert compare().n_booked == 0
    assert balance("psp_fee") == -2 * fee


def test_refunds_disputes_and_payouts_are_compared_too(paid, shop, settings):
    settings.RAZORPAYX_ACCOUNT_NUMBER = "7878780080316316"
    refunded, disputed = paid
    shop.hold(refunded.uid, "refunded", amount_minor=200_00)
    shop.hold(disputed.uid, "disputed")
    payout = payout_sending.send(uid=approved_by("razorpayx").uid)
    lost = approved_by("razorpayx")
    Payout.objects.filter(pk=lost.pk).update(sent_at=timezone.now(), provider_payout_id="pout_nowhere")
    plant(shop, "payout", 77_000)
    compare()
    assert differences() == sorted(
        [
            ("missing_here", "dispute", None, "", PRICE, "INR"),
            ("missing_here", "refund", None, "", 200_00, "INR"),
            ("missing_here", "payout", None, "", 77_000, "INR"),
            ("missing_there", "payout", lost.amount_minor, "INR", None, ""),
        ],
        key=str,
    )
    for payment in paid:
        fulfilment.fulfil(payment_id=payment.uid)
    compare()
    assert [one[:2] for one in differences()] == [("missing_here", "payout"), ("missing_there", "payout")]
    # What came back belongs to what went out; an inquiry takes nothing.
    happen(shop, payout, "reversed", webhook="drop")
    shop.hold(refunded.uid, "refund_failed")
    shop.hold(disputed.uid, "won")
    shop.hold(refunded.uid, "warned")
    run = compare()
    assert (run.n_listed, run.n_differences) == (9, 2)


def test_a_planted_difference_of_each_kind_is_found_shown_and_fails_the_command(paid, shop):
    unknown = buy()
    shop.hold(unknown.uid, "paid")  # no notice reached us, nobody came back
    make_paid("pay_nowhere")
    make_paid(plant(shop, "payment", PRICE - 1))
    make_paid(plant(shop, "payment", PRICE, currency="USD"))
    plant(shop, "adjustment", -700)
    run = compare()
    assert differences() == sorted(
        [
            ("missing_here", "payment", None, "", PRICE, "INR"),
            ("missing_here", "adjustment", None, "", 700, "INR"),
            ("missing_there", "payment", PRICE, "INR", None, ""),
            ("other_amount", "payment", PRICE, "INR", PRICE - 1, "INR"),
            ("other_currency", "payment", PRICE, "INR", PRICE, "USD"),
        ],
        key=str,
    )
    assert (run.n_listed, run.n_matched, run.n_differences) == (6, 2, 5)
    page = sign_in_as(make_staff("finance")).get("/staff/money/").content.decode()
    for text in (
        "Razorpay,",
        "5 differences",
        "pay_nowhere",
        "INR 448.99",
        *(str(one.label) for one in Difference.Kind),
    ):
        assert text in page, text
    out = io.StringIO()
    with pytest.raises(CommandError, match="5 differences"):
        call_command("reconcile", "--day", f"{today()}", stdout=out)
    assert f"razorpay {today()}: 6 listed, 2 here, 5 differences" in out.getvalue()
    assert "missing_there payment pay_nowhere ours INR 44900 theirs -" in out.getvalue()


def test_a_stranger_sees_nothing_of_it(paid):
    compare()
    for user in (make_user("fan"), make_user("creator")):
        assert sign_in_as(user).get("/staff/money/").status_code == 404
    assert sign_in_as(make_staff("support")).get("/staff/money/").status_code == 403


def test_a_page_of_each_list_is_followed_by_the_next(shop, monkeypatch):
    monkeypatch.setattr(razorpay_list, "PAGE_SIZE", 2)
    monkeypatch.setattr(razorpay_list, "RECON_PAGE_SIZE", 2)
    for _ in range(5):
        for kind in ("payment", "refund", "settlement", "adjustment"):
            plant(shop, kind, 100)
    assert compare().n_listed == 20


def test_what_is_made_while_pages_are_read_is_neither_lost_nor_counted_twice():
    rows = [{"id": str(number)} for number in range(5)]

    def ask(query):
        page = rows[query["skip"] : query["skip"] + query["count"]]
        rows.insert(0, {"id": f"new{len(rows)}"})
        return {"items": page}

    found = [row["id"] for row in razorpay_list._pages(ask, {}, size=2)]
    assert [one for one in found if not one.startswith("new")] == ["0", "1", "2", "3", "4"]
    assert len(found) == len(set(found))


def test_pages_that_repeat_themselves_end_as_a_provider_that_cannot_be_read():
    with pytest.raises(razorpay_list.ProviderUnreachable):
        list(razorpay_list._pages(lambda query: {"items": [{"id": "1"}, {"id": "2"}]}, {}, size=2))


def test_only_the_day_is_listed_to_its_last_second_and_settlements_by_their_own_time(shop):
    begin = datetime.combine(today() - timedelta(days=2), datetime.min.time(), tzinfo=UTC)
    for offset_s in (-1, 0, 24 * 3600 - 1, 24 * 3600):
        at = int(begin.timestamp()) + offset_s
        plant(shop, "payment", 100, created_at=at)
    end = begin + timedelta(days=1)
    found = list(get_list(provider="razorpay").list_movements(begin=begin, end=end))
    assert sorted((one.at - begin).total_seconds() for one in found) == [0, 24 * 3600 - 1]


def test_every_request_has_a_timeout(shop, monkeypatch):
    timeouts = []
    plain = requests.Session.request

    def request(self, *args, **kwargs):
        timeouts.append(kwargs.get("timeout"))
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(requests.Session, "request", request)
    compare()
    assert timeouts
    assert set(timeouts) == {razorpay_gateway.TIMEOUT_S}


@pytest.mark.parametrize("answer", [{"items": [{"id": 1}]}, {}, {"items": [{"id": "pay_1", "status": "captured"}]}])
def test_an_answer_that_cannot_be_read_is_no_empty_list(shop, monkeypatch, answer):
    listed = get_list(provider="razorpay")
    monkeypatch.setattr(listed._client.payment, "all", lambda query: answer)
    with pytest.raises(ProviderUnavailable):
        compare()
    assert not Reconciliation.objects.exists()

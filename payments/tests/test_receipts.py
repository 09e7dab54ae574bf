"""One's payments and their receipts."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from pairly.common.ids import uuid7
from pairly.testing.people import make_user, sign_in_as
from payments import receipt_selectors
from payments.models import MoneyBack, Payment

pytestmark = pytest.mark.django_db
LIST = "/credits/payments/"


def pay(user, *, status="paid", **fields):
    arrived = status not in ("created", "failed", "expired")
    proof = {"paid_at": timezone.now(), "provider_payment_id": f"pi_{uuid.uuid4().hex}"} if arrived else {}
    return Payment.objects.create(
        user=user, request_id=uuid7(), provider="stripe", package="credits-500", currency="EUR", amount_minor=500,
        credits_centi=50_000, status=status, **proof, **fields,
    )  # fmt: skip


def give_back(payment, kind, state, minor=200):
    return MoneyBack.objects.create(
        payment=payment, kind=kind, state=state, amount_minor=minor, provider_object_id=uuid.uuid4().hex
    )


def page_of(user, path=LIST):
    answer = sign_in_as(user).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def receipt_of(payment):
    return f"{LIST}{payment.uid}/receipt/"


def test_a_receipt_says_what_was_paid_for_what_and_no_more_than_is_true():
    fan = make_user("fan", name="Ada Fan")
    payment = pay(fan)
    page = page_of(fan, receipt_of(payment))
    for text in (str(payment.uid), "EUR 5.00", "500 Pairly credits", "Stripe", "Ada Fan", fan.email, "no tax invoice"):
        assert text in page


def test_a_receipt_tells_of_money_that_went_back_and_not_of_a_refund_that_failed():
    fan = make_user("fan")
    payment = pay(fan, refunded_minor=200)
    give_back(payment, "refund", "succeeded")
    give_back(payment, "refund", "failed", 199)
    page = page_of(fan, receipt_of(payment))
    assert "EUR 2.00" in page
    assert "EUR 1.99" not in page


@pytest.mark.parametrize("status", ["created", "failed", "expired"])
def test_what_was_not_paid_has_no_receipt(status):
    fan = make_user("fan")
    payment = pay(fan, status=status)
    assert sign_in_as(fan).get(receipt_of(payment)).status_code == 404
    assert receipt_of(payment) not in page_of(fan)


def test_a_strangers_payment_has_no_receipt_and_is_in_no_list():
    payment, stranger = pay(make_user("fan")), make_user("fan")
    assert sign_in_as(stranger).get(receipt_of(payment)).status_code == 404
    assert str(payment.uid) not in page_of(stranger)
    assert Client().get(receipt_of(payment)).status_code == 302


def test_the_list_names_every_state_and_what_it_means():
    fan = make_user("fan")
    for kind, state, text in (
        ("refund", "pending", "A refund is under way"),
        ("refund", "succeeded", "Refunded."),
        ("dispute", "warning", "Nothing was taken back"),
        ("dispute", "open", "decides about it"),
        ("dispute", "won", "yours again"),
        ("dispute", "lost", "The credits are gone"),
    ):
        payment = pay(fan, status="disputed" if state == "open" else "paid")
        give_back(payment, kind, state)
        assert text in page_of(fan)
    assert "Disputed" in page_of(fan)


def test_the_list_goes_on_where_a_page_ends(monkeypatch):
    monkeypatch.setattr("payments.receipt_views.PAYMENTS_PAGE", 2)
    fan = make_user("fan")
    uids = [str(pay(fan).uid) for _ in range(3)]
    first = page_of(fan)
    assert [uid in first for uid in uids] == [False, True, True]
    second = page_of(fan, f"{LIST}?before={Payment.objects.get(uid=uids[1]).pk}")
    assert [uid in second for uid in uids] == [True, False, False]


def test_the_list_is_two_queries_however_long_it_is(django_assert_num_queries):
    fan = make_user("fan")
    for n in (2, 4):
        for _ in range(n):
            give_back(pay(fan), "refund", "succeeded")
        with django_assert_num_queries(2):
            rows = receipt_selectors.list_payments(user=fan, limit=20)
            assert all(len(row.money_back) == 1 for row in rows)

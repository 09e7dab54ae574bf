"""The books' check finds a payout that the ledger does not know, or knows otherwise; and what is kept of a person."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from credits.services import payouts as ledger
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff
from payments.models import Payout, PayoutMethod, PayoutStep
from payments.payout_book_selectors import list_unbooked_payouts
from payments.services import payout_by_hand, payout_privacy, payout_requests, payout_reviews, payout_steps
from payments.tests.paying_out import AMOUNT, add, approved, ask, make_payee
from users.registry import list_checks

pytestmark = pytest.mark.django_db


def paid():
    creator = make_payee()
    payout = approved(creator, add(creator))
    return payout_by_hand.mark_sent(staff=make_staff("finance"), uid=payout.uid, reference="SEPA 1")


def test_payouts_in_every_state_are_in_the_books():
    creator = make_payee()
    method, staff = add(creator), make_staff("finance")
    ask(creator, method)
    payout_requests.cancel_payout(user=creator, uid=ask(creator, method).uid)
    payout_reviews.approve(staff=staff, uid=ask(creator, method).uid)
    payout = paid()
    payout_by_hand.mark_returned(staff=staff, uid=payout.uid, reason="came_back")
    assert list_unbooked_payouts() == []


def test_a_payout_that_was_paid_without_the_ledger_is_found(monkeypatch):
    creator = make_payee()
    payout = approved(creator, add(creator))
    with monkeypatch.context() as cut:
        cut.setattr(payout_steps, "book", lambda **_: None)
        payout_by_hand.mark_sent(staff=make_staff("finance"), uid=payout.uid, reference="SEPA 1")
    found = list_unbooked_payouts()
    assert [(uid, kind, booked) for uid, kind, _, booked in found] == [
        (payout.uid, "payout_sent", None), (payout.uid, "payout_settled", None),
    ]  # fmt: skip


def test_other_numbers_are_found(monkeypatch):
    book = payout_steps.book

    def wrong(*, payout, step, at):
        ledger.step(
            user_id=payout.user_id, op_id=payout_steps.selectors.op_id(payout_uid=payout.uid, step=step), name=step,
            amount_centi=payout.amount_centi, currency=payout.currency, amount_minor=payout.amount_minor + 1, at=at,
        )  # fmt: skip

    creator = make_payee()
    payout = approved(creator, add(creator))
    with monkeypatch.context() as cut:
        cut.setattr(payout_steps, "book", wrong)
        payout_by_hand.mark_sent(staff=make_staff("finance"), uid=payout.uid, reference="SEPA 1")
    assert book is payout_steps.book
    assert list_unbooked_payouts()[0][2:] == (
        {"CRD": AMOUNT, "USD": 2_500}, ("payout_sent", {"CRD": AMOUNT, "USD": 2_501}),
    )  # fmt: skip


def test_an_operation_without_a_payout_is_found():
    creator = make_payee()
    ledger.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=AMOUNT, at=timezone.now())
    assert list_unbooked_payouts() == [("payouts", "operations without a payout", 0, 1)]


def test_the_check_costs_the_same_for_two_payouts_and_for_four(django_assert_num_queries):
    creator = make_payee()
    method = add(creator)
    for _ in range(2):
        ask(creator, method)
        ask(creator, method)
        with django_assert_num_queries(4):
            assert list_unbooked_payouts() == []


class Copy:
    """A copy of one's data in memory."""

    def __init__(self):
        self.parts = {}

    def rows(self, name, rows):
        self.parts[name] = list(rows)

    def document(self, name, document):
        self.parts[name] = document


def test_the_copy_of_ones_data_has_ones_own_payouts_and_what_was_typed():
    payout, other = paid(), paid_by_another()
    copy = Copy()
    payout_privacy.export_payouts(user=payout.user, out=copy)
    assert [row["uid"] for row in copy.parts["payments/payouts"]] == [payout.uid]
    assert copy.parts["payments/payout-accounts"][0]["account_number"] == "DE89370400440532013000"
    assert [row["status"] for row in copy.parts["payments/payout-steps"]] == [
        "requested", "approved", "processing", "paid",
    ]  # fmt: skip
    assert str(other.uid) not in str(copy.parts)
    assert "few_payers" not in str(copy.parts)


def paid_by_another():
    creator = make_payee()
    return ask(creator, add(creator))


def test_an_account_ends_after_its_payouts_and_forgets_where_they_went():
    creator = make_payee()
    payout = ask(creator, add(creator))
    assert payout_privacy.check_open in list_checks()
    assert [one.code for one in payout_privacy.check_open(user=creator)] == ["open_payouts"]
    payout_requests.cancel_payout(user=creator, uid=payout.uid)
    assert payout_privacy.check_open(user=creator) == []
    payout_privacy.erase_methods(user=creator)
    method = PayoutMethod.objects.get(user=creator)
    assert (method.state, method.sealed_details, method.label) == ("removed", None, "")
    assert (Payout.objects.count(), PayoutStep.objects.count()) == (1, 2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_payoutmethod WHERE sealed_details IS NOT NULL")
        assert cursor.fetchone() == (0,)

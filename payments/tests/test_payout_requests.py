"""A payout is asked for by whoever may, once for each key, and never beyond what has matured."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from credits import invariants
from credits import selectors as ledger
from credits.errors import DebtOutstanding, InsufficientEarnings
from credits.services import money_back, purchases, unlocks
from pairly.common.ids import uuid7
from pairly.common.problems import IdempotencyConflict, InvalidInput, NotFound
from pairly.outbox.models import OutboxRow
from pairly.testing.people import make_staff, make_user
from payments import payout_selectors as selectors
from payments.errors import (
    CreatorsOnly,
    MethodLocked,
    MethodNotReady,
    PayoutHeld,
    PayoutNotOpen,
    VerificationRequired,
)
from payments.models import Payout, PayoutMethod
from payments.services import payout_methods, payout_requests, payout_reviews
from payments.tests.paying_out import AMOUNT, LARGE, accounts_of, add, ask, earn, make_payee, sign_in_of, statuses
from users.errors import SecondFactorRequired, StepUpRequired
from users.models import Restriction, TotpDevice, User

pytestmark = pytest.mark.django_db


def request(user, method, *, amount_centi=AMOUNT, key=None, **more):
    return payout_requests.request_payout(
        user=user, method_uid=method.uid, amount_centi=amount_centi, idempotency_key=key or uuid7(), **more
    )


def set_aside(user):
    return accounts_of(user)["creator:payout_locked"]


def test_a_request_sets_the_money_aside_and_says_who_looks_at_it_until_when():
    creator = make_payee()
    payout = ask(creator, add(creator))
    assert (payout.status, payout.amount_minor, payout.currency, payout.rate_micro) == (
        "requested", 2_500, "USD", 1_000_000,
    )  # fmt: skip
    assert set_aside(creator) == AMOUNT
    assert ledger.get_earnings(user_id=creator.pk).withdrawable_centi == 1_000_000 - AMOUNT
    (step,) = selectors.list_steps(payout=payout)
    assert (step.status, step.owner, step.reason) == ("requested", "pairly", "risk")
    assert timedelta(days=2) < step.latest_at - timezone.now() <= timedelta(days=3)
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []


def test_the_same_key_is_the_same_payout_and_with_other_content_a_conflict():
    creator = make_payee()
    method, key = add(creator), uuid7()
    first = ask(creator, method, key=key)
    assert ask(creator, method, key=key).uid == first.uid
    assert set_aside(creator) == AMOUNT
    with pytest.raises(IdempotencyConflict):
        ask(creator, method, AMOUNT + 100, key=key)
    assert Payout.objects.filter(user=creator).count() == 1


def test_the_key_of_somebody_else_is_a_payout_of_ones_own():
    key, people = uuid7(), [make_payee(), make_payee()]
    assert len({ask(one, add(one), key=key).uid for one in people}) == 2


def _fan(creator):
    User.objects.filter(pk=creator.pk).update(role="fan")


def _unverified(creator):
    User.objects.filter(pk=creator.pk).update(verification_level=User.VerificationLevel.AGE)


def _held(creator):
    Restriction.objects.create(user=creator, kind=Restriction.Kind.PAYOUT_HOLD)


def _without_factor(creator):
    TotpDevice.objects.filter(user=creator).delete()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (_fan, CreatorsOnly),
        (_unverified, VerificationRequired),
        (_held, PayoutHeld),
        (_without_factor, SecondFactorRequired),
    ],
)
def test_who_may_not_is_refused_and_nothing_moves(spoil, error):
    creator = make_payee()
    method = add(creator)
    spoil(creator)
    creator = User.objects.get(pk=creator.pk)
    with pytest.raises(error):
        request(creator, method)
    assert error.code in selectors.withdrawable(user=creator).obstacles
    assert (set_aside(creator), Payout.objects.count()) == (0, 0)


def test_a_hold_that_is_over_or_lifted_holds_nothing():
    creator, now = make_payee(), timezone.now()
    Restriction.objects.create(user=creator, kind=Restriction.Kind.PAYOUT_HOLD, until=now - timedelta(hours=1))
    Restriction.objects.create(user=creator, kind=Restriction.Kind.PAYOUT_HOLD, lifted_at=now)
    assert ask(creator, add(creator)).status == "requested"


def test_a_proof_older_than_five_minutes_will_not_do():
    creator = make_payee()
    method = add(creator)
    with pytest.raises(StepUpRequired):
        request(creator, method, sign_in=sign_in_of(creator, age=timedelta(minutes=5, seconds=1)))
    assert request(creator, method, sign_in=sign_in_of(creator)).status == "requested"


def test_a_method_that_is_not_ready_or_new_waits():
    creator = make_payee()
    locked = add(creator, is_locked=True)
    with pytest.raises(MethodLocked) as refusal:
        ask(creator, locked)
    assert refusal.value.extra["usable_at"] == locked.usable_at.isoformat()
    PayoutMethod.objects.filter(pk=locked.pk).update(state="pending")
    with pytest.raises(MethodNotReady):
        ask(creator, locked)


def test_a_strangers_method_or_a_removed_one_is_not_found():
    creator, stranger = make_payee(), make_payee()
    method = add(creator)
    with pytest.raises(NotFound):
        ask(stranger, method)
    payout_methods.remove_method(user=creator, uid=method.uid)
    with pytest.raises(NotFound):
        ask(creator, method)
    assert Payout.objects.count() == 0


@pytest.mark.parametrize(("amount_centi", "code"), [(199_900, "below_minimum"), (AMOUNT + 1, "whole_credits")])
def test_the_amount_is_enough_and_whole(amount_centi, code):
    creator = make_payee()
    with pytest.raises(InvalidInput) as refusal:
        ask(creator, add(creator), amount_centi)
    assert refusal.value.errors[0]["pointer"] == "/amount_centi"
    assert refusal.value.errors[0]["code"] == code


def test_more_than_has_matured_leaves_no_row():
    creator = make_payee(earned_centi=AMOUNT)
    method = add(creator)
    with pytest.raises(InsufficientEarnings) as refusal, transaction.atomic():
        ask(creator, method, AMOUNT + 100)
    assert refusal.value.extra["withdrawable_centi"] == AMOUNT
    assert not Payout.objects.exists()


def test_a_debt_comes_first():
    creator = make_payee()
    method = add(creator)
    payment = uuid7()
    purchases.record_purchase(
        user_id=creator.pk, op_id=uuid7(), credits_centi=50_000, currency="USD", amount_minor=500, payment_uid=payment
    )
    seller = make_user("creator")
    unlocks.unlock(
        op_id=uuid7(), user_id=creator.pk, payee_id=seller.pk, item=7, unlock=7, amount_centi=50_000, at=timezone.now()
    )
    money_back.take_back(
        user_id=creator.pk, op_id=uuid7(), payment_uid=payment, kind="dispute", amount_minor=500, at=timezone.now()
    )
    with pytest.raises(DebtOutstanding):
        ask(creator, method)
    assert "debt_outstanding" in selectors.withdrawable(user=creator).obstacles


def test_in_rupees_the_rate_of_the_packages_is_kept_on_the_payout():
    creator = make_payee()
    payout = ask(creator, add(creator, currency="INR", country="IN", details={
        "account_holder": "Asha Rao", "account_number": "50100123456789", "bank_code": "HDFCINBB", "bank_name": "HDFC",
    }))  # fmt: skip
    assert (payout.currency, payout.amount_minor, payout.rate_micro) == ("INR", 224_500, 89_800_000)


def test_above_the_limit_and_in_small_parts_above_it_two_people_are_needed():
    creator = make_payee(earned_centi=16_000_000)
    method = add(creator)
    assert ask(creator, method, 5_000_000).needs_two is False
    assert ask(creator, method, AMOUNT).needs_two is True
    assert ask(creator, method, LARGE).needs_two is True


def test_what_raises_the_risk_is_kept_with_the_payout():
    creator, other = make_payee(), make_payee()
    method = add(creator)
    assert ask(creator, method).risk == {"first_payout": True, "new_method": True, "few_payers": 10_000}
    add(other)
    assert ask(creator, method).risk["linked_accounts"] == 1


def test_a_fact_that_cannot_be_found_out_is_not_taken_for_harmless(monkeypatch):
    def broken(**_):
        raise DatabaseError

    creator = make_payee()
    method = add(creator)
    monkeypatch.setattr(selectors, "count_others_with", broken)
    payout = ask(creator, method)
    assert payout.risk["unknown"] == ["linked_accounts"]
    assert (payout.status, payout.reason) == ("requested", "risk")


def test_a_request_is_mailed():
    creator = make_payee()
    ask(creator, add(creator))
    notices = [row.payload["notice"] for row in OutboxRow.objects.order_by("id") if "notice" in row.payload]
    assert notices == ["payout_method_added", "payout_requested"]


def test_a_cancelled_payout_is_earned_again_and_cancelling_twice_is_once():
    creator = make_payee()
    payout = ask(creator, add(creator))
    for _ in range(2):
        assert payout_requests.cancel_payout(user=creator, uid=payout.uid).status == "rejected"
    assert (set_aside(creator), ledger.get_earnings(user_id=creator.pk).withdrawable_centi) == (0, 1_000_000)
    assert statuses(payout) == [("requested", "risk"), ("rejected", "cancelled")]


def test_a_stranger_neither_sees_nor_cancels_it():
    creator, stranger = make_payee(), make_payee()
    payout = ask(creator, add(creator))
    with pytest.raises(NotFound):
        selectors.get_payout(user=stranger, uid=payout.uid)
    with pytest.raises(NotFound):
        payout_requests.cancel_payout(user=stranger, uid=payout.uid)
    with pytest.raises(NotFound):
        selectors.get_payout(user=stranger, uid=uuid.uuid4())
    assert list(selectors.list_payouts(user=stranger)) == []
    assert set_aside(creator) == AMOUNT


def test_what_is_decided_cannot_be_cancelled():
    creator = make_payee()
    payout = ask(creator, add(creator))
    payout_reviews.approve(staff=make_staff("finance"), uid=payout.uid, note="")
    with pytest.raises(PayoutNotOpen):
        payout_requests.cancel_payout(user=creator, uid=payout.uid)
    assert set_aside(creator) == AMOUNT


def test_what_can_be_asked_for_is_said_with_its_numbers():
    creator = make_payee()
    assert selectors.withdrawable(user=creator).obstacles == ("payout_method_not_ready",)
    add(creator, is_locked=True)
    assert selectors.withdrawable(user=creator).obstacles == ("payout_method_locked",)
    method = add(creator, details={
        "account_holder": "M", "account_number": "123456789", "bank_code": "12345678", "bank_name": "Bank of M",
    } | {"account_holder": "Mara Lind"})  # fmt: skip
    found = selectors.withdrawable(user=creator)
    assert (found.can_ask, found.withdrawable_centi, found.minimum_centi) == (True, 1_000_000, 200_000)
    ask(creator, method, 900_000)
    found = selectors.withdrawable(user=creator)
    assert (found.obstacles, found.withdrawable_centi, found.locked_centi) == (("below_minimum",), 100_000, 900_000)


def test_the_lists_cost_the_same_at_twice_the_rows(django_assert_num_queries):
    creator = make_payee()
    method = add(creator)
    for _ in range(2):
        ask(creator, method)
        ask(creator, method)
        with django_assert_num_queries(1):
            assert all(payout.method.label for payout in selectors.list_payouts(user=creator))


def test_the_database_lets_a_payout_only_go_forward_and_keeps_what_was_agreed():
    creator = make_payee()
    payout = ask(creator, add(creator))
    payout_requests.cancel_payout(user=creator, uid=payout.uid)
    row = Payout.objects.filter(pk=payout.pk)
    for change in (
        {"status": "requested"}, {"status": "approved"}, {"amount_minor": 1}, {"amount_centi": 1}, {"rate_micro": 1},
        {"completed_at": None}, {"needs_two": True}, {"risk": {}},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**change)


@pytest.mark.parametrize("table", ["payments_payout", "payments_payoutmethod", "payments_payoutstep"])
def test_the_application_cannot_delete_money_rows(table):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {table}")


def test_the_timeline_is_written_once():
    creator = make_payee()
    payout = ask(creator, add(creator))
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        payout.steps.update(reason="paid")


def test_earnings_of_one_payer_raise_the_risk_and_of_many_do_not():
    creator = make_payee(earned_centi=0)
    for _ in range(4):
        earn(creator, 100_000)
    assert "few_payers" not in ask(creator, add(creator)).risk

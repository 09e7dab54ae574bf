"""A refund or a dispute takes exactly what its purchase funded, in the order unspent, held, reserve, debt."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from credits import invariants, selectors
from credits.errors import DebtOutstanding, InsufficientCredits, InsufficientEarnings
from credits.models import Account, Hold, Lot
from credits.services import money_back, payouts, provider_money, purchases, roll_up, unlocks
from pairly.common.ids import uuid7
from pairly.common.problems import IdempotencyConflict, NotFound
from pairly.testing.people import make_user

pytestmark = pytest.mark.django_db
FEE = 2_000


def fetch(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def buy(fan, credits_centi, amount_minor=1_000, currency="USD"):
    payment = uuid7()
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=credits_centi, currency=currency, amount_minor=amount_minor,
        payment_uid=payment,
    )  # fmt: skip
    return payment


def hold(fan, creator, amount, position, scope=1):
    now = timezone.now()
    op = uuid7()
    code = fetch(
        "SELECT code FROM credits_hold(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        op, fan.pk, creator.pk, scope, position, amount, FEE, now, now + timedelta(hours=72),
    )[0]  # fmt: skip
    assert code == ""
    return op


def reply(creator, upto, scope=1):
    fetch(
        "SELECT n_holds FROM credits_post_holds(%s, %s, %s, %s, %s, 7, 14, 90)",
        uuid7(),
        creator.pk,
        scope,
        upto,
        timezone.now(),
    )


def take(fan, payment, amount_minor, kind="dispute", op=None):
    return money_back.take_back(
        user_id=fan.pk,
        op_id=op or uuid7(),
        payment_uid=payment,
        kind=kind,
        amount_minor=amount_minor,
        at=timezone.now(),
    )


def balances(fan):
    rows = dict(Account.objects.filter(owner=fan.pk).values_list("kind", "balance"))
    return rows["fan:paid"], rows["fan:debt"]


def assert_books():
    roll_up.allocate_lots()
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []
    for account in Account.objects.filter(kind="fan:paid"):
        assert sum(lot.remaining for lot in Lot.objects.filter(account=account)) == account.balance


@pytest.fixture
def people():
    return make_user("fan"), make_user("creator")


def test_unspent_credits_of_that_purchase_go_first_and_others_stay(people):
    fan, _ = people
    first, second = buy(fan, 100_000), buy(fan, 50_000)
    taken = take(fan, second, 1_000)
    assert (taken.unspent_centi, taken.held_centi, taken.reserve_centi, taken.debt_centi) == (50_000, 0, 0, 0)
    assert balances(fan) == (100_000, 0)
    assert Lot.objects.get(payment=first).remaining == 100_000
    assert_books()


def test_open_holds_that_it_funded_are_voided_youngest_first_and_only_as_many_as_needed(people):
    fan, creator = people
    payment = buy(fan, 100_000)
    for position in range(1, 5):
        hold(fan, creator, 25_000, position)
    taken = take(fan, payment, 400, kind="refund")
    assert (taken.unspent_centi, taken.held_centi, taken.debt_centi) == (0, 40_000, 0)
    assert list(Hold.objects.filter(state="voided").order_by("position").values_list("position", flat=True)) == [3, 4]
    assert balances(fan) == (10_000, 0)  # two holds of 25,000 came back, 40,000 of them went
    assert_books()


def test_what_is_spent_is_covered_by_the_reserve_and_then_owed_and_the_creator_keeps_it(people):
    fan, creator = people
    payment = buy(fan, 100_000)
    hold(fan, creator, 100_000, 1)
    reply(creator, 1)
    assert money_back.fund_reserve(at=timezone.now()) == 2_000  # a tenth of the fee
    op = uuid7()
    taken = take(fan, payment, 1_000, op=op)
    assert (taken.unspent_centi, taken.held_centi, taken.reserve_centi, taken.debt_centi) == (0, 0, 2_000, 98_000)
    assert selectors.get_earnings(user_id=creator.pk).earned_centi == 80_000
    again = take(fan, payment, 1_000, op=op)
    assert again.is_replay
    assert (again.reserve_centi, again.debt_centi) == (2_000, 98_000)
    with pytest.raises(IdempotencyConflict):
        take(fan, payment, 999, op=op)
    assert balances(fan) == (0, -98_000)
    # a new purchase repays first, and what is owed blocks
    buy(fan, 50_000)
    assert balances(fan) == (0, -48_000)
    assert (
        fetch(
            "SELECT code FROM credits_hold(%s, %s, %s, 1, 2, 1, 2000, now(), now() + interval '1 day')",
            uuid7(),
            fan.pk,
            creator.pk,
        )[0]
        == "debt_outstanding"
    )
    assert_books()
    # won: the rest of the debt is lifted, what was repaid comes back as credits, the reserve is full again
    back_op = uuid7()
    back = money_back.reinstate(user_id=fan.pk, op_id=back_op, taken_op=op, at=timezone.now())
    assert (back.to_debt_centi, back.to_fan_centi, back.to_reserve_centi) == (48_000, 50_000, 2_000)
    assert money_back.reinstate(user_id=fan.pk, op_id=back_op, taken_op=op, at=timezone.now()).is_replay
    with pytest.raises(IdempotencyConflict):
        money_back.reinstate(user_id=fan.pk, op_id=uuid7(), taken_op=op, at=timezone.now())
    assert balances(fan) == (50_000, 0)
    assert_books()


def test_a_purchase_that_is_told_of_again_repays_nothing_that_is_owed_since(people):
    fan, creator = people
    spent = buy(fan, 100_000)
    hold(fan, creator, 100_000, 1)
    reply(creator, 1)
    purchase = {"user_id": fan.pk, "op_id": uuid7(), "credits_centi": 50_000, "currency": "USD", "amount_minor": 500}
    payment = uuid7()
    assert purchases.record_purchase(payment_uid=payment, **purchase).balance_centi == 50_000
    take(fan, spent, 1_000)
    assert balances(fan) == (50_000, -100_000)
    again = purchases.record_purchase(payment_uid=payment, at=timezone.now() - timedelta(days=9), **purchase)
    assert (again.is_replay, again.balance_centi) == (True, 50_000)
    assert balances(fan) == (50_000, -100_000)
    assert money_back.repay_debt(user_id=fan.pk, at=timezone.now()) == 50_000
    assert_books()


def test_a_payment_of_somebody_else_is_not_found(people):
    fan, creator = people
    payment = buy(fan, 100)
    with pytest.raises(NotFound):
        take(creator, payment, 1)
    with pytest.raises(NotFound):
        money_back.reinstate(user_id=fan.pk, op_id=uuid7(), taken_op=uuid7(), at=timezone.now())


def test_partial_refunds_add_up_to_the_whole_lot(people):
    fan, _ = people
    payment = buy(fan, 10_007, amount_minor=3)
    taken = [take(fan, payment, 1, kind="refund").unspent_centi for _ in range(3)]
    assert taken == [3_336, 3_336, 3_335]
    assert balances(fan) == (0, 0)
    assert_books()


def test_a_payout_takes_what_has_matured_and_comes_back_when_it_is_rejected_or_returned(people):
    fan, creator = people
    buy(fan, 100_000)
    hold(fan, creator, 100_000, 1)
    reply(creator, 1)
    now = timezone.now()
    with pytest.raises(InsufficientEarnings) as refused:
        payouts.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=1, at=now)
    assert refused.value.extra["withdrawable_centi"] == 0
    later, op = now + timedelta(days=15), uuid7()
    for _ in range(2):
        payouts.lock(user_id=creator.pk, op_id=op, amount_centi=50_000, at=later)
    assert selectors.get_earnings(user_id=creator.pk, at=later).earned_centi == 30_000
    how = {"user_id": creator.pk, "amount_centi": 50_000, "currency": "EUR", "amount_minor": 500, "at": later}
    sent = uuid7()
    assert [payouts.step(op_id=sent, name="sent", **how) for _ in range(2)] == [True, False]
    settled = uuid7()
    assert payouts.step(op_id=settled, name="settled", **how)
    assert_books()
    assert payouts.step(op_id=uuid7(), name="bounced", settled_op=settled, **how)
    assert selectors.get_earnings(user_id=creator.pk, at=later).earned_centi == 80_000
    payouts.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=80_000, at=later)
    assert payouts.step(op_id=uuid7(), name="rejected", **{**how, "amount_centi": 80_000})
    assert selectors.get_earnings(user_id=creator.pk, at=later).withdrawable_centi == 80_000
    assert_books()


def test_a_payout_leaves_from_where_the_money_lies_and_comes_back_to_there(people):
    fan, creator = people
    buy(fan, 100_000, amount_minor=1_000)
    hold(fan, creator, 100_000, 1)
    reply(creator, 1)
    later = timezone.now() + timedelta(days=15)
    payouts.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=50_000, at=later)
    how = {"user_id": creator.pk, "amount_centi": 50_000, "currency": "EUR", "amount_minor": 500, "at": later}
    payouts.step(op_id=uuid7(), name="sent", **how)
    unsent = uuid7()
    assert [payouts.step(op_id=unsent, name="unsent", **how) for _ in range(2)] == [True, False]
    assert money_of("EUR") == {}  # as if it had never been sent: owed to nobody
    assert_books()
    payouts.step(op_id=uuid7(), name="sent", **how)
    settled = uuid7()
    assert payouts.step(op_id=settled, name="settled", source="psp_clearing", **how)
    assert money_of("EUR") == {"psp_clearing": 500, "redemption": -500}
    assert_books()
    with pytest.raises(IntegrityError), transaction.atomic():
        payouts.step(op_id=uuid7(), name="bounced", settled_op=uuid7(), **how)
    # By the operation that took it, not by where such money leaves from today.
    assert payouts.step(op_id=uuid7(), name="bounced", settled_op=settled, source="bank", **how)
    assert money_of("EUR") == {}
    assert selectors.get_earnings(user_id=creator.pk, at=later).earned_centi == 80_000
    assert_books()


def money_of(currency):
    """Balances of the platform's accounts in a currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind, sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END)::bigint "
            "FROM credits_account a JOIN credits_transfer t ON a.id IN (t.debit, t.credit) "
            "WHERE a.unit = %s GROUP BY a.kind",
            [currency],
        )
        return {kind: balance for kind, balance in cursor.fetchall() if balance}


def test_an_unlock_is_paid_at_once_matures_and_says_nothing_about_answers(people):
    fan, creator = people
    payment = buy(fan, 10_000)
    op = uuid7()
    how = {"user_id": fan.pk, "payee_id": creator.pk, "item": 7, "at": timezone.now()}
    assert unlocks.unlock(op_id=op, unlock=1, amount_centi=10_000, **how).balance_centi == 0
    assert unlocks.unlock(op_id=op, unlock=1, amount_centi=10_000, **how).is_replay
    with pytest.raises(InsufficientCredits):
        unlocks.unlock(op_id=uuid7(), unlock=2, amount_centi=1, **how)
    earnings = selectors.get_earnings(user_id=creator.pk)
    assert (earnings.earned_centi, earnings.withdrawable_centi) == (8_000, 0)
    assert fetch("SELECT count(*) FROM credits_settled(%s, now() - interval '1 day')", creator.pk)[0] == 0
    taken = take(fan, payment, 1_000)
    assert taken.debt_centi == 10_000
    with pytest.raises(DebtOutstanding):
        unlocks.unlock(op_id=uuid7(), unlock=3, amount_centi=1, **how)
    assert_books()


def test_money_of_the_provider_is_written_once():
    op = uuid7()
    how = {"currency": "USD", "amount_minor": 30, "at": timezone.now()}
    assert [provider_money.record(op_id=op, movement="provider_fee", **how) for _ in range(2)] == [True, False]
    with pytest.raises(IdempotencyConflict):
        provider_money.record(op_id=op, movement="provider_payout", **how)
    assert_books()


def _orders():
    """Of a refund, another one, a dispute of all and its being won, every order in which they may be told of."""
    found = permutations(["refund", "second", "dispute", "won"])
    return [order for order in found if order.index("dispute") < order.index("won")]


@pytest.mark.parametrize("order", _orders(), ids="-".join)
@pytest.mark.parametrize("spent", ["nothing", "half held", "all"])
def test_in_whichever_order_it_is_told_of_the_same_is_taken_in_the_end(people, order, spent):
    fan, creator = people
    payment, op = buy(fan, 100_000), uuid7()
    if spent != "nothing":
        hold(fan, creator, 50_000 if spent == "half held" else 100_000, 1)
    if spent == "all":
        reply(creator, 1)
    for told in order:
        if told == "won":
            money_back.reinstate(user_id=fan.pk, op_id=uuid7(), taken_op=op, at=timezone.now())
        else:
            minor, name = {"refund": (400, None), "second": (200, None), "dispute": (1_000, op)}[told]
            take(fan, payment, minor, kind="dispute" if name else "refund", op=name)
    money_back.repay_debt(user_id=fan.pk, at=timezone.now())
    held = selectors.get_balance(user_id=fan.pk).held_centi
    paid, owed = balances(fan)
    had = 0 if spent == "all" else 100_000
    assert paid + owed + held == had - 60_000
    assert fetch("SELECT sum(unspent + held + reserve + debt - given_back) FROM credits_money_back")[0] == 60_000
    assert_books()


def test_a_dispute_of_all_after_a_refund_of_a_part_never_takes_more_than_was_bought(people):
    fan, _ = people
    payment = buy(fan, 100_000)
    take(fan, payment, 600, kind="refund")
    taken = take(fan, payment, 1_000)
    assert (taken.unspent_centi, taken.debt_centi) == (40_000, 0)
    assert _moved("credits_liability") == 0  # all of it went back
    assert _moved("chargeback_loss") == -600  # and more than all of it
    assert_books()


def _moved(kind):
    return fetch(
        "SELECT COALESCE(sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END), 0)::bigint "
        "FROM credits_account a JOIN credits_transfer t ON a.id IN (t.debit, t.credit) "
        "WHERE a.kind = %s AND a.unit = 'USD'",
        kind,
    )[0]


def test_one_unlock_with_other_numbers_is_a_conflict(people):
    fan, creator = people
    buy(fan, 10_000)
    how = {"op_id": uuid7(), "user_id": fan.pk, "payee_id": creator.pk, "item": 7, "unlock": 1, "at": timezone.now()}
    unlocks.unlock(amount_centi=5_000, **how)
    with pytest.raises(IdempotencyConflict):
        unlocks.unlock(amount_centi=4_000, **how)


def test_a_refund_that_failed_after_all_is_given_again(people):
    fan, _ = people
    payment, op = buy(fan, 100_000), uuid7()
    take(fan, payment, 1_000, kind="refund", op=op)
    assert money_back.reinstate(user_id=fan.pk, op_id=uuid7(), taken_op=op, at=timezone.now()).to_fan_centi == 100_000
    assert_books()

"""Money that goes back, payouts, unlocks and caps under threads; each with a control that has the guard cut out of the
very function."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import Error, OperationalError, connection
from django.utils import timezone

from credits import caps_selectors, selectors
from credits.models import Account, Hold, Lot
from credits.services import answers, caps, deadlines, money_back, payouts, purchases, roll_up, unlocks
from credits.tests.test_races import MEET, MEET_FOUR, THREADS, assert_books_balance, fetch, race
from pairly.common.ids import uuid7
from pairly.common.problems import Problem
from pairly.embedded import paths
from pairly.testing.people import make_user

N = 30
SLEEP = "PERFORM pg_sleep(0.05); "  # holds the window open that an unlucky schedule opens


@pytest.fixture(autouse=True)
def _own_database(committed_db):
    return committed_db


@pytest.fixture
def people():
    return make_user("fan"), make_user("creator")


@pytest.fixture
def cut(as_owner):
    """Write a function of this database anew with a piece of it replaced."""

    def replace(function, *pairs):
        source = fetch("SELECT pg_get_functiondef(%s::regproc)", function)[0]
        for old, new in pairs:
            assert old in source, f"{function} has no {old!r} any more"
            source = source.replace(old, new)
        as_owner(source)

    return replace


def buy(fan, centi, minor=500):
    payment = uuid7()
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=centi, currency="USD", amount_minor=minor, payment_uid=payment
    )
    return payment


def hold(fan, creator, *, position, scope=1, amount=5_000, expires_in=timedelta(hours=24)):
    at = timezone.now()
    sql = "SELECT code FROM credits_hold(%s, %s, %s, %s, %s, %s, 2000, %s, %s)"
    return fetch(sql, uuid7(), fan.pk, creator.pk, scope, position, amount, at, at + expires_in)[0]


def take(fan, payment, minor=500, op=None):
    return money_back.take_back(
        user_id=fan.pk, op_id=op or uuid7(), payment_uid=payment, kind="dispute", amount_minor=minor,
        at=timezone.now(),
    )  # fmt: skip


def outcomes(act, n=N):
    """What each of `n` calls of `act(number)` came to: "done", or the error's name."""

    def one(number):
        try:
            act(number)
        except (Problem, Error) as error:
            return type(error).__name__
        return "done"

    return Counter(race(one, list(range(n))))


def earn(fan, creator, centi):
    """Matured earnings after the fee."""
    buy(fan, centi * 10 // 8)
    then = timezone.now() - timedelta(days=30)
    unlocks.unlock(
        op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=1, unlock=1, amount_centi=centi * 10 // 8, at=then
    )


# -- money that goes back
def test_a_dispute_meets_sends_replies_deadlines_and_giving_back_and_nothing_is_lost(people):
    fan, creator = people
    payments = [buy(fan, 200_000) for _ in range(4)]
    for scope in range(1, 11):
        for position in range(1, 6):
            # The later ones are due first: whoever went by the deadline would lock them the other way round.
            assert hold(fan, creator, scope=scope, position=position, expires_in=timedelta(hours=30 - position)) == ""

    def act(number):
        kind, turn = number % 5, number // 5
        scope, now = turn % 10 + 1, timezone.now()
        if kind == 0:
            take(fan, payments[turn % 4], minor=50)
        elif kind == 1:
            hold(fan, creator, scope=scope, position=100 + turn)
        elif kind == 2:
            sql = "SELECT n_holds FROM credits_post_holds(%s, %s, %s, 500, %s, 7, 14, 90)"
            fetch(sql, uuid7(), creator.pk, scope, now)
        elif kind == 3:
            deadlines.void_overdue(at=now + timedelta(hours=26), limit=3)
        else:
            answers.give_back(op_id=uuid7(), payee_id=creator.pk, scope=scope, position=turn // 10 + 1, at=now)

    found = outcomes(act, 200)
    assert set(found) <= {"done", "HoldReturned"}, found
    roll_up.allocate_lots()
    money_back.repay_debts(at=timezone.now())
    roll_up.allocate_lots()
    paid = Account.objects.get(owner=fan.pk, kind="fan:paid").balance
    assert sum(lot.remaining for lot in Lot.objects.all()) == paid
    # Credits are where they were bought for: here, held, earned and its fee, or taken back and not owed.
    balance = selectors.get_balance(user_id=fan.pk)
    spent = sum(h.paid for h in Hold.objects.filter(state="posted"))
    taken = fetch("SELECT sum(unspent + held + reserve + debt) FROM credits_money_back")[0]
    assert paid - balance.debt_centi + balance.held_centi + spent == 800_000 - taken
    assert_books_balance()


def _meet(first_order, committed_db, fan, creator, payment):
    """A dispute that waits for the holds of a reply in progress; which error, if any."""
    ids = sorted(Hold.objects.values_list("id", flat=True), reverse=first_order == "backwards")
    errors = []

    def dispute():
        try:
            take(fan, payment)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    url = paths.database_url(settings.VAR_DIR, name=committed_db)
    lock = "SELECT 1 FROM credits_hold WHERE id = %s FOR NO KEY UPDATE"
    with psycopg.connect(paths.database_url(settings.VAR_DIR, role="owner", name=committed_db)) as replying:
        replying.execute(lock, [ids[0]])
        thread = threading.Thread(target=dispute)
        thread.start()
        with psycopg.connect(url, autocommit=True) as watching:
            while not watching.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ).fetchone():
                pass
        try:
            replying.execute(lock, [ids[1]])
            replying.commit()
        except psycopg.errors.DeadlockDetected as error:
            errors.append(error)
            replying.rollback()
        thread.join()
    return errors


@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_control_holds_that_are_locked_in_another_order_than_their_ids_are_a_deadlock(committed_db, people, order):
    fan, creator = people
    payment = buy(fan, 10_000)
    assert [hold(fan, creator, position=position) for position in (1, 2)] == ["", ""]
    assert bool(_meet(order, committed_db, fan, creator, payment)) == (order == "backwards")


def test_of_many_disputes_of_one_payment_together_they_take_its_lot_once(people):
    fan, _ = people
    payment = buy(fan, 100_000)
    assert outcomes(lambda _: take(fan, payment)) == {"done": N}
    taken = fetch("SELECT sum(unspent), sum(held + reserve + debt) FROM credits_money_back")
    assert taken == (100_000, 0)
    assert_books_balance()


def test_control_without_the_lock_on_the_account_each_would_take_it(people, cut):
    fan, _ = people
    payment = buy(fan, 100_000)
    roll_up.allocate_lots()
    lock = "FOR NO KEY UPDATE;"
    cut("credits_allocate_lots", (lock, ";"))
    decision = "v_left := greatest(0, credits_lot_share"
    cut(
        "credits_take_money_back",
        (f"WHERE a.id = v_account {lock}", "WHERE a.id = v_account;"),
        (decision, f"{MEET} {decision}"),
    )
    assert outcomes(lambda _: take(fan, payment))["IntegrityError"] > 0  # only the tables' last rule refuses


def test_a_dispute_is_won_once_however_many_say_so(people):
    fan, _ = people
    payment, op = buy(fan, 100_000), uuid7()
    take(fan, payment, op=op)
    found = outcomes(lambda _: _win(fan, op))
    assert found == {"done": 1, "IdempotencyConflict": N - 1}
    assert selectors.get_balance(user_id=fan.pk).balance_centi == 100_000
    assert_books_balance()


def _win(fan, taken_op):
    money_back.reinstate(user_id=fan.pk, op_id=uuid7(), taken_op=taken_op, at=timezone.now())


def test_control_without_the_lock_on_its_row_it_would_be_won_again(people, cut):
    fan, _ = people
    payment, op = buy(fan, 100_000), uuid7()
    take(fan, payment, op=op)
    cut("credits_reinstate", ("FOR NO KEY UPDATE OF b;", f"; {MEET}"))
    assert outcomes(lambda _: _win(fan, op))["IntegrityError"] > 0  # the lot would have more than was bought


# -- payouts
def _ask(creator, centi=10_000):
    payouts.lock(user_id=creator.pk, op_id=uuid7(), amount_centi=centi, at=timezone.now())


def test_of_many_payouts_with_earnings_for_one_exactly_one_is_set_aside(people):
    fan, creator = people
    earn(fan, creator, 10_000)
    assert outcomes(lambda _: _ask(creator)) == {"done": 1, "InsufficientEarnings": N - 1}
    assert_books_balance()


def test_control_without_the_lock_on_the_earnings_many_would_be_found_covered(people, cut):
    fan, creator = people
    earn(fan, creator, 10_000)
    cut(
        "credits_lock_payout",
        ("FOR NO KEY UPDATE;", ";"),
        ("IF available < p_amount", f"{MEET} IF available < p_amount"),
    )
    assert outcomes(lambda _: _ask(creator))["IntegrityError"] > 0  # the floor of the account is what refuses


def _step(creator, name, centi):
    payouts.step(
        user_id=creator.pk, op_id=uuid7(), name=name, amount_centi=centi, currency="USD", amount_minor=1,
        at=timezone.now(),
    )  # fmt: skip


def _ask_and_reject(creator):
    return lambda number: _ask(creator, 100) if number % 2 else _step(creator, "rejected", 100)


def test_asking_for_payouts_and_rejecting_them_do_not_wait_for_each_other(people):
    fan, creator = people
    earn(fan, creator, 100_000)
    _ask(creator, 50_000)
    assert outcomes(_ask_and_reject(creator), 10 * N) == {"done": 10 * N}
    assert selectors.get_earnings(user_id=creator.pk).earned_centi == 50_000
    assert_books_balance()


def test_control_without_the_order_of_locks_they_would(people, cut):
    fan, creator = people
    earn(fan, creator, 100_000)
    _ask(creator, 50_000)
    first = fetch("SELECT pg_get_functiondef('credits_step_payout'::regproc)")[0]
    line = next(line for line in first.splitlines() if "PERFORM 1 FROM credits_account a" in line)
    second = "IF p_step IN ('rejected', 'returned'"
    cut("credits_step_payout", (line, ""), (second, f"{SLEEP} {second}"))
    cut("credits_lock_payout", ("IF available < p_amount", f"{SLEEP} IF available < p_amount"))
    assert outcomes(_ask_and_reject(creator), THREADS)["OperationalError"] > 0  # deadlock detected


# -- what is bought at once
def _unlock(fan, creator, number, op=None, centi=5_000):
    unlocks.unlock(
        op_id=op or uuid7(), user_id=fan.pk, payee_id=creator.pk, item=1, unlock=number, amount_centi=centi,
        at=timezone.now(),
    )  # fmt: skip


def test_of_many_unlocks_with_credit_for_one_exactly_one_is_paid(people):
    fan, creator = people
    buy(fan, 5_000)
    assert outcomes(lambda number: _unlock(fan, creator, number)) == {"done": 1, "InsufficientCredits": N - 1}
    assert selectors.get_earnings(user_id=creator.pk).earned_centi == 4_000
    assert_books_balance()


def test_one_unlock_asked_for_many_times_at_once_is_paid_once_and_all_are_told_so(people):
    fan, creator = people
    buy(fan, 50_000)
    op = uuid7()
    assert outcomes(lambda _: _unlock(fan, creator, 1, op)) == {"done": N}
    assert selectors.get_balance(user_id=fan.pk).balance_centi == 45_000
    assert_books_balance()


def test_control_without_the_lock_on_the_credits_most_would_be_told_of_an_error(people, cut):
    fan, creator = people
    buy(fan, 50_000)
    op = uuid7()
    source = fetch("SELECT pg_get_functiondef('credits_unlock'::regproc)")[0]
    line = next(line for line in source.splitlines() if "PERFORM 1 FROM credits_account a" in line)
    cut("credits_unlock", (line, ""), ("SELECT h.code, h.hold_id", f"{MEET} SELECT h.code, h.hold_id"))
    assert outcomes(lambda _: _unlock(fan, creator, 1, op))["IntegrityError"] > 0


def test_two_people_who_buy_from_each_other_do_not_wait_for_each_other():
    """C2: opposite transfers. Whoever pays is locked before whoever is paid, and the two are different rows."""
    pair = [make_user("creator") for _ in range(2)]
    for person in pair:
        buy(person, 1_000_000)
    sides = outcomes(lambda number: _unlock(pair[number % 2], pair[1 - number % 2], number, centi=100), 10 * N)
    assert sides == {"done": 10 * N}
    assert [selectors.get_balance(user_id=person.pk).balance_centi for person in pair] == [985_000, 985_000]
    assert [selectors.get_earnings(user_id=person.pk).earned_centi for person in pair] == [12_000, 12_000]
    assert_books_balance()


def test_control_opposite_transfers_between_the_same_two_rows_are_a_deadlock(as_owner):
    pair = [make_user("fan") for _ in range(2)]
    as_owner(
        "CREATE FUNCTION unordered(p_from bigint, p_to bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ "
        "BEGIN UPDATE credits_account SET version = version + 1 WHERE owner = p_from AND kind = 'fan:paid'; "
        f"{SLEEP} UPDATE credits_account SET version = version + 1 WHERE owner = p_to AND kind = 'fan:paid'; END $$"
    )
    found = outcomes(lambda n: fetch("SELECT unordered(%s, %s)", pair[n % 2].pk, pair[1 - n % 2].pk), THREADS)
    assert found["OperationalError"] > 0


# -- caps
CAPS = ("day", "week", "month")
FIFTY = 50


def _capped(fan, cap):
    buy(fan, 1_000_000)
    limits = {f"{name}_centi": 15_000 if name == cap else None for name in CAPS}
    caps.set_caps(user=fan, at=timezone.now(), **limits)


def _send_fifty(fan, creator):
    return Counter(race(lambda n: hold(fan, creator, position=n + 1), list(range(FIFTY))))


@pytest.mark.parametrize("cap", CAPS)
def test_fifty_sends_at_once_do_not_beat_a_cap(people, cap):
    fan, creator = people
    _capped(fan, cap)
    assert _send_fifty(fan, creator) == {"": 3, "spending_cap_reached": FIFTY - 3}
    found = {one.name: one for one in caps_selectors.get_caps(user_id=fan.pk, at=timezone.now()).caps}
    assert (found[cap].used_centi, found[cap].left_centi) == (15_000, 0)
    assert_books_balance()


@pytest.mark.parametrize("cap", CAPS)
def test_control_with_the_cap_only_looked_at_before_they_do(people, cut, cap):
    fan, creator = people
    _capped(fan, cap)
    cut("credits_hold_within", ("AND NOT a.is_guarded", "AND false"))
    cut(
        "credits_take_for_hold",
        ("AND credits_cap_refusal(a, p_amount, p_at) = ''", ""),
        ("paid := p_amount - promo;", f"paid := p_amount - promo; {MEET_FOUR}"),  # the cap has room for three
    )
    assert _send_fifty(fan, creator)[""] > 3


def test_a_cap_that_is_set_while_fifty_are_sent_counts_all_that_were(people):
    """What was held before a week is counted is summed up under the account's lock: nothing falls between."""
    fan, creator = people
    buy(fan, 1_000_000)

    def act(number):
        if number == FIFTY // 2:
            caps.set_caps(user=fan, at=timezone.now(), day_centi=None, week_centi=500_000, month_centi=None)
            return ""
        return hold(fan, creator, position=number + 1)

    assert set(race(act, list(range(FIFTY)))) == {""}
    used = {one.name: one.used_centi for one in caps_selectors.get_caps(user_id=fan.pk, at=timezone.now()).caps}
    assert used["week"] == (FIFTY - 1) * 5_000

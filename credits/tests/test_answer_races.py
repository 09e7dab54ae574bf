"""A reply, giving back, the deadline, a dispute and its decision meet: each hold is settled by exactly one of them."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from credits import selectors
from credits.models import Hold
from credits.services import answers, deadlines, roll_up
from credits.tests.test_races import THREADS, assert_books_balance, buy, fetch, hold, race
from pairly.common.ids import uuid7
from pairly.common.problems import Problem
from pairly.testing.people import make_user

N = 60


@pytest.fixture(autouse=True)
def _own_database(committed_db):
    return committed_db


@pytest.fixture
def people():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, N * 5_000)
    return fan, creator


def won(act, **arguments) -> bool:
    try:
        return bool(act(**arguments))
    except Problem:
        return False


def reply(creator, scope, at=None) -> uuid.UUID:
    op = uuid7()
    n = fetch(
        "SELECT n_holds FROM credits_post_holds(%s, %s, %s, 1, %s, 7, 14, 90)",
        op,
        creator.pk,
        scope,
        at or timezone.now(),
    )
    return op if n[0] else None


def check_end(fan, creator):
    """What the states say is what the accounts say."""
    states = Counter(Hold.objects.values_list("state", flat=True))
    balance, earnings = selectors.get_balance(user_id=fan.pk), selectors.get_earnings(user_id=creator.pk)
    assert balance.balance_centi == states["voided"] * 5_000
    assert balance.held_centi == (states["open"] + states["answered"] + states["frozen"]) * 5_000
    assert earnings.earned_centi == states["posted"] * 4_000
    roll_up.allocate_lots()
    assert_books_balance()
    return states


def turns(kinds):
    """Each scope in the hands of every kind, so that all of them meet in each thread's share."""
    return [(kinds[(s // THREADS + k) % len(kinds)], s) for s in range(1, N + 1) for k in range(len(kinds))]


def test_a_reply_the_creators_refund_and_the_deadline_settle_each_hold_once(people):
    fan, creator = people
    for scope in range(1, N + 1):
        assert hold(fan, creator, scope=scope, expires_in=timedelta(milliseconds=1)) == ""
    early = timezone.now() - timedelta(hours=1)

    def settle(job):
        kind, scope = job
        if kind == "void":
            return len(deadlines.void_overdue(at=timezone.now() + timedelta(hours=2), limit=2))
        if kind == "reply":
            return int(reply(creator, scope, early) is not None)
        how = {"payee_id": creator.pk, "scope": scope, "position": 1, "at": timezone.now()}
        return int(won(answers.return_unreadable, op_id=uuid7(), **how))

    settled = race(settle, turns(["void", "reply", "refund"]))
    assert sum(settled) == N
    states = check_end(fan, creator)
    assert states["posted"] + states["voided"] == N


@pytest.mark.parametrize("is_late", [False, True])
def test_a_dispute_the_creators_refund_and_the_late_payment_leave_each_hold_in_one_state(people, is_late):
    fan, creator = people
    if is_late:
        answers.delay_payee(payee_id=creator.pk, until=timezone.now() + timedelta(days=1))
    replies = {}
    for scope in range(1, N + 1):
        assert hold(fan, creator, scope=scope) == ""
        replies[scope] = reply(creator, scope)

    def act(job):
        kind, scope = job
        now = timezone.now()
        if kind == "pay":
            return ("pay", len(answers.post_answered(at=now + timedelta(days=2), limit=2)))
        if kind == "dispute":
            how = {"actor_id": fan.pk, "scope": scope, "answer_op": replies[scope], "at": now}
            return ("dispute", int(won(answers.freeze, op_id=uuid7(), **how)))
        how = {"payee_id": creator.pk, "scope": scope, "position": 1, "at": now}
        return ("refund", int(won(answers.give_back, op_id=uuid7(), **how)))

    done = Counter()
    for kind, n in race(act, turns(["pay", "dispute", "dispute", "refund"])):
        done[kind] += n
    assert done["refund"] == N  # the creator may concede whatever state it is in
    assert done["dispute"] <= N
    assert check_end(fan, creator) == {"voided": N}


def test_of_two_decisions_and_the_creators_refund_one_settles_each_dispute(people):
    fan, creator = people
    disputes = {}
    for scope in range(1, N + 1):
        assert hold(fan, creator, scope=scope) == ""
        op = reply(creator, scope)
        disputes[scope] = uuid7()
        assert answers.freeze(op_id=disputes[scope], actor_id=fan.pk, scope=scope, answer_op=op, at=timezone.now())

    def decide(job):
        kind, scope = job
        how = {"op_id": uuid7(), "dispute_op": disputes[scope], "at": timezone.now()}
        return kind, won(answers.decide_frozen, is_upheld=kind == "upheld", **how)

    wins = Counter(kind for kind, is_won in race(decide, turns(["upheld", "rejected"])) if is_won)
    assert sum(wins.values()) == N
    states = check_end(fan, creator)
    assert (states["voided"], states["posted"]) == (wins["upheld"], wins["rejected"])


def test_control_without_the_state_under_the_lock_credits_are_given_back_twice(as_owner, people):
    fan, creator = people
    for scope in range(1, 21):
        assert hold(fan, creator, scope=scope) == ""
    as_owner(
        "CREATE FUNCTION unguarded_back(p_scope bigint) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ "
        "DECLARE v credits_hold; BEGIN "
        "SELECT * INTO v FROM credits_hold WHERE scope = p_scope; IF v.state = 'voided' THEN RETURN 0; END IF; "
        "PERFORM pg_sleep(0.05); "  # holds the window open that an unlucky schedule opens
        "UPDATE credits_hold SET state = 'voided', settled_at = now() WHERE id = v.id; "
        "UPDATE credits_account SET balance = balance + v.paid WHERE owner = v.actor AND kind = 'fan:paid'; "
        "RETURN 1; END $$"
    )
    returned = race(
        lambda scope: fetch("SELECT unguarded_back(%s)", scope)[0], [s for s in range(1, 21) for _ in range(8)]
    )
    assert sum(returned) > 20

"""Races over money, each with a control that shows the race when the guard is off."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from credits import invariants, selectors
from credits.services import deadlines, purchases, roll_up
from pairly.common.ids import uuid7
from pairly.embedded import paths
from pairly.testing.people import make_user

RACERS = 100
THREADS = 16

# In a control, between what a function reads and what it writes: whoever comes here waits until somebody else is here
# too, however the machine schedules them (two seconds at most, for the last may be alone).
MEET = (
    "PERFORM pg_advisory_xact_lock_shared(1990); "
    "FOR turn IN 1..1000 LOOP "
    "EXIT WHEN (SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
    "WHERE l.locktype = 'advisory' AND l.objid = 1990 AND d.datname = current_database()) > 1; "
    "PERFORM pg_sleep(0.002); END LOOP; "
)
MEET_FOUR = MEET.replace("> 1;", "> 3;")


@pytest.fixture(autouse=True)
def _own_database(committed_db):
    return committed_db


def race(work, arguments):
    """Run `work(argument)` for all arguments from THREADS threads that start together; their results."""
    gate = threading.Barrier(THREADS)

    def run(share):
        fetch("SELECT 1")  # nobody is late for want of a connection
        gate.wait()
        try:
            return [work(argument) for argument in share]
        finally:
            connection.close()

    shares = [arguments[i::THREADS] for i in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [result for part in pool.map(run, shares) for result in part]


def fetch(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def in_escrow():
    """Folded or not yet: the watermark knows no databases, so a transaction of another one on this server, of a
    test beside this one, may hold the last transfers back."""
    return fetch(
        "SELECT a.balance + COALESCE((SELECT sum(t.amount) FROM credits_transfer t, credits_roll_up_state s"
        "  WHERE t.credit = a.id AND t.xid >= a.rolled_xid AND t.id > s.base_id), 0)"
        "FROM credits_account a WHERE a.kind = 'escrow' AND a.unit = 'CRD'"
    )[0]


def buy(fan, centi):
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=centi, currency="USD", amount_minor=500, payment_uid=uuid7()
    )


def hold(fan, creator, *, scope, amount=5_000, expires_in=timedelta(hours=24)):
    at = timezone.now()
    sql = "SELECT code FROM credits_hold(%s, %s, %s, %s, 1, %s, 2000, %s, %s)"
    return fetch(sql, uuid7(), fan.pk, creator.pk, scope, amount, at, at + expires_in)[0]


def let_others_end():
    """Wait until every transaction of this server that is under way now has ended, those of tests beside this one too:
    marks of the kind `pg_snapshot_xmin` know no databases."""
    mine = fetch("SELECT pg_current_xact_id()::text")[0]
    while fetch("SELECT pg_snapshot_xmin(pg_current_snapshot()) <= %s::text::xid8", mine)[0]:
        pass


def assert_books_balance():
    assert [finding for finding in invariants.check_all() if not finding.is_ok] == []


def test_of_100_holds_with_credit_for_one_exactly_one_is_taken():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 5_000)
    codes = race(lambda scope: hold(fan, creator, scope=scope), list(range(1, RACERS + 1)))
    assert sorted(set(codes)) == ["", "insufficient_credits"]
    assert codes.count("") == 1
    balance = selectors.get_balance(user_id=fan.pk)
    assert (balance.balance_centi, balance.held_centi) == (0, 5_000)
    assert_books_balance()


def test_control_without_the_compare_and_set_many_would_be_taken(as_owner):
    """The same race against the same function with its guard cut out: read, then write what was read."""
    fan = make_user("fan")
    buy(fan, 5_000)
    as_owner("CREATE TABLE taken (scope bigint)")
    as_owner(
        "CREATE FUNCTION unguarded(p_fan bigint, p_scope bigint) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ "
        "DECLARE v bigint; BEGIN "
        "SELECT balance INTO v FROM credits_account WHERE owner = p_fan AND kind = 'fan:paid'; "
        "IF v < 5000 THEN RETURN 'insufficient_credits'; END IF; "
        "INSERT INTO taken VALUES (p_scope); "
        f"{MEET}"
        "UPDATE credits_account SET balance = v - 5000 WHERE owner = p_fan AND kind = 'fan:paid'; "
        "RETURN ''; END $$"
    )
    codes = race(lambda s: fetch("SELECT unguarded(%s, %s)", fan.pk, s)[0], list(range(1, RACERS + 1)))
    assert codes.count("") > 1


def test_a_reply_and_the_deadline_settle_each_of_300_holds_once():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 300 * 5_000)
    n_holds, soon = 300, timedelta(milliseconds=1)
    for scope in range(1, n_holds + 1):
        # every second hold is due at once: there the job and the reply meet
        assert hold(fan, creator, scope=scope, expires_in=soon if scope % 2 else timedelta(hours=1)) == ""
    early = timezone.now() - timedelta(hours=1)  # a reply that believes to be in time

    def settle(job):
        kind, scope = job
        if kind == "void":
            return len(deadlines.void_overdue(at=timezone.now() + timedelta(hours=2), limit=3))
        sql = "SELECT n_holds FROM credits_post_holds(%s, %s, %s, 1, %s, 7, 14, 90)"
        return fetch(sql, uuid7(), creator.pk, scope, early)[0]

    # Each thread takes turns at both, so that neither can be done before the other begins.
    jobs = [(("reply", "void")[(s // (THREADS // 4) + k) % 2], s) for s in range(1, n_holds + 1) for k in range(4)]
    settled = race(settle, jobs)
    assert sum(settled) == n_holds
    states = dict(_states())
    assert states["posted"] + states["voided"] == n_holds
    assert min(states.values()) > 0
    earned = selectors.get_earnings(user_id=creator.pk).earned_centi
    assert earned == states["posted"] * 4_000
    assert selectors.get_balance(user_id=fan.pk).balance_centi == states["voided"] * 5_000
    roll_up.allocate_lots()
    assert_books_balance()


def _states():
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM credits_hold GROUP BY state")
        return cursor.fetchall()


def test_control_without_the_state_in_the_update_a_hold_settles_twice(as_owner):
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 20 * 5_000)
    for scope in range(1, 21):
        assert hold(fan, creator, scope=scope) == ""
    as_owner(
        "CREATE FUNCTION unguarded_settle(p_scope bigint, p_state text) RETURNS int LANGUAGE plpgsql SECURITY DEFINER "
        "AS $$ DECLARE v text; n int; BEGIN "
        "SELECT state INTO v FROM credits_hold WHERE scope = p_scope; IF v <> 'open' THEN RETURN 0; END IF; "
        "PERFORM pg_sleep(0.05); "  # eight begin together
        "UPDATE credits_hold SET state = p_state, settled_at = now(), "
        "matures_at = CASE WHEN p_state = 'posted' THEN now() END WHERE scope = p_scope; "
        "GET DIAGNOSTICS n = ROW_COUNT; RETURN n; END $$"
    )
    jobs = [(scope, state) for scope in range(1, 21) for state in ("posted", "voided") * 4]
    settled = race(lambda job: fetch("SELECT unguarded_settle(%s, %s)", *job)[0], jobs)
    assert sum(settled) > 20


def test_a_transfer_that_commits_late_is_folded_in_and_none_is_lost():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 200 * 5_000)
    stop = threading.Event()

    def roll():
        while not stop.is_set():
            roll_up.roll_up()
        connection.close()

    roller = threading.Thread(target=roll)
    roller.start()
    codes = race(lambda scope: hold(fan, creator, scope=scope), list(range(1, 201)))
    stop.set()
    roller.join()
    roll_up.roll_up()
    assert codes.count("") == 200
    assert in_escrow() == 200 * 5_000
    assert_books_balance()


def test_the_same_purchase_from_many_threads_is_credited_once():
    fan, op, payment = make_user("fan"), uuid7(), uuid7()

    def record(_):
        return purchases.record_purchase(
            user_id=fan.pk, op_id=op, credits_centi=500, currency="USD", amount_minor=5, payment_uid=payment
        ).is_replay

    replays = race(record, list(range(64)))
    assert replays.count(False) == 1
    assert selectors.get_balance(user_id=fan.pk).balance_centi == 500
    assert_books_balance()


def test_after_a_restore_the_lazy_accounts_are_rebuilt_and_a_late_transaction_is_not_lost(as_owner, committed_db):
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 10 * 5_000)
    assert hold(fan, creator, scope=1) == ""
    roll_up.roll_up()
    as_owner("UPDATE credits_account SET balance = 77 WHERE kind = 'escrow'")  # what a restored copy may say
    as_owner("UPDATE credits_roll_up_state SET system_identifier = 1")  # the dump came from another cluster
    url = paths.database_url(settings.VAR_DIR, name=committed_db)
    at = timezone.now()
    with psycopg.connect(url) as late:
        late.execute("SELECT pg_current_xact_id()")  # begins before the rebuild, writes after it
        assert roll_up.roll_up() > 0
        late.execute(
            "SELECT credits_hold(%s, %s, %s, 2, 1, 5000, 2000, %s, %s)",
            [uuid7(), fan.pk, creator.pk, at, at + timedelta(hours=24)],
        )
    assert hold(fan, creator, scope=3) == ""
    roll_up.roll_up()
    assert in_escrow() == 3 * 5_000
    assert_books_balance()


def _add_a_lazy_account(as_owner, *pairs):
    """As a later migration does, between two roll-ups; whether the books balance after the second."""
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 50_000)
    let_others_end()
    assert roll_up.roll_up() > 0
    source = (Path(__file__).parents[1] / "sql" / "0010_money_back.sql").read_text()
    statement = source[source.index("INSERT INTO credits_account") : source.index("ON CONFLICT DO NOTHING;")]
    for old, new in (("ARRAY['USD', 'EUR', 'INR']", "ARRAY['CHF']"), *pairs):
        assert old in statement
        statement = statement.replace(old, new)
    as_owner(statement)
    assert hold(fan, creator, scope=1) == ""
    let_others_end()
    roll_up.roll_up()
    return {found.name for found in invariants.check_all() if not found.is_ok}


def test_an_account_of_the_platform_that_is_added_later_folds_nothing_twice(as_owner):
    assert _add_a_lazy_account(as_owner) == set()


def test_control_with_the_first_watermark_everything_is_folded_again(as_owner):
    own = "(SELECT min(a.rolled_xid) FROM credits_account a WHERE a.lazy)"
    assert "I2" in _add_a_lazy_account(as_owner, (own, "'3'::xid8"))


def test_a_transfer_to_nowhere_is_found_although_its_reference_is_only_declared(as_owner):
    assert_books_balance()
    as_owner(
        "INSERT INTO credits_transfer (op, seq, debit, credit, amount, code)"
        " SELECT gen_random_uuid(), 1, id, -1, 5, 'hold' FROM credits_account WHERE kind = 'escrow'"
    )
    assert "I2" in {found.name for found in invariants.check_all() if not found.is_ok}


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("INSERT INTO credits_account (kind, owner, unit) VALUES ('fan:paid', NULL, 'CRD')", "account_owner"),
        ("INSERT INTO credits_account (kind, owner, unit) VALUES ('escrow', 7, 'CRD')", "account_owner"),
        ("INSERT INTO credits_account (kind, owner, unit) VALUES ('cash', 7, 'CRD')", "credits_kind"),
        ("UPDATE credits_hold SET state = 'posted', settled_at = now()", "hold_settled"),
        ("UPDATE credits_hold SET state = 'voided'", "hold_settled"),
        ("UPDATE credits_hold SET state = 'lost'", "credits_hold_state"),
        ("UPDATE credits_hold SET paid = -1", "credits_not_negative"),
        ("DELETE FROM credits_account", "append-only"),
        ("UPDATE credits_account SET week_limit = -1", "account_caps"),
        (
            "UPDATE credits_account SET cool_off_until = now() + interval '1 day';"
            "UPDATE credits_account SET cool_off_until = now()",
            "account_caps",
        ),
        ("DELETE FROM credits_money_back; TRUNCATE credits_money_back", "append-only"),
    ],
)
def test_the_tables_hold_their_rules_against_the_owner_too(as_owner, statement, rule):
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 5_000)
    assert hold(fan, creator, scope=1) == ""
    with pytest.raises(psycopg.Error) as refused:
        as_owner(statement)
    assert rule in f"{refused.value} {refused.value.diag.constraint_name}"


# -- telling of holds that go back soon ------------------------------------------------------------------------
def _tell_each(statement):
    """Holds told of by two jobs a thread at once, each with `statement` (a moment, a limit)."""
    at = timezone.now() + timedelta(hours=22)

    def tell(_job):
        with connection.cursor() as cursor:
            cursor.execute(statement, [at, 3])
            return [row[0] for row in cursor.fetchall()]

    return [pk for told in race(tell, list(range(2 * THREADS))) for pk in told]


def test_a_hold_is_told_of_once_however_many_jobs_tell():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 100_000)
    assert {hold(fan, creator, scope=scope) for scope in range(1, 11)} == {""}
    told = _tell_each("SELECT hold_id FROM credits_tell_expiring(%s, %s)")
    told += [one.id for one in deadlines.tell_expiring(at=timezone.now() + timedelta(hours=22))]
    assert (len(told), len(set(told))) == (10, 10)


def test_control_without_the_word_in_the_update_a_hold_is_told_of_again_and_again():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 100_000)
    assert {hold(fan, creator, scope=scope) for scope in range(1, 11)} == {""}
    told = _tell_each("SELECT id FROM credits_hold WHERE state = 'open' AND expires_at > %s ORDER BY id LIMIT %s")
    assert len(told) > len(set(told))


def test_a_hold_is_told_of_when_a_quarter_or_six_hours_are_left_and_not_when_it_is_over():
    fan, creator = make_user("fan"), make_user("creator")
    buy(fan, 100_000)
    for scope, hours in ((1, 4), (2, 72)):
        assert hold(fan, creator, scope=scope, expires_in=timedelta(hours=hours)) == ""
    began = timezone.now()
    at = {hours: began + timedelta(hours=hours) for hours in (2.9, 3.1, 4.1, 65.9, 66.1)}
    assert deadlines.tell_expiring(at=at[2.9]) == []
    assert [one.scope for one in deadlines.tell_expiring(at=at[3.1])] == [1]
    assert deadlines.tell_expiring(at=at[65.9]) == []
    assert [one.scope for one in deadlines.tell_expiring(at=at[66.1])] == [2]
    assert hold(fan, creator, scope=3, expires_in=timedelta(hours=4)) == ""
    assert deadlines.tell_expiring(at=at[4.1]) == []  # it is over: the deadline job gives it back

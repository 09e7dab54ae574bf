"""Checks of what is new: they find what full ones find in it, read no more than that, and give way to a full one."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from credits import checks, invariants
from credits.constants import FULL_CHECK_SPAN
from credits.services import roll_up
from credits.tasks import check_ledger
from credits.tests.test_races import let_others_end
from credits.tests.test_statements import buy, hold, reply
from pairly.common.ids import uuid7
from pairly.embedded import paths
from pairly.testing.people import make_user

# One write of each kind that no function of the ledger would make, and the invariant that must say so.
SPOILED = {
    "a balance": ("UPDATE credits_account SET balance = balance + 1 WHERE owner = {fan} AND kind = 'fan:paid'", "I2"),
    "a lazy balance": ("UPDATE credits_account SET balance = balance + 1 WHERE kind = 'fee'", "I2"),
    "a movement between units": (
        "INSERT INTO credits_transfer (op, seq, debit, credit, amount, code) "
        "SELECT gen_random_uuid(), 1, d.id, c.id, 5, 'x' FROM credits_account d, credits_account c "
        "WHERE d.kind = 'bank' AND d.unit = 'USD' AND c.kind = 'fee'",
        "I1",
    ),
    "a movement without a balance": (
        "INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code) "
        "SELECT gen_random_uuid(), 1, d.id, c.id, 5, 5, 'x' FROM credits_account d, credits_account c "
        "WHERE d.kind = 'issuance' AND c.owner = {fan} "
        "AND c.kind = 'fan:paid'",
        "I2",
    ),
    "a hold that was let go": ("UPDATE credits_hold SET paid = paid + 1 WHERE actor = {fan}", "I3"),
    "an operation that moved nothing": (
        "INSERT INTO credits_op (actor, id, kind, request_hash) VALUES (1, gen_random_uuid(), 'x', sha256('x'))",
        "I6",
    ),
    "a lot that grew": ("UPDATE credits_lot SET remaining = 1 WHERE account IN (SELECT id FROM credits_account "
                        "WHERE owner = {fan})", "I8"),
}  # fmt: skip


@pytest.fixture
def traffic(committed_db, settings):
    """A database and a memory of one's own, and a way to move something of every kind."""
    settings.REDIS_PREFIX = f"{settings.REDIS_PREFIX}-{uuid7()}"
    fan, creator = make_user("fan"), make_user("creator")

    def trade(first, n=1):
        for position in range(first, first + n):
            buy(fan, timezone.now())
            hold(fan, creator, fan.pk * 1_000 + position, timezone.now())
        roll_up.allocate_lots()

    trade(1)
    return fan, creator, trade


def bad(findings):
    return [finding.name for finding in findings if not finding.is_ok]


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_spoiled_in_what_is_new_is_found(traffic, as_owner, name):
    fan, _creator, trade = traffic
    assert bad(invariants.check_all()) == []
    trade(2)
    assert bad(invariants.check_delta()) == []
    trade(3)
    statement, invariant = SPOILED[name]
    assert invariants.find_since() is not None
    as_owner(statement.format(fan=fan.pk))
    assert invariant in bad(invariants.check_delta())
    assert invariants.find_since() is None  # from now on everything is read, until all is in order again
    assert invariant in bad(invariants.check_delta())


def test_what_was_altered_long_ago_is_found_by_the_full_check_alone(traffic, as_owner):
    _fan, _creator, trade = traffic
    other = make_user("fan")
    buy(other, timezone.now())
    let_others_end()
    assert check_ledger(is_full=True) == 0
    as_owner(f"UPDATE credits_account SET balance = balance + 1 WHERE owner = {other.pk} AND kind = 'fan:paid'")
    trade(2)
    assert check_ledger() == 0
    assert check_ledger(is_full=True) == 2
    assert check_ledger() == 2  # it does not look as if all was well again
    assert checks.find_last().n_bad == 2
    as_owner(f"UPDATE credits_account SET balance = balance - 1 WHERE owner = {other.pk} AND kind = 'fan:paid'")
    assert check_ledger() == 0
    assert invariants.find_since() is not None


def test_a_check_that_is_too_long_ago_another_cluster_s_or_none_leads_to_a_full_one(traffic, as_owner):
    assert invariants.find_since() is None
    invariants.check_delta()
    assert invariants.find_since() is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT at = full_at FROM credits_check_point")
        assert cursor.fetchone() == (True,)
    invariants.check_delta()
    with connection.cursor() as cursor:
        cursor.execute("SELECT at > full_at FROM credits_check_point")
        assert cursor.fetchone() == (True,)
    as_owner("UPDATE credits_check_point SET system_identifier = 1")
    assert invariants.find_since() is None
    invariants.check_delta()
    seconds = FULL_CHECK_SPAN.total_seconds()
    as_owner(f"UPDATE credits_check_point SET full_at = full_at - interval '{seconds} seconds'")
    assert invariants.find_since() is None


def test_what_runs_while_a_check_looks_is_read_by_the_next_one(traffic, as_owner, committed_db):
    """A transaction that began before the check, wrote before and ends after it."""
    _fan, _creator, trade = traffic
    invariants.check_all()
    url = paths.database_url(django_settings.VAR_DIR, role="owner", name=committed_db)
    with psycopg.connect(url) as slow:
        slow.execute(
            "INSERT INTO credits_op (actor, id, kind, request_hash) VALUES (1, gen_random_uuid(), 'x', sha256('x'))"
        )
        trade(2)
        assert bad(invariants.check_delta()) == []
        slow.commit()
    assert bad(invariants.check_delta()) == ["I6"]


def test_a_check_point_holds_beside_roll_ups(traffic):
    fan, creator, trade = traffic
    for number in range(2, 6):
        trade(number)
        if number % 2:
            roll_up.roll_up()
        assert bad(invariants.check_delta()) == []
    reply(creator, fan.pk * 1_000 + 5, timezone.now())
    assert bad(invariants.check_delta()) == []
    assert invariants.find_since() is not None
    assert bad(invariants.check_all()) == []


_ROWS_READ = (
    "SELECT COALESCE(sum(r) FILTER (WHERE relname <> 'credits_lot_use'), 0), COALESCE(sum(r), 0) FROM ("
    "SELECT relname, COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0) AS r FROM pg_stat_xact_user_tables "
    "WHERE relname IN ('credits_transfer', 'credits_op', 'credits_lot_use')) counted"
)


def rows_read(since):
    """Rows of history that a check takes from the tables, along indexes where there are any: movements and operations,
    and these with the uses of lots. Ten days later: all that the test made lies before the last days of clearing
    accounts, which are read each time."""
    with transaction.atomic(), connection.cursor() as cursor:
        for way in ("seqscan", "hashjoin", "mergejoin"):  # the planner knows little of tables that tests fill and empty
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(_ROWS_READ)  # not 0: what the server has not written down of earlier transactions yet
        before = cursor.fetchone()
        invariants.check_in_transaction(at=timezone.now() + timedelta(days=10), since=since)
        cursor.execute(_ROWS_READ)
        return [int(after - early) for early, after in zip(before, cursor.fetchone(), strict=True)]


def test_a_check_of_what_is_new_reads_as_much_after_twice_the_history(traffic):
    _fan, _creator, trade = traffic
    new, full = [], []
    for first in (10, 50):
        trade(first, 20)
        let_others_end()
        roll_up.roll_up()
        full.append(rows_read(None))
        assert bad(invariants.check_all()) == []
        trade(first + 20)
        new.append(rows_read(invariants.find_since()))
    assert full[1][0] > full[0][0] * 3 // 2
    assert new[1][0] <= new[0][0] + 2
    assert new[1][1] * 4 < full[1][1]  # of a lot that was used, all uses are read, however old


def test_the_page_s_button_asks_for_a_full_check_and_the_clock_for_both():
    entries = [one for one in django_settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == "credits.check_ledger"]
    assert [one.get("kwargs", {}) for one in entries] == [{}, {"is_full": True}]

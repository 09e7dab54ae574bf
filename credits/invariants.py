"""The invariants I1 to I8 of the ledger, each as one query that yields differences and nothing when it holds.

All run in one REPEATABLE READ snapshot, so they are exact under traffic: a lazy account's true balance is what
is stored plus the transfers not folded in yet, both read in the same snapshot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from .types import Finding

# Sum of all transfers by account, from the transfers alone.
_MOVED = """
WITH moved AS (
    SELECT account, sum(delta) AS delta FROM (
        SELECT debit AS account, -amount AS delta FROM credits_transfer
        UNION ALL SELECT credit, amount FROM credits_transfer) both_sides GROUP BY account)
"""

# name, meaning, query
QUERIES: list[tuple[str, str, str]] = [
    (
        "I1",
        "balances of each unit sum to zero",
        _MOVED + "SELECT a.unit, sum(CASE WHEN a.lazy THEN COALESCE(m.delta, 0) ELSE a.balance END) "
        "FROM credits_account a LEFT JOIN moved m ON m.account = a.id GROUP BY a.unit "
        "HAVING sum(CASE WHEN a.lazy THEN COALESCE(m.delta, 0) ELSE a.balance END) <> 0",
    ),
    (
        "I2",
        "balance = sum of transfers",
        _MOVED + ", pending AS (SELECT account, sum(delta) AS delta FROM ("
        "SELECT t.debit AS account, -t.amount AS delta FROM credits_transfer t JOIN credits_account a ON a.id = t.debit, "
        "credits_roll_up_state s WHERE a.lazy AND t.xid >= a.rolled_xid AND t.id > s.base_id UNION ALL "
        "SELECT t.credit, t.amount FROM credits_transfer t JOIN credits_account a ON a.id = t.credit, "
        "credits_roll_up_state s WHERE a.lazy AND t.xid >= a.rolled_xid AND t.id > s.base_id) rows GROUP BY account) "
        "SELECT a.id, a.kind, a.balance + COALESCE(p.delta, 0) - COALESCE(m.delta, 0) FROM credits_account a "
        "LEFT JOIN moved m ON m.account = a.id LEFT JOIN pending p ON p.account = a.id "
        "WHERE a.balance + COALESCE(p.delta, 0) <> COALESCE(m.delta, 0)",
    ),
    (
        "I3",
        "escrow = open holds, none overdue by 5 minutes",
        _MOVED + "SELECT 'escrow', e.delta - o.total FROM "
        "(SELECT COALESCE(sum(m.delta), 0) AS delta FROM credits_account a JOIN moved m ON m.account = a.id WHERE a.kind = 'escrow') e, "
        "(SELECT COALESCE(sum(paid + promo), 0) AS total FROM credits_hold WHERE state = 'open') o WHERE e.delta <> o.total "
        "UNION ALL SELECT 'overdue', count(*) FROM credits_hold WHERE state = 'open' AND expires_at < now() - interval '5 minutes' "
        "HAVING count(*) > 0",
    ),
    (
        "I5",
        "clearing accounts return to zero within 5 days",
        _MOVED + "SELECT a.kind, a.unit, m.delta FROM credits_account a JOIN moved m ON m.account = a.id "
        "WHERE a.kind = 'payouts_payable' AND m.delta <> 0 AND NOT EXISTS (SELECT 1 FROM credits_transfer t "
        "WHERE (t.debit = a.id OR t.credit = a.id) AND t.created_at > now() - interval '5 days')",
    ),
    (
        "I6",
        "no operation without transfers",
        "SELECT o.kind, o.id FROM credits_op o WHERE NOT EXISTS (SELECT 1 FROM credits_transfer t WHERE t.op = o.id)",
    ),
    (
        "I7",
        "unspent share of what was paid <= liability, per currency",
        _MOVED
        + "SELECT l.currency, floor(sum(l.price_minor::numeric * l.remaining / l.amount)), max(m.delta) FROM credits_lot l "
        "LEFT JOIN credits_account a ON a.kind = 'credits_liability' AND a.unit = l.currency LEFT JOIN moved m ON m.account = a.id "
        "WHERE l.currency IS NOT NULL GROUP BY l.currency "
        "HAVING floor(sum(l.price_minor::numeric * l.remaining / l.amount)) > COALESCE(max(m.delta), 0)",
    ),
    (
        "I8",
        "each lot: uses + remaining = amount",
        "SELECT l.id, l.amount - l.remaining - COALESCE((SELECT sum(u.amount) FROM credits_lot_use u WHERE u.lot = l.id), 0) "
        "FROM credits_lot l WHERE l.amount - l.remaining <> COALESCE((SELECT sum(u.amount) FROM credits_lot_use u WHERE u.lot = l.id), 0)",
    ),
]

# I4 compares with the payments, which live above the ledger: they register their side of it.
Check = Callable[[], list[tuple[Any, ...]]]
_payment_checks: list[Check] = []


def register_payment_check(*, check: Check) -> None:
    """Add a reader of I4 (every settled provider object has exactly one op, amounts equal): rows are differences."""
    _payment_checks.append(check)


def check_all() -> list[Finding]:
    """Evaluate I1 to I8 in one snapshot, in order."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return check_in_transaction()


def check_in_transaction() -> list[Finding]:
    """The same inside the caller's transaction, which should be REPEATABLE READ."""
    findings = [_finding(name, meaning, _rows(query)) for name, meaning, query in QUERIES]
    settled = [row for check in _payment_checks for row in check()]
    findings.append(_finding("I4", "every settled payment has exactly one operation, amounts equal", settled))
    return sorted(findings, key=lambda finding: finding.name)


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]


def _finding(name: str, meaning: str, rows: list[tuple[Any, ...]]) -> Finding:
    shown = "; ".join(" ".join(str(value) for value in row) for row in rows[:5])
    more = f" (+{len(rows) - 5} more)" if len(rows) > 5 else ""
    return Finding(name=name, meaning=meaning, difference=shown + more)

"""The invariants I1 to I8 of the ledger, each as one query that yields differences and nothing when it holds.

All run in one REPEATABLE READ snapshot, so they are exact under traffic: a lazy account's true balance is what
is stored plus the transfers not folded in yet, both read in the same snapshot.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from .types import Finding

# Read from `sql/invariants/I*.sql`: the first line is the meaning, the rest one query.
_FILES = sorted((Path(__file__).parent / "sql" / "invariants").glob("I*.sql"))

# I4 compares with the payments, which live above the ledger: they register their side of it.
Check = Callable[[], list[tuple[Any, ...]]]
_payment_checks: list[Check] = []


def register_payment_check(*, check: Check) -> None:
    """Add a reader of I4 (every settled provider object has exactly one op, amounts equal): rows are differences."""
    _payment_checks.append(check)


def check_all(*, at: datetime | None = None) -> list[Finding]:
    """Evaluate I1 to I8 in one snapshot, in order; what is late is late `at` then (default: now)."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return check_in_transaction(at=at)


def check_in_transaction(*, at: datetime | None = None) -> list[Finding]:
    """The same inside the caller's transaction, which should be REPEATABLE READ."""
    findings = [_check_file(path, at or timezone.now()) for path in _FILES]
    settled = [row for check in _payment_checks for row in check()]
    findings.append(
        _finding(
            "I4", "every settled payment, refund, dispute and payout has exactly one operation, amounts equal", settled
        )
    )
    return sorted(findings, key=lambda finding: finding.name)


def _check_file(path: Path, at: datetime) -> Finding:
    meaning, query = path.read_text(encoding="utf-8").split("\n", 1)
    return _finding(path.stem, meaning.removeprefix("-- "), _rows(query, at))


def _rows(query: str, at: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"at": at})
        return [tuple(row) for row in cursor.fetchall()]


def _finding(name: str, meaning: str, rows: list[tuple[Any, ...]]) -> Finding:
    shown = "; ".join(" ".join(str(value) for value in row) for row in rows[:5])
    more = f" (+{len(rows) - 5} more)" if len(rows) > 5 else ""
    return Finding(name=name, meaning=meaning, difference=shown + more)

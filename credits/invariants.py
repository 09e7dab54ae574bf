"""The invariants I1 to I8 of the ledger, each as one query that yields differences and nothing when it holds.

All run in one REPEATABLE READ snapshot, so they are exact under traffic: a lazy account's true balance is what
is stored plus the transfers not folded in yet, both read in the same snapshot.

A full check reads the whole ledger. The one in between reads what was written since the last check that found
everything in order (its check point), and what is there now: open holds, lots that are not spent, the last days of
clearing accounts. It does not see that a row which nobody has used since was altered: the full one does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from .constants import FULL_CHECK_SPAN
from .types import Finding

# Read from `sql/invariants/I*.sql`: the first line is the meaning, the rest one query.
_FOLDER = Path(__file__).parent / "sql" / "invariants"
_FILES = sorted(_FOLDER.glob("I*.sql"))
# Upper apps know what changed by its date, which is that of its transaction's begin.
_MARGIN = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """From where on the ledger was not checked yet: `xid` for what carries its transaction, `at` for what carries a
    date."""

    xid: int
    at: datetime


# I4 compares with the payments, which live above the ledger: they register their side of it. Without `since` they read
# everything.
Check = Callable[[Since | None], list[tuple[Any, ...]]]
_payment_checks: list[Check] = []


def register_payment_check(*, check: Check) -> None:
    """Add a reader of I4 (every settled provider object has exactly one op, amounts equal): rows are differences."""
    _payment_checks.append(check)


def check_all(*, at: datetime | None = None) -> list[Finding]:
    """Evaluate I1 to I8 in one snapshot, in order, reading everything; what is late is late `at` then (default:
    now)."""
    return _check(at, lambda: None)


def check_delta(*, at: datetime | None = None) -> list[Finding]:
    """The same on what was written since the last check that was in order; everything where there is none, or the last
    full one is longer ago than FULL_CHECK_SPAN."""
    return _check(at, find_since)


def check_in_transaction(*, at: datetime | None = None, since: Since | None = None) -> list[Finding]:
    """A check inside the caller's transaction, which should be REPEATABLE READ; it leaves no check point."""
    findings = [_check_file(path, at or timezone.now(), since) for path in _FILES]
    settled = [row for check in _payment_checks for row in check(since)]
    findings.append(
        _finding(
            "I4", "every settled payment, refund, dispute and payout has exactly one operation, amounts equal", settled
        )
    )
    return sorted(findings, key=lambda finding: finding.name)


def find_since() -> Since | None:
    """From where on a check has to look; None: it has to read everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xid::text, at, full_at FROM credits_find_check_point()")
        row = cursor.fetchone()
    if row is None or row[2] < timezone.now() - FULL_CHECK_SPAN:
        return None
    return Since(xid=int(row[0]), at=row[1] - _MARGIN)


def _check(at: datetime | None, find: Callable[[], Since | None]) -> list[Finding]:
    """In a snapshot of its own, in which a check that finds nothing leaves its check point."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        since = find()
        findings = check_in_transaction(at=at, since=since)
        is_ok = all(finding.is_ok for finding in findings)
        if is_ok:
            _set_check_point(is_full=since is None)
    if not is_ok:
        with connection.cursor() as cursor:
            cursor.execute("SELECT credits_forget_check_point()")
    return findings


def _set_check_point(*, is_full: bool) -> None:
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        # Refused where another check has set one since this one began: that one stands.
        cursor.execute("SELECT credits_set_check_point(%s)", [is_full])


def _check_file(path: Path, at: datetime, since: Since | None) -> Finding:
    meaning, query = path.read_text(encoding="utf-8").split("\n", 1)
    if since is not None:
        query = (path.parent / "delta" / path.name).read_text(encoding="utf-8")
    params = {"at": at, "xid": str(since.xid) if since else None}
    return _finding(path.stem, meaning.removeprefix("-- "), _rows(query, params))


def _rows(query: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [tuple(row) for row in cursor.fetchall()]


def _finding(name: str, meaning: str, rows: list[tuple[Any, ...]]) -> Finding:
    shown = "; ".join(" ".join(str(value) for value in row) for row in rows[:5])
    more = f" (+{len(rows) - 5} more)" if len(rows) > 5 else ""
    return Finding(name=name, meaning=meaning, difference=shown + more)

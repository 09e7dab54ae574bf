"""The whole ledger added up: balances by kind of account, and what waits between us and the providers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

# Money that lies with a provider, and money that a payout still owes: both return to zero (invariant I5).
CLEARING_KINDS = ("psp_clearing", "payouts_payable")
CLEARING_DAYS = 5
# Movements that are looked through, from the newest back, for the oldest one that is not settled.
_LOOK_BACK = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class KindBalance:
    """All accounts of one kind in one unit: hundredths of a credit for CRD, minor units of a currency otherwise."""

    unit: str
    kind: str
    n_accounts: int
    balance: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitBalance:
    """A unit's accounts by kind; `total` is 0, or something is wrong."""

    unit: str
    kinds: Sequence[KindBalance]

    @property
    def total(self) -> int:
        return sum(kind.balance for kind in self.kinds)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClearingBalance:
    """An account that has to return to zero. `oldest_at` is the date of the oldest movement that is in the balance,
    where the first in is settled first; None where it is zero. `is_older`: it is older still than
    all that was looked through."""

    kind: str
    unit: str
    balance: int
    oldest_at: datetime | None
    is_older: bool

    @property
    def is_overdue(self) -> bool:
        """Whether something has waited longer than it may."""
        return self.oldest_at is not None and self.oldest_at < timezone.now() - timedelta(days=CLEARING_DAYS)


def list_units() -> list[UnitBalance]:
    """Balances of all accounts by unit and kind, credits first, exact in one snapshot: one query. What no roll-up has
    folded into a lazy account counts."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES)
        rows = [
            KindBalance(unit=unit, kind=kind, n_accounts=n, balance=int(balance))
            for unit, kind, n, balance in cursor.fetchall()
        ]
    units = dict.fromkeys(row.unit for row in rows)
    return [UnitBalance(unit=unit, kinds=[row for row in rows if row.unit == unit]) for unit in units]


_BALANCES = """
SELECT a.unit, a.kind, count(*), sum(a.balance + COALESCE(p.delta, 0))
  FROM credits_account a LEFT JOIN credits_pending() p ON p.account = a.id
 GROUP BY 1, 2 ORDER BY a.unit <> 'CRD', 1, 2
"""


def list_clearing() -> list[ClearingBalance]:
    """The accounts that have to return to zero, by kind and currency: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_CLEARING, {"kinds": list(CLEARING_KINDS), "most": _LOOK_BACK})
        rows = cursor.fetchall()
    return [
        ClearingBalance(kind=kind, unit=unit, balance=int(balance), oldest_at=oldest, is_older=seen < abs(balance))
        for kind, unit, balance, oldest, seen in rows
    ]


_CLEARING = """
WITH account AS (
    SELECT a.id, a.kind, a.unit, a.balance + COALESCE(p.delta, 0) AS balance
      FROM credits_account a LEFT JOIN credits_pending() p ON p.account = a.id WHERE a.kind = ANY(%(kinds)s::text[]))
SELECT a.kind, a.unit, a.balance, min(m.created_at) FILTER (WHERE m.later < abs(a.balance)),
       COALESCE(max(m.later + m.amount), 0)
  FROM account a LEFT JOIN LATERAL (
        SELECT n.created_at, n.amount, sum(n.amount) OVER (ORDER BY n.id DESC) - n.amount AS later FROM (
            (SELECT t.id, t.amount, t.created_at FROM credits_transfer t WHERE a.balance < 0 AND t.debit = a.id
              ORDER BY t.id DESC LIMIT %(most)s::int)
            UNION ALL
            (SELECT t.id, t.amount, t.created_at FROM credits_transfer t WHERE a.balance > 0 AND t.credit = a.id
              ORDER BY t.id DESC LIMIT %(most)s::int)) n) m
         ON true
 GROUP BY 1, 2, 3 ORDER BY 1, 2
"""

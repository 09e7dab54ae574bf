"""A person's movements: the newest for the wallet, and a month of them with the balances at its ends.

A statement is a range of ids (see sql/0013_statements.sql): its cost does not grow with what lies before or after it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Literal

from django.db import connection
from django.utils import timezone

from . import words
from .constants import EARNED_KINDS, SPENDABLE_KINDS, STATEMENT_CHUNK, UNIT
from .models import Account
from .types import TransactionRow

_END = 2**63 - 1


class Pocket(StrEnum):
    """Where somebody's credits are. What is owed counts below zero; `earned_promo` cannot be paid out."""

    SPEND = "spend"
    OWED = "owed"
    EARNED = "earned"
    EARNED_PROMO = "earned_promo"
    SET_ASIDE = "set_aside"


_POCKETS = {
    "fan:paid": Pocket.SPEND,
    "fan:promo": Pocket.SPEND,
    "fan:debt": Pocket.OWED,
    "creator:earned": Pocket.EARNED,
    "creator:promo_earned": Pocket.EARNED_PROMO,
    "creator:payout_locked": Pocket.SET_ASIDE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One person's month (its first day, UTC): movements with `first_id` <= id < `end_id`, balances before and after
    them in hundredths by pocket, and from when to when months can be asked for."""

    user_id: int
    month: date
    first_id: int
    end_id: int
    opening: Mapping[Pocket, int]
    closing: Mapping[Pocket, int]
    pockets: Mapping[int, Pocket]
    first_month: date
    is_running: bool

    @property
    def following(self) -> date | None:
        """The next month, None for the one that is running."""
        return None if self.is_running else next_month(self.month)

    @property
    def previous(self) -> date | None:
        """The month before, None for the account's first."""
        return None if self.month <= self.first_month else previous_month(self.month)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A movement seen from one pocket; `amount_centi` is signed, `balance_centi` is what the pocket held after it."""

    id: int
    op: uuid.UUID
    movement: str
    pocket: Pocket
    amount_centi: int
    balance_centi: int
    created_at: datetime

    @property
    def description(self) -> str:
        return words.describe(self.movement)


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySum:
    """The movements of one kind in one pocket on one day (UTC)."""

    day: date
    movement: str
    pocket: Pocket
    in_centi: int
    out_centi: int
    n: int


def this_month() -> date:
    """The first day of the running month, UTC."""
    return timezone.now().date().replace(day=1)


def next_month(month: date) -> date:
    return date(month.year + 1, 1, 1) if month.month == 12 else month.replace(month=month.month + 1)


def previous_month(month: date) -> date:
    return date(month.year - 1, 12, 1) if month.month == 1 else month.replace(month=month.month - 1)


def get_statement(*, user_id: int, month: date) -> Statement:
    """The statement of the month that begins at `month`, which is not in the future. Four queries, whatever the
    history."""
    pockets = {
        account: _POCKETS[kind]
        for account, kind in Account.objects.filter(owner=user_id, unit=UNIT).values_list("id", "kind")
    }
    ids = list(pockets)
    oldest = _read(ids, 0, _END, 1, "up")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT credits_first_line(%s::bigint[], %s::timestamptz), "
            "credits_first_line(%s::bigint[], %s::timestamptz)",
            [ids, _begin(month), ids, _begin(next_month(month))],
        )
        first, end = cursor.fetchone()
        first_id, end_id = first or _END, end or _END
        cursor.execute(
            "SELECT b.account, b.balance, e.balance FROM credits_balances_before(%s::bigint[], %s::bigint) b "
            "JOIN credits_balances_before(%s::bigint[], %s::bigint) e USING (account)",
            [ids, first_id, ids, end_id],
        )
        found = cursor.fetchall()
    return Statement(
        user_id=user_id,
        month=month,
        first_id=first_id,
        end_id=end_id,
        opening=_by_pocket(pockets, {row[0]: row[1] for row in found}),
        closing=_by_pocket(pockets, {row[0]: row[2] for row in found}),
        pockets=pockets,
        first_month=oldest[0].created_at.astimezone(UTC).date().replace(day=1) if oldest else this_month(),
        is_running=month >= this_month(),
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _by_pocket(pockets: Mapping[int, Pocket], balances: Mapping[int, int]) -> dict[Pocket, int]:
    found = dict.fromkeys((pocket for pocket in Pocket if pocket in pockets.values()), 0)
    for account, pocket in pockets.items():
        found[pocket] += balances[account]
    return found


def list_lines(*, statement: Statement, after_id: int | None = None, limit: int) -> tuple[list[Line], int | None]:
    """Up to `limit` movements after `after_id` (from the beginning without), oldest first, and the id to go on after;
    a movement between two pockets of the person is two lines. Three queries where it goes on from somewhere."""
    after = statement.first_id - 1 if after_id is None else max(after_id, statement.first_id - 1)
    balances = dict(statement.opening)
    if after >= statement.first_id:
        balances = _balances_before(statement, after + 1)
    rows = _read(list(statement.pockets), after, statement.end_id, limit + 1, "up")
    lines = [line for row in rows[:limit] for line in _lines_of(row, statement.pockets, balances)]
    return lines, rows[limit - 1].id if len(rows) > limit else None


def iterate_lines(*, statement: Statement) -> Iterator[Line]:
    """Every line of the month, oldest first, read a piece at a time as they are taken; no transaction is kept open."""
    balances, after = dict(statement.opening), statement.first_id - 1
    while rows := _read(list(statement.pockets), after, statement.end_id, STATEMENT_CHUNK, "up"):
        for row in rows:
            yield from _lines_of(row, statement.pockets, balances)
        after = rows[-1].id


def _balances_before(statement: Statement, before: int) -> dict[Pocket, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account, balance FROM credits_balances_before(%s::bigint[], %s::bigint)",
            [list(statement.pockets), before],
        )
        return _by_pocket(statement.pockets, dict(cursor.fetchall()))


def _lines_of(row: _Row, pockets: Mapping[int, Pocket], balances: dict[Pocket, int]) -> Iterator[Line]:
    """The row from each pocket it touches; `balances` goes along."""
    for account, amount in ((row.debit, -row.amount), (row.credit, row.amount)):
        pocket = pockets.get(account)
        if pocket is None:
            continue
        balances[pocket] += amount
        yield Line(
            id=row.id,
            op=row.op,
            movement=words.type_of(code=row.code, is_shop=row.is_shop),
            pocket=pocket,
            amount_centi=amount,
            balance_centi=balances[pocket],
            created_at=row.created_at,
        )


def list_day_sums(*, statement: Statement) -> list[DaySum]:
    """The month added up by day, kind and pocket; what was written later than its date counts on the month's first day.
    Reads every movement of the month."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {
            "accounts": list(statement.pockets), "first": statement.first_id, "end": statement.end_id,
            "month": statement.month,
        })  # fmt: skip
        rows = cursor.fetchall()
    return [
        DaySum(
            day=day,
            movement=words.type_of(code=code, is_shop=is_shop),
            pocket=statement.pockets[account],
            in_centi=int(in_centi),
            out_centi=int(out_centi),
            n=n,
        )
        for day, code, is_shop, account, in_centi, out_centi, n in rows
    ]


_SUMS = """
SELECT greatest((m.created_at AT TIME ZONE 'UTC')::date, %(month)s::date) AS day, m.code,
       m.code IN ('hold', 'earn') AND EXISTS (SELECT FROM credits_hold h WHERE h.op = m.op AND h.scope < 0) AS is_shop,
       m.account, sum(CASE WHEN m.is_in THEN m.amount ELSE 0 END), sum(CASE WHEN m.is_in THEN 0 ELSE m.amount END),
       count(*)
  FROM unnest(%(accounts)s::bigint[]) a (account), LATERAL (
        SELECT a.account, t.created_at, t.code, t.op, t.amount, false AS is_in FROM credits_transfer t
         WHERE t.debit = a.account AND t.id >= %(first)s::bigint AND t.id < %(end)s::bigint
        UNION ALL
        SELECT a.account, t.created_at, t.code, t.op, t.amount, true FROM credits_transfer t
         WHERE t.credit = a.account AND t.id >= %(first)s::bigint AND t.id < %(end)s::bigint) m
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def list_transactions(*, user_id: int, before_id: int | None = None, limit: int = 30) -> list[TransactionRow]:
    """The newest movements of what the user can spend and has earned, newest first, before `before_id` if given."""
    kinds = (*SPENDABLE_KINDS, *EARNED_KINDS)
    mine = set(Account.objects.filter(owner=user_id, kind__in=kinds, unit=UNIT).values_list("id", flat=True))
    return [_transaction(row, mine) for row in _read(sorted(mine), before_id or _END, 0, limit, "down")]


def _transaction(row: _Row, mine: set[int]) -> TransactionRow:
    is_debit = row.debit in mine
    movement = words.type_of(code=row.code, is_shop=row.is_shop)
    return TransactionRow(
        id=row.id,
        transaction_type=movement,
        amount_centi=-row.amount if is_debit else row.amount,
        balance_after_centi=row.debit_after if is_debit else row.credit_after,
        description=words.describe(movement),
        metadata={"op": str(row.op)},
        created_at=row.created_at,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    op: uuid.UUID
    debit: int
    credit: int
    amount: int
    debit_after: int | None
    credit_after: int | None
    code: str
    created_at: datetime
    is_shop: bool


def _read(accounts: Sequence[int], beyond: int, end: int, limit: int, way: Literal["up", "down"]) -> list[_Row]:
    """Transfers of these accounts by id, from beyond one id towards the other, without the ends. Each account gives its
    own first ones along its index, and the first of them all are shown. Pairs instead of "account = ..." and `OFFSET 0`
    keep it to that: a plan that is made for any account and limit might else read and filter the whole table."""
    with connection.cursor() as cursor:
        cursor.execute(_UP if way == "up" else _DOWN, {
            "accounts": list(accounts), "beyond": beyond, "end": end, "limit": limit,
        })  # fmt: skip
        return [_Row(*row) for row in cursor.fetchall()]


_UP = """
SELECT t.id, t.op, t.debit, t.credit, t.amount, t.debit_after, t.credit_after, t.code, t.created_at,
       t.code IN ('hold', 'earn') AND EXISTS (SELECT FROM credits_hold h WHERE h.op = t.op AND h.scope < 0)
  FROM (SELECT DISTINCT m.id FROM unnest(%(accounts)s::bigint[]) a (account), LATERAL (
            (SELECT d.id FROM credits_transfer d WHERE (d.debit, d.id) > (a.account, %(beyond)s::bigint)
                AND (d.debit, d.id) < (a.account, %(end)s::bigint) ORDER BY d.debit, d.id LIMIT %(limit)s::int)
            UNION ALL
            (SELECT c.id FROM credits_transfer c WHERE (c.credit, c.id) > (a.account, %(beyond)s::bigint)
                AND (c.credit, c.id) < (a.account, %(end)s::bigint) ORDER BY c.credit, c.id LIMIT %(limit)s::int)) m
         ORDER BY m.id LIMIT %(limit)s::int) page
  CROSS JOIN LATERAL (SELECT * FROM credits_transfer o WHERE o.id = page.id OFFSET 0) t ORDER BY t.id
"""
_DOWN = """
SELECT t.id, t.op, t.debit, t.credit, t.amount, t.debit_after, t.credit_after, t.code, t.created_at,
       t.code IN ('hold', 'earn') AND EXISTS (SELECT FROM credits_hold h WHERE h.op = t.op AND h.scope < 0)
  FROM (SELECT DISTINCT m.id FROM unnest(%(accounts)s::bigint[]) a (account), LATERAL (
            (SELECT d.id FROM credits_transfer d WHERE (d.debit, d.id) < (a.account, %(beyond)s::bigint)
                AND (d.debit, d.id) > (a.account, %(end)s::bigint)
              ORDER BY d.debit DESC, d.id DESC LIMIT %(limit)s::int)
            UNION ALL
            (SELECT c.id FROM credits_transfer c WHERE (c.credit, c.id) < (a.account, %(beyond)s::bigint)
                AND (c.credit, c.id) > (a.account, %(end)s::bigint)
              ORDER BY c.credit DESC, c.id DESC LIMIT %(limit)s::int)) m
         ORDER BY m.id DESC LIMIT %(limit)s::int) page
  CROSS JOIN LATERAL (SELECT * FROM credits_transfer o WHERE o.id = page.id OFFSET 0) t ORDER BY t.id DESC
"""

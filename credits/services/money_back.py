"""Money that goes back to who paid, and the debt that is left of it."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Literal

from django.conf import settings

from pairly.common.problems import IdempotencyConflict, NotFound
from pairly.common.sql import call_row, call_value

from .. import selectors
from ..types import Reinstated, TakenBack


def take_back(
    *,
    user_id: int,
    op_id: uuid.UUID,
    payment_uid: uuid.UUID,
    kind: Literal["refund", "dispute"],
    amount_minor: int,
    at: datetime,
) -> TakenBack:
    """Take back the credits of a payment of which `amount_minor` was refunded or disputed, once for each `op_id` (uuid5
    of the provider's refund or dispute).

    In this order: what is unspent of exactly that purchase, open holds that it funded (voided whole), the shared
    reserve, the buyer's debt. What creators earned stays theirs. Call it in the transaction that tells of the voided
    holds. Raises NotFound for a payment that was never credited, IdempotencyConflict.
    """
    request = f"money_back|{user_id}|{payment_uid}|{kind}|{amount_minor}"
    code, unspent, held, reserve, debt, holds = call_row(
        sql="SELECT code, unspent, held, reserve, debt, holds FROM credits_take_money_back(%s::bigint, %s::uuid, "
        "%s::bytea, %s::uuid, %s::text, %s::bigint, %s::timestamptz)",
        params=[user_id, op_id, _hash(request), payment_uid, kind, amount_minor, at],
    )
    _check(code)
    return TakenBack(
        unspent_centi=unspent, held_centi=held, reserve_centi=reserve, debt_centi=debt,
        hold_ids=list(holds), is_replay=code == "replayed",
    )  # fmt: skip


def reinstate(*, user_id: int, op_id: uuid.UUID, taken_op: uuid.UUID, at: datetime) -> Reinstated:
    """Undo what `taken_op` took for a dispute that was won; voided holds stay voided, their credits are the buyer's.
    Raises NotFound, IdempotencyConflict (also where another operation reinstated it)."""
    code, to_fan, to_debt, to_reserve = call_row(
        sql="SELECT code, to_fan, to_debt, to_reserve FROM credits_reinstate(%s::bigint, %s::uuid, %s::bytea, "
        "%s::uuid, %s::timestamptz)",
        params=[user_id, op_id, _hash(f"reinstate|{user_id}|{taken_op}"), taken_op, at],
    )
    _check(code)
    return Reinstated(
        to_fan_centi=to_fan, to_debt_centi=to_debt, to_reserve_centi=to_reserve, is_replay=code == "replayed"
    )


def repay_debt(*, user_id: int, at: datetime) -> int:
    """Put what the user has in paid credits towards their debt; returns how much. Call it after every way in."""
    return int(call_value(sql="SELECT credits_repay_debt(%s::bigint, %s::timestamptz)", params=[user_id, at]))


def repay_debts(*, at: datetime, limit: int = 500) -> int:
    """Debts of people who were given credits back meanwhile; returns how many were paid in part or whole."""
    return sum(repay_debt(user_id=owner, at=at) > 0 for owner in selectors.list_debtors_with_credits(limit=limit))


def fund_reserve(*, at: datetime) -> int:
    """Give the reserve its share of the fees (RESERVE_BASIS_POINTS); returns how much it got, in hundredths."""
    return int(
        call_value(
            sql="SELECT credits_fund_reserve(%s::int, %s::timestamptz)", params=[settings.RESERVE_BASIS_POINTS, at]
        )
    )


def _hash(request: str) -> bytes:
    return hashlib.sha256(request.encode()).digest()


def _check(code: str) -> None:
    if code == "not_found":
        raise NotFound()
    if code in ("conflict", "already_reinstated"):
        raise IdempotencyConflict()

"""Earnings on their way out. The row of the payout belongs to `payments`; here are its movements."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Literal, TypeAlias

from pairly.common.problems import IdempotencyConflict
from pairly.common.sql import call_row, call_value

from ..errors import DebtOutstanding, InsufficientEarnings

Step: TypeAlias = Literal["rejected", "sent", "unsent", "settled", "returned", "bounced"]
# Where money leaves from: our bank, or the balance that a provider keeps for us.
Source: TypeAlias = Literal["bank", "psp_clearing"]


def lock(*, user_id: int, op_id: uuid.UUID, amount_centi: int, at: datetime) -> None:
    """Set `amount_centi` of what has matured aside, once for each `op_id`. Raises InsufficientEarnings with what there
    is, DebtOutstanding, IdempotencyConflict."""
    request = f"payout|{user_id}|{amount_centi}"
    code, available = call_row(
        sql="SELECT code, available FROM credits_lock_payout(%s::bigint, %s::uuid, %s::bytea, %s::bigint, "
        "%s::timestamptz)",
        params=[user_id, op_id, _hash(request), amount_centi, at],
    )
    if code == "debt_outstanding":
        raise DebtOutstanding()
    if code == "insufficient_earnings":
        raise InsufficientEarnings(withdrawable_centi=available, amount_centi=amount_centi)
    if code == "conflict":
        raise IdempotencyConflict()


def step(
    *,
    user_id: int,
    op_id: uuid.UUID,
    name: Step,
    amount_centi: int,
    currency: str,
    amount_minor: int,
    at: datetime,
    source: Source = "bank",
    settled_op: uuid.UUID | None = None,
) -> bool:
    """What became of a locked payout: `rejected` or `sent`; after that `settled`, `returned` or `unsent` (it waits
    to be sent again); after `settled` maybe `bounced`. Which may follow is for the caller to know, with the row locked.

    `settled` takes the money from `source`; `bounced` puts it back to where the operation `settled_op` took it. Returns
    whether it was done now; raises IdempotencyConflict.
    """
    request = f"payout_{name}|{user_id}|{amount_centi}|{currency}|{amount_minor}"
    code = call_value(
        sql="SELECT credits_move_payout(%s::bigint, %s::uuid, %s::bytea, %s::text, %s::bigint, %s::text, %s::bigint, "
        "%s::text, %s::uuid, %s::timestamptz)",
        params=[user_id, op_id, _hash(request), name, amount_centi, currency, amount_minor, source, settled_op, at],
    )
    if code == "conflict":
        raise IdempotencyConflict()
    return bool(code == "")


def _hash(request: str) -> bytes:
    return hashlib.sha256(request.encode()).digest()

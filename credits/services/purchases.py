"""Credits that come in: bought, or given by the platform."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from pairly.common.problems import IdempotencyConflict
from pairly.common.sql import call_row, call_value

from ..types import Recorded


def record_purchase(
    *,
    user_id: int,
    op_id: uuid.UUID,
    credits_centi: int,
    currency: str,
    amount_minor: int,
    payment_uid: uuid.UUID,
    at: datetime | None = None,
) -> Recorded:
    """Credit a settled payment once, dated `at` (default: now), and repay with it what the buyer owes. `op_id` is uuid5
    of the provider's object; repeating it changes nothing. Call it in a transaction.

    Raises IdempotencyConflict when the same op was used for other numbers.
    """
    request = f"purchase|{user_id}|{credits_centi}|{currency}|{amount_minor}|{payment_uid}"
    code, balance = call_row(
        sql="SELECT code, balance FROM credits_purchase(%s::bigint, %s::uuid, %s::bytea, %s::bigint, %s::text, "
        "%s::bigint, %s::uuid, COALESCE(%s::timestamptz, now()))",
        params=[user_id, op_id, _hash(request), credits_centi, currency, amount_minor, payment_uid, at],
    )
    recorded = _recorded(code, balance)
    if recorded.is_replay:
        return recorded
    repaid = call_value(
        sql="SELECT credits_repay_debt(%s::bigint, COALESCE(%s::timestamptz, now()))", params=[user_id, at]
    )
    return Recorded(balance_centi=balance - int(repaid), is_replay=False)


def grant_promo(*, user_id: int, op_id: uuid.UUID, credits_centi: int, at: datetime | None = None) -> Recorded:
    """Give promo credits, dated `at` (default: now): spent first, never withdrawable. Raises IdempotencyConflict."""
    code, balance = call_row(
        sql="SELECT code, balance FROM credits_grant_promo(%s::bigint, %s::uuid, %s::bytea, %s::bigint, "
        "COALESCE(%s::timestamptz, now()))",
        params=[user_id, op_id, _hash(f"promo|{user_id}|{credits_centi}"), credits_centi, at],
    )
    return _recorded(code, balance)


def _hash(request: str) -> bytes:
    return hashlib.sha256(request.encode()).digest()


def _recorded(code: str, balance: int) -> Recorded:
    if code == "conflict":
        raise IdempotencyConflict()
    return Recorded(balance_centi=balance, is_replay=code == "replayed")

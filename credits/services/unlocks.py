"""What is bought at once: paid to the seller in the same moment, with caps, fee and maturing as for a message."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings

from pairly.common.problems import IdempotencyConflict
from pairly.common.sql import call_row

from .. import caps_selectors
from ..errors import spending_refusal
from ..types import Recorded


def unlock(
    *, op_id: uuid.UUID, user_id: int, payee_id: int, item: int, unlock: int, amount_centi: int, at: datetime
) -> Recorded:
    """Pay `payee_id` for the purchase `unlock` of the thing `item`, once for each `op_id`; it can be given back as a
    message's hold at scope -`item`, position `unlock`. Call it in the transaction that writes the purchase. Raises
    SpendingCapReached, CoolingOff, DebtOutstanding, InsufficientCredits, IdempotencyConflict."""
    code, balance = call_row(
        sql="SELECT code, balance FROM credits_unlock(%s::uuid, %s::bigint, %s::bigint, %s::bigint, %s::bigint, "
        "%s::bigint, %s::int, %s::timestamptz, %s::int, %s::int, %s::int)",
        params=[
            op_id, user_id, payee_id, item, unlock, amount_centi, settings.PLATFORM_FEE_BASIS_POINTS, at,
            settings.EARNINGS_MATURE_DAYS, settings.EARNINGS_MATURE_DAYS_NEW, settings.NEW_CREATOR_DAYS,
        ],
    )  # fmt: skip
    if code == "conflict":
        raise IdempotencyConflict()
    if code not in ("", "replayed"):
        more = caps_selectors.explain(user_id=user_id, code=code, amount_centi=amount_centi, at=at)
        raise spending_refusal(code=code, balance_centi=balance, cost_centi=amount_centi, **more)
    return Recorded(balance_centi=balance, is_replay=code == "replayed")

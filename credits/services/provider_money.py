"""Money between the platform's own accounts, as providers and banks report it."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Literal, TypeAlias

from pairly.common.problems import IdempotencyConflict
from pairly.common.sql import call_value

# Nobody's account acts here; operations need an actor.
PLATFORM = 0
Movement: TypeAlias = Literal["provider_fee", "provider_fee_back", "provider_payout", "provider_top_up"]


def record(*, op_id: uuid.UUID, movement: Movement, currency: str, amount_minor: int, at: datetime) -> bool:
    """Write down a movement once for each `op_id` (uuid5 of the provider's object); returns whether it was written now.
    Raises IdempotencyConflict."""
    request = hashlib.sha256(f"{movement}|{currency}|{amount_minor}".encode()).digest()
    code = call_value(
        sql="SELECT credits_move_money(%s::bigint, %s::uuid, %s::bytea, %s::text, %s::text, %s::bigint, "
        "%s::timestamptz)",
        params=[PLATFORM, op_id, request, movement, currency, amount_minor, at],
    )
    if code == "conflict":
        raise IdempotencyConflict()
    return bool(code == "")

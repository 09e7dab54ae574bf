"""Purchases: what is left of each, what it was spent on, and what became of its payment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from django.db import connection

from .models import Lot

# What a purchase's credits went to; `lost` is what a refund or a dispute of the payment took back.
Use: TypeAlias = Literal["messages", "shop", "debt", "lost"]
# Of the payment: `kept` is the usual one, `part_refunded` has some of its money back, `came_back` is a dispute won.
State: TypeAlias = Literal["kept", "part_refunded", "refunded", "disputed", "came_back"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LotRow:
    """A purchase in hundredths of a credit; `uses` holds what is not zero. `returned_minor` is the money that
    went back and stayed there, `owed_centi` what of its credits was spent already and made a debt."""

    id: int
    source: str
    amount_centi: int
    remaining_centi: int
    currency: str | None
    price_minor: int | None
    payment: uuid.UUID | None
    created_at: datetime
    state: State = "kept"
    returned_minor: int = 0
    owed_centi: int = 0
    uses: dict[Use, int] = field(default_factory=dict)


def list_lots(*, user_id: int, before_id: int | None = None, limit: int) -> list[LotRow]:
    """The user's purchases, newest first, before `before_id` if given. Three queries. Spending is laid to purchases
    twice a minute: the newest may be missing."""
    lots = Lot.objects.filter(account__owner=user_id).order_by("-id")
    found = list((lots.filter(id__lt=before_id) if before_id else lots)[:limit])
    ids = [lot.id for lot in found]
    uses, returns = _uses(ids), _returns(ids)
    return [_row(lot, uses.get(lot.id, {}), returns.get(lot.id, [])) for lot in found]


def _row(lot: Lot, uses: dict[Use, int], returns: list[dict[str, Any]]) -> LotRow:
    standing = [one for one in returns if not one["reinstated"]]
    returned_minor = sum(one["amount_minor"] for one in standing)
    return LotRow(
        id=lot.id,
        source=lot.source,
        amount_centi=lot.amount,
        remaining_centi=lot.remaining,
        currency=lot.currency,
        price_minor=lot.price_minor,
        payment=lot.payment,
        created_at=lot.created_at,
        state=_state(lot, returns, returned_minor),
        returned_minor=returned_minor,
        owed_centi=sum(one["debt"] for one in standing),
        uses=uses,
    )


def _state(lot: Lot, returns: list[dict[str, Any]], returned_minor: int) -> State:
    if any(one["kind"] == "dispute" and not one["reinstated"] for one in returns):
        return "disputed"
    if returned_minor:
        return "refunded" if returned_minor >= (lot.price_minor or 0) else "part_refunded"
    return "came_back" if returns else "kept"


def _uses(ids: Sequence[int]) -> dict[int, dict[Use, int]]:
    """By purchase. A use belongs to the hold it was made for, or returns from it; without one its movement says."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.lot, CASE WHEN h.scope > 0 THEN 'messages' WHEN h.scope < 0 THEN 'shop' "
            "WHEN t.code IN ('money_back', 'reinstated') THEN 'lost' WHEN t.code = 'debt_repaid' THEN 'debt' "
            "ELSE 'messages' END, sum(u.amount)::bigint FROM credits_lot_use u "
            "JOIN credits_transfer t ON t.id = u.transfer LEFT JOIN credits_hold h ON h.op = u.op "
            "WHERE u.lot = ANY(%s::bigint[]) GROUP BY 1, 2 HAVING sum(u.amount) <> 0 ORDER BY 1, 2",
            [list(ids)],
        )
        found: dict[int, dict[Use, int]] = {}
        for lot, use, amount in cursor.fetchall():
            found.setdefault(lot, {})[use] = amount
    return found


def _returns(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Refunds and disputes that the ledger has taken, by purchase, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lot, kind, amount_minor, debt, reinstated_op IS NOT NULL FROM credits_money_back "
            "WHERE lot = ANY(%s::bigint[]) ORDER BY id",
            [list(ids)],
        )
        found: dict[int, list[dict[str, Any]]] = {}
        for lot, kind, amount_minor, debt, reinstated in cursor.fetchall():
            row = {"kind": kind, "amount_minor": amount_minor, "debt": debt, "reinstated": reinstated}
            found.setdefault(lot, []).append(row)
    return found

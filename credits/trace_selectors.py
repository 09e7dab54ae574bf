"""What a purchase funded: reads along its lot. For services and selectors that know who may see them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import connection

from .models import Hold
from .types import LotSpending, VoidedHold


def list_voided(*, hold_ids: Sequence[int]) -> list[VoidedHold]:
    """These holds as those are told of that went back."""
    return [
        VoidedHold(
            id=h.id, op=h.op, actor=h.actor, payee=h.payee, scope=h.scope, position=h.position,
            amount_centi=h.paid + h.promo,
        )
        for h in Hold.objects.filter(id__in=hold_ids).order_by("id")
    ]  # fmt: skip


def list_spending(*, payment_uid: uuid.UUID) -> list[LotSpending]:
    """The messages and unlocks that the credits of one payment went into, the oldest first, as far as its lot is
    allocated. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT h.id, h.scope, h.position, h.actor, h.payee, h.state, h.created_at, h.settled_op, "
            "sum(u.amount) FILTER (WHERE u.amount > 0), sum(u.amount) "
            "FROM credits_lot l JOIN credits_lot_use u ON u.lot = l.id JOIN credits_hold h ON h.op = u.op "
            "WHERE l.payment = %s::uuid GROUP BY h.id ORDER BY h.id",
            [payment_uid],
        )
        rows = cursor.fetchall()
    return [
        LotSpending(
            hold_id=r[0], scope=r[1], position=r[2], actor=r[3], payee=r[4], state=r[5], created_at=r[6],
            settled_op=r[7], funded_centi=int(r[8]), spent_centi=int(r[9]),
        )
        for r in rows
    ]  # fmt: skip


def list_reversed_payments(*, payee_id: int, limit: int) -> list[uuid.UUID]:
    """Payments that were reversed, in whole or part, and of which something went to `payee_id`: the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.payment FROM credits_money_back b JOIN credits_lot l ON l.id = b.lot "
            "WHERE EXISTS (SELECT 1 FROM credits_lot_use u JOIN credits_hold h ON h.op = u.op "
            "WHERE u.lot = l.id AND h.payee = %s::bigint) GROUP BY l.payment ORDER BY max(b.id) DESC LIMIT %s::int",
            [payee_id, limit],
        )
        return [row[0] for row in cursor.fetchall()]

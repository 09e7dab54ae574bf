"""Holds near their deadline and past it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from ..types import ExpiringHold, VoidedHold


def void_overdue(*, at: datetime, limit: int = 200) -> list[VoidedHold]:
    """Give back up to `limit` open holds whose deadline is not after `at`. Safe in parallel and to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hold_id, hold_op, actor, payee, scope, position, amount "
            "FROM credits_void_overdue(%s::timestamptz, %s::int)",
            [at, limit],
        )
        rows = cursor.fetchall()
    return [
        VoidedHold(id=r[0], op=r[1], actor=r[2], payee=r[3], scope=r[4], position=r[5], amount_centi=r[6]) for r in rows
    ]


def tell_expiring(*, at: datetime, limit: int = 200) -> list[ExpiringHold]:
    """Up to `limit` open holds of which a quarter of the window, or 6 hours if that is less, is left at `at`; each is
    given once and never again, whatever becomes of what the caller does with it. Safe in parallel."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hold_id, actor, payee, scope, position, amount, expires_at "
            "FROM credits_tell_expiring(%s::timestamptz, %s::int)",
            [at, limit],
        )
        rows = cursor.fetchall()
    return [
        ExpiringHold(id=r[0], actor=r[1], payee=r[2], scope=r[3], position=r[4], amount_centi=r[5], expires_at=r[6])
        for r in rows
    ]

"""Holds past their deadline."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from ..types import VoidedHold


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

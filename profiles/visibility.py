"""Who may see whom: every read of other people's profiles goes through here."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from users.models import Block, Restriction, User

Row = TypeVar("Row", bound=Model)


def without_hidden(rows: QuerySet[Row], *, column: str) -> QuerySet[Row]:
    """`rows` whose user, in `column`, no restriction hides now."""
    hidden = Restriction.objects.filter(
        Q(until__isnull=True) | Q(until__gt=Now()),
        user_id=OuterRef(column),
        kind__in=["hide", "suspension"],
        lifted_at__isnull=True,
    )
    return rows.filter(~Exists(hidden))


def without_blocked(rows: QuerySet[Row], *, user: User | None, column: str) -> QuerySet[Row]:
    """`rows` whose user, in `column`, no block in either direction keeps from `user` (None: a visitor)."""
    if user is None:
        return rows
    blocked = Block.objects.filter(
        Q(blocker=user, blocked_id=OuterRef(column)) | Q(blocker_id=OuterRef(column), blocked=user)
    )
    return rows.filter(~Exists(blocked))


def visible_sql(*, column: str, viewer: str = "viewer") -> str:
    """Both rules as an SQL condition on `column`, for reads that are too hot for the ORM; `%(viewer)s` is the id of
    the user who looks, NULL for a visitor."""
    return f"""
        NOT EXISTS (SELECT FROM users_restriction r WHERE r.user_id = {column} AND r.kind IN ('hide', 'suspension')
                    AND r.lifted_at IS NULL AND (r.until IS NULL OR r.until > statement_timestamp()))
        AND NOT EXISTS (SELECT FROM users_block b WHERE b.blocker_id = %({viewer})s AND b.blocked_id = {column})
        AND NOT EXISTS (SELECT FROM users_block b WHERE b.blocked_id = %({viewer})s AND b.blocker_id = {column})"""  # noqa: S608 - names of columns, by the caller

"""The record of what was done, as staff and the people themselves read it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import QuerySet

from .models import AuditEntry

_CHUNK = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """Which entries are wanted; by default all. Days are whole days of UTC, both included.

    `action` is a dotted code or its beginning: "staff" fits "staff.case_viewed".
    """

    actor_uid: uuid.UUID | None = None
    subject_uid: uuid.UUID | None = None
    action: str = ""
    severity: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """One entry."""

    id: int
    uid: uuid.UUID
    created_at: datetime
    action: str
    severity: str
    severity_name: str
    actor_uid: uuid.UUID | None
    by_staff: bool
    subject_uid: uuid.UUID | None
    is_private_view: bool
    reason: str
    details: dict[str, Any]
    ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A look of staff at somebody's private data, for that person: never who it was, only in what role."""

    id: int
    created_at: datetime
    action: str
    role: str
    reason: str


def list_entries(*, wanted: AuditFilter, before_id: int | None = None, limit: int = 50) -> list[AuditRow]:
    """Entries that fit, newest first, before `before_id` if given: one query."""
    rows = _fitting(wanted)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_row(entry) for entry in rows.order_by("-pk")[:limit]]


def iterate_entries(*, wanted: AuditFilter, limit: int) -> Iterator[AuditRow]:
    """All entries that fit, newest first, at most `limit`, read in pieces: one query for every 500."""
    before_id, n_left = None, limit
    while n_left > 0 and (piece := list_entries(wanted=wanted, before_id=before_id, limit=min(_CHUNK, n_left))):
        yield from piece
        before_id, n_left = piece[-1].id, n_left - len(piece)


def list_accesses(*, subject_uid: uuid.UUID, before_id: int | None = None, limit: int = 30) -> list[Access]:
    """Who of staff looked at this person's private data, newest first, before `before_id` if given: one query.

    Looks at one's own data are none.
    """
    rows = AuditEntry.objects.filter(subject_uid=subject_uid, is_private_view=True).exclude(actor_uid=subject_uid)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [
        Access(
            id=entry.pk,
            created_at=entry.created_at,
            action=entry.action,
            role=str(entry.details.get("role", "")),
            reason=entry.reason,
        )
        for entry in rows.order_by("-pk")[:limit]
    ]


def _fitting(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.all()
    exact = {"actor_uid": wanted.actor_uid, "subject_uid": wanted.subject_uid, "severity": wanted.severity}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.action:
        rows = rows.filter(action__startswith=wanted.action)
    if wanted.since:
        rows = rows.filter(created_at__gte=datetime.combine(wanted.since, time.min, tzinfo=UTC))
    if wanted.until:
        rows = rows.filter(created_at__lte=datetime.combine(wanted.until, time.max, tzinfo=UTC))
    return rows


def _row(entry: AuditEntry) -> AuditRow:
    return AuditRow(
        id=entry.pk,
        uid=entry.uid,
        created_at=entry.created_at,
        action=entry.action,
        severity=entry.severity,
        severity_name=entry.get_severity_display(),
        actor_uid=entry.actor_uid,
        by_staff=entry.by_staff,
        subject_uid=entry.subject_uid,
        is_private_view=entry.is_private_view,
        reason=entry.reason,
        details=entry.details,
        ip=entry.ip or "",
    )

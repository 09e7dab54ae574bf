"""The record of what people, staff and the system did: written in the transaction of what it tells of."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.db import transaction

from .. import event_log
from ..models import AuditEntry
from ..types import Client

Severity = AuditEntry.Severity


def record(
    *,
    action: str,
    actor_uid: uuid.UUID | None = None,
    subject_uid: uuid.UUID | None = None,
    by_staff: bool = False,
    is_private_view: bool = False,
    severity: Severity = Severity.INFO,
    reason: str = "",
    details: dict[str, Any] | None = None,
    family: uuid.UUID | None = None,
    client: Client | None = None,
) -> AuditEntry:
    """Add an entry. `action` is a dotted code, `details` holds ids and codes, never a secret or private words.

    What is more than `info`, by staff or a view of private data is in the security log too, once the transaction
    commits.

    `is_private_view` needs an actor and a subject: the subject reads it under "who looked at my data".
    """
    entry = AuditEntry.objects.create(
        action=action,
        actor_uid=actor_uid,
        subject_uid=subject_uid,
        by_staff=by_staff,
        is_private_view=is_private_view,
        severity=severity,
        reason=reason,
        details=details or {},
        family=family,
        ip=(client.ip or None) if client else None,
    )
    if severity != Severity.INFO or by_staff or is_private_view:
        transaction.on_commit(lambda: _tell(entry), robust=True)
    return entry


def _tell(entry: AuditEntry) -> None:
    """Write the line of the security log: what was done, by whom and about whom. Words of staff stay in the entry."""
    event_log.write(
        action=entry.action,
        outcome="success",
        severity=cast(event_log.Severity, str(entry.severity)),
        user_uid=entry.actor_uid,
        ip=entry.ip or "",
        audit=str(entry.uid),
        subject=str(entry.subject_uid) if entry.subject_uid else None,
        by_staff=entry.by_staff,
        is_private_view=entry.is_private_view,
        family=str(entry.family) if entry.family else None,
    )

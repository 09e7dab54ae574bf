"""The record of what people, staff and the system did: written in the transaction of what it tells of."""

from __future__ import annotations

import uuid
from typing import Any

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

    `is_private_view` needs an actor and a subject: the subject reads it under "who looked at my data".
    """
    return AuditEntry.objects.create(
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

"""What staff did and looked at, in the record that people read about themselves too."""

from __future__ import annotations

import uuid
from typing import Any

from security.models import AuditEntry
from security.services import audit
from security.types import Client
from users.models import User
from users.types import SignIn

Severity = AuditEntry.Severity


def note_view(
    *,
    staff: User,
    sign_in: SignIn,
    client: Client,
    action: str,
    subject_uid: uuid.UUID | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Record that `staff` looked at something; with `subject_uid` it is a view of that person's private data.

    The person sees the time, the viewer's role at that time (`details["role"]`) and `reason`, never the name.
    """
    audit.record(
        action=action,
        actor_uid=staff.uid,
        subject_uid=subject_uid,
        by_staff=True,
        is_private_view=subject_uid is not None and subject_uid != staff.uid,
        reason=reason[:500],
        details={"role": role_of(staff), **(details or {})},
        family=sign_in.family,
        client=client,
    )


def note_deed(
    *,
    staff: User,
    action: str,
    subject_uid: uuid.UUID | None = None,
    reason: str = "",
    severity: Severity = Severity.NOTICE,
    details: dict[str, Any] | None = None,
    sign_in: SignIn | None = None,
    client: Client | None = None,
) -> None:
    """Record what `staff` did; call it in the transaction that does it."""
    audit.record(
        action=action,
        actor_uid=staff.uid,
        subject_uid=subject_uid,
        by_staff=True,
        severity=severity,
        reason=reason[:500],
        details={"role": role_of(staff), **(details or {})},
        family=sign_in.family if sign_in else None,
        client=client,
    )


def role_of(staff: User) -> str:
    """The groups of `staff` as one word or several, in alphabetical order."""
    return ", ".join(staff.groups.order_by("name").values_list("name", flat=True))

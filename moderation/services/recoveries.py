"""The cases of lost second factors. What happens to the request itself is the word of `users.services.recoveries`."""

from __future__ import annotations

import uuid

from users.models import User

from ..models import WorkItem
from . import work

Severity = WorkItem.Severity


def open_case(*, kind: str, ref: uuid.UUID, subject_uid: uuid.UUID) -> None:
    """Put a request into the queue, in the transaction that writes it down: somebody is locked out."""
    work.open_item(kind=kind, ref=ref, subject_uid=subject_uid, severity=Severity.HIGH)


def close_case(*, kind: str, ref: uuid.UUID) -> None:
    """Take it off the queue, in the transaction that cancels the request."""
    work.close_item(kind=kind, ref=ref, outcome="cancelled")


def leave_to_another(*, item: WorkItem, staff: User) -> None:
    """Keep a case open for a second person, in the transaction of its decision.

    Usually the queue does this itself. But whoever leaves a case to others without a word counts for it as the
    first person too, and the next one's approval, which is the first there is, would close it.
    """
    WorkItem.objects.filter(pk=item.pk).update(
        passed_by=staff, decided_by=None, decided_at=None, outcome="", taken_by=None, taken_until=None
    )

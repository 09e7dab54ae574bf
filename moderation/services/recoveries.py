"""The cases of lost second factors. What happens to the request itself is the word of `users.services.recoveries`."""

from __future__ import annotations

import uuid

from ..models import WorkItem
from . import work

Severity = WorkItem.Severity


def open_case(*, kind: str, ref: uuid.UUID, subject_uid: uuid.UUID) -> None:
    """Put a request into the queue, in the transaction that writes it down: somebody is locked out."""
    work.open_item(kind=kind, ref=ref, subject_uid=subject_uid, severity=Severity.HIGH)


def close_case(*, kind: str, ref: uuid.UUID) -> None:
    """Take it off the queue, in the transaction that cancels the request."""
    work.close_item(kind=kind, ref=ref, outcome="cancelled")

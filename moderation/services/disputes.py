"""The cases of disputes, about answers and about payments. What happens to the credits is the word of
`messaging.services.answers` and `payments.services.returns`."""

from __future__ import annotations

import uuid
from datetime import datetime

from . import work


def open_case(*, kind: str, ref: uuid.UUID, subject_uid: uuid.UUID, due_at: datetime | None = None) -> None:
    """Put a dispute into the queue, in the transaction that freezes or takes its credits."""
    work.open_item(kind=kind, ref=ref, subject_uid=subject_uid, due_at=due_at)


def reopen_case(*, kind: str, ref: uuid.UUID) -> None:
    """Put it back into the queue, in the transaction that writes down that the decision could not be done."""
    work.reopen_item(kind=kind, ref=ref)


def close_case(*, kind: str, ref: uuid.UUID, outcome: str) -> None:
    """Take it off the queue, in the transaction that ends it without staff."""
    work.close_item(kind=kind, ref=ref, outcome=outcome)

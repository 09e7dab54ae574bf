"""The deadline job: a paid message without an answer goes back to the fan."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from credits.services import deadlines as ledger

from .. import selectors
from . import delivery


def void_overdue_holds(*, at: datetime | None = None, limit: int = 200) -> int:
    """Give back up to `limit` overdue holds and tell both sides; returns how many. Safe to run twice."""
    voided = ledger.void_overdue(at=at or timezone.now(), limit=limit)
    delivery.push_refunds(refunds=selectors.list_refunds(voided=voided))
    return len(voided)

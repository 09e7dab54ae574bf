"""Writing to the outbox and delivering from it.

Delivery, claimed by one conditional UPDATE so that two workers never send the same row at once:
  1. claim: rows that are due get `deliver_at` moved ahead by the lease, `FOR UPDATE SKIP LOCKED`;
  2. the handler registered for the row's kind runs outside the transaction;
  3. success marks the row sent; failure keeps it pending with a doubling wait; after MAX_TRIES it is dead.
A crash between 2 and 3 repeats the delivery after the lease: handlers must bear that.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from .models import OutboxRow

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=30)
MAX_TRIES = 10

Handler = Callable[[uuid.UUID | None, dict[str, Any]], None]
_handlers: dict[str, Handler] = {}


def register_handler(*, kind: str, handler: Handler) -> None:
    """Name the function that delivers rows of `kind`; called from `AppConfig.ready()` of the app that renders."""
    _handlers[kind] = handler


def write(*, kind: str, payload: dict[str, Any], user_uid: uuid.UUID | None = None) -> OutboxRow:
    """Add a row inside the caller's transaction. `payload` holds ids and parameters, never a secret."""
    return OutboxRow.objects.create(kind=kind, payload=payload, user_uid=user_uid)


def claim(*, limit: int = 50) -> list[OutboxRow]:
    """Take rows that are due, for the length of LEASE."""
    now = timezone.now()
    with transaction.atomic():
        rows = list(
            OutboxRow.objects.select_for_update(skip_locked=True)
            .filter(state=OutboxRow.State.PENDING, deliver_at__lte=now, kind__in=list(_handlers))
            .order_by("deliver_at", "id")[:limit]
        )
        OutboxRow.objects.filter(pk__in=[row.pk for row in rows]).update(deliver_at=now + LEASE)
    return rows


def deliver_due(*, limit: int = 50) -> int:
    """Deliver what is due; returns how many rows were sent."""
    return sum(_deliver(row) for row in claim(limit=limit))


def _deliver(row: OutboxRow) -> bool:
    try:
        _handlers[row.kind](row.user_uid, row.payload)
    except Exception as error:  # any failure of a transport: keep the row and try later
        _postpone(row, error)
        return False
    OutboxRow.objects.filter(pk=row.pk).update(state=OutboxRow.State.SENT, sent_at=timezone.now())
    return True


def _postpone(row: OutboxRow, error: Exception) -> None:
    n_tries = row.n_tries + 1
    OutboxRow.objects.filter(pk=row.pk).update(
        n_tries=n_tries,
        last_error=type(error).__name__,
        state=OutboxRow.State.DEAD if n_tries >= MAX_TRIES else OutboxRow.State.PENDING,
        deliver_at=timezone.now() + FIRST_WAIT * 2 ** min(n_tries - 1, 10),
    )
    log.warning("outbox_failed", kind=row.kind, uid=str(row.uid), n_tries=n_tries, error=type(error).__name__)

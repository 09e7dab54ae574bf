"""Writing to the outbox and delivering from it.

Delivery, one row after another, each claimed under a row lock so that two workers never send the same row at once:
  1. claim: the row that is due first gets `deliver_at` moved ahead by the lease, `FOR UPDATE SKIP LOCKED`;
  2. the handler registered for the row's kind runs outside the transaction;
  3. success marks the row sent; failure keeps it pending with a doubling wait; after MAX_TRIES (more than four hours)
     it is dead: logged as an error and counted by `count_dead`.
A crash between 2 and 3 repeats the delivery after the lease (at least once): handlers must bear that. The lease is
longer than any one delivery, whose every step ends after EMAIL_TIMEOUT.

A transport that fails as a whole (no connection, no answer in time) is left alone for the rest of the run. So a server
that hangs costs a run one timeout, not one a row, and no row but one loses a try. A refusal of one mail holds up
nothing.
"""

from __future__ import annotations

import smtplib
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .models import OutboxRow

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=30)
MAX_TRIES = 10
# A row holds what its mail needs, an address and a device among it: so long it may help to look into a failure.
SENT_KEPT, DEAD_KEPT = timedelta(days=7), timedelta(days=90)

Handler = Callable[[uuid.UUID | None, dict[str, Any]], None]


class TryLater(Exception):
    """For handlers: not now, and not before `after_s` seconds, because the other side said so or does not answer."""

    def __init__(self, *, after_s: float = 0.0) -> None:
        super().__init__(after_s)
        self.after_s = after_s


class _Way(NamedTuple):
    """How rows of a kind are delivered, and by what they all are: what fails for one fails for all."""

    handler: Handler
    transport: str


_ways: dict[str, _Way] = {}


def register_handler(*, kind: str, handler: Handler, transport: str = "mail") -> None:
    """Name the function that delivers rows of `kind`; called from `AppConfig.ready()` of the app that renders."""
    _ways[kind] = _Way(handler, transport)


def write(
    *, kind: str, payload: dict[str, Any], user_uid: uuid.UUID | None = None, deliver_at: datetime | None = None
) -> OutboxRow:
    """Add a row inside the caller's transaction, to be delivered now or at `deliver_at`. `payload` holds ids and
    parameters, never a secret.

    Whether what waited so long still holds is for the handler to ask.
    """
    later = {"deliver_at": deliver_at} if deliver_at else {}
    return OutboxRow.objects.create(kind=kind, payload=payload, user_uid=user_uid, **later)


def write_each(*, kind: str, payloads: Mapping[uuid.UUID, dict[str, Any]], over: timedelta = timedelta(0)) -> None:
    """As `write`, a row for each person (by public id) in one statement, due one after another `over` so long: many
    at once would hold up what comes after them."""
    now, step = timezone.now(), over / max(len(payloads), 1)
    OutboxRow.objects.bulk_create(
        OutboxRow(kind=kind, payload=payload, user_uid=user_uid, deliver_at=now + number * step)
        for number, (user_uid, payload) in enumerate(payloads.items())
    )


def forget(*, user_uid: uuid.UUID) -> None:
    """Drop all rows of a person who is erased, sent or not: they may hold an address and names of devices."""
    OutboxRow.objects.filter(user_uid=user_uid).delete()


def claim(*, limit: int = 1, without: Collection[str] = ()) -> list[OutboxRow]:
    """Take rows that are due, for the length of LEASE; none that go by a transport named in `without`."""
    kinds = [kind for kind, way in _ways.items() if way.transport not in without]
    now = timezone.now()
    with transaction.atomic():
        rows = _list_due(kinds, limit)
        OutboxRow.objects.filter(pk__in=[row.pk for row in rows]).update(deliver_at=now + LEASE)
    return rows


def deliver_due(*, limit: int = 50) -> int:
    """Deliver what is due, at most `limit` rows; returns how many were sent."""
    n_sent = 0
    failed: set[str] = set()
    for _ in range(limit):
        rows = claim(without=failed)
        if not rows:
            break
        way = _ways[rows[0].kind]
        try:
            way.handler(rows[0].user_uid, rows[0].payload)
        except Exception as error:  # any failure of a delivery: keep the row and try later
            _postpone(rows[0], error)
            if _is_of_transport(error):
                failed.add(way.transport)
        else:
            n_sent += _pending(rows[0]).update(state=OutboxRow.State.SENT, sent_at=timezone.now())
    return n_sent


def retain() -> dict[str, int]:
    """Delete what was sent SENT_KEPT ago and what was given up DEAD_KEPT ago, with the addresses and devices in it;
    returns how many rows of each. Safe to run at any time.
    """
    now = timezone.now()
    sent = OutboxRow.objects.filter(state=OutboxRow.State.SENT, sent_at__lt=now - SENT_KEPT)
    dead = OutboxRow.objects.filter(state=OutboxRow.State.DEAD, deliver_at__lt=now - DEAD_KEPT)
    return {"sent": sent.delete()[0], "dead": dead.delete()[0]}


def count_dead() -> int:
    """How many rows were given up."""
    return OutboxRow.objects.filter(state=OutboxRow.State.DEAD).count()


def _list_due(kinds: list[str], limit: int) -> list[OutboxRow]:
    """What is due and held by nobody, locked until the transaction ends."""
    rows = OutboxRow.objects.select_for_update(skip_locked=True)
    due = rows.filter(state=OutboxRow.State.PENDING, deliver_at__lte=timezone.now(), kind__in=kinds)
    return list(due.order_by("deliver_at", "id")[:limit])


def _pending(row: OutboxRow) -> QuerySet[OutboxRow]:
    """The row, unless another worker, after the lease, has settled it: what is sent stays sent."""
    return OutboxRow.objects.filter(pk=row.pk, state=OutboxRow.State.PENDING)


def _is_of_transport(error: Exception) -> bool:
    """Whether other rows would meet the same failure: not if one mail or its recipient was refused."""
    one_mail = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
    return isinstance(error, OSError) and not isinstance(error, one_mail)


def _postpone(row: OutboxRow, error: Exception) -> None:
    n_tries = row.n_tries + 1
    wait = FIRST_WAIT * 2 ** min(n_tries - 1, 10)
    if isinstance(error, TryLater):
        wait = max(wait, timedelta(seconds=error.after_s))
    is_dead = n_tries >= MAX_TRIES
    n_rows = _pending(row).update(
        n_tries=n_tries,
        last_error=type(error).__name__,
        state=OutboxRow.State.DEAD if is_dead else OutboxRow.State.PENDING,
        deliver_at=timezone.now() + wait,
    )
    facts = {"kind": row.kind, "uid": str(row.uid), "n_tries": n_tries, "error": type(error).__name__}
    if is_dead and n_rows:
        log.error("outbox_dead", **facts)
    else:
        log.warning("outbox_failed", **facts)

"""Sending what organisations are told.

As the outbox does (`pairly.outbox.services`), one row after another: claimed under a row lock for LEASE, sent outside
the transaction, then settled, unless another worker has claimed it after the lease. A crash between repeats the call,
with the same event id: receivers drop what they know. Who does not take one is left alone for the rest of a run.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from pairly.common.after_commit import enqueue
from security.encryption import CannotDecrypt
from security.types import Client
from users.models import User
from users.types import SignIn

from ...models import Delivery
from ...services import trail
from .. import selectors
from ..constants import DELIVERIES_KEPT, FIRST_WAIT, LEASE, LONGEST_WAIT, MAX_TRIES, WAIT_FACTOR
from ..errors import DeliveryWaiting
from ..gateways import receivers
from . import notices, webhooks

log = structlog.get_logger(__name__)
State = Delivery.State


def send_due(*, limit: int = 50) -> int:
    """The job: send what is due, at most `limit` calls; returns how many were taken."""
    n_taken, silent = 0, set[int]()
    for _ in range(limit):
        row = claim(without=silent)
        if row is None:
            break
        if _send(row):
            n_taken += 1
        else:
            silent.add(row.webhook_id)
    return n_taken


def claim(*, without: Collection[int] = ()) -> Delivery | None:
    """The one that is due first, for the length of LEASE; none for the webhooks `without`."""
    now = timezone.now()
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(of=("self",), skip_locked=True).select_related(
            "webhook__organisation"
        )
        due = rows.filter(state=State.PENDING, next_at__lte=now, webhook__is_active=True)
        row = due.exclude(webhook__in=without).order_by("next_at", "pk").first()
        if row is not None:
            row.next_at = now + LEASE
            row.save(update_fields=["next_at"])
    return row


@transaction.atomic
def redeliver(*, user: User, webhook: uuid.UUID, uid: uuid.UUID) -> Delivery:
    """Send one again, which was taken or given up: at once, and for seven days more. Raises NotFound, Forbidden,
    DeliveryWaiting."""
    return _begin_anew(selectors.get_delivery(user=user, webhook=webhook, uid=uid, for_update=True))


@transaction.atomic
def resend(*, staff: User, sign_in: SignIn, client: Client, uid: uuid.UUID) -> Delivery:
    """Staff send again what was given up, with the same event id, so that who took it drops it. The organisation's own
    page and the audit log show it. Raises Forbidden without the permission, NotFound, DeliveryWaiting."""
    row = selectors.get_dead(staff=staff, uid=uid)
    trail.note_deed(
        staff=staff,
        action="webhook.resent",
        details={
            "organisation": str(row.webhook.organisation.uid),
            "webhook": str(row.webhook.uid),
            "delivery": str(row.uid),
            "event": row.event,
            "event_id": str(row.event_id),
            "n_tries": row.n_tries,
        },
        sign_in=sign_in,
        client=client,
    )
    return _begin_anew(row)


def _begin_anew(row: Delivery) -> Delivery:
    """The row is locked."""
    if row.state == State.PENDING:
        raise DeliveryWaiting
    row.state, row.n_tries, row.next_at, row.ended_at = State.PENDING, 0, timezone.now(), None
    row.save(update_fields=["state", "n_tries", "next_at", "ended_at"])
    enqueue(task="moderation.send_deliveries")
    return row


def retain(*, at: datetime) -> int:
    """The job: remove what was taken or given up long ago. Returns how many."""
    rows = Delivery.objects.filter(ended_at__lt=at - DELIVERIES_KEPT).exclude(state=State.PENDING)
    return rows.delete()[0]


def forget(*, user: User) -> None:
    """Drop what was told about somebody who is erased; what still waits is told, and goes when its time is over."""
    Delivery.objects.exclude(state=State.PENDING).filter(payload__data__user_id=str(user.uid)).delete()


def body_of(*, delivery: Delivery) -> bytes:
    """What is sent and signed: the same bytes at each try."""
    return json.dumps(delivery.payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def wait_after(*, n_tries: int) -> timedelta:
    """How long to wait after so many failed tries."""
    factor: int = WAIT_FACTOR ** min(n_tries - 1, 10)
    return min(FIRST_WAIT * factor, LONGEST_WAIT)


def _send(row: Delivery) -> bool:
    now = timezone.now()
    try:
        status = receivers.call(
            address=row.webhook.target_url,
            secrets=webhooks.open_secrets(webhook=row.webhook, at=now),
            event=row.event,
            event_id=row.event_id,
            body=body_of(delivery=row),
            at=now,
        )
    except receivers.Refused as refused:
        _postpone(row, refused.code, refused.status)
        return False
    except CannotDecrypt:
        _postpone(row, "secret", None)
        return False
    fields = {"state": State.DELIVERED, "next_at": None, "ended_at": timezone.now(), "last_error": ""}
    _settle(row, **fields, last_status=status)
    return True


@transaction.atomic
def _postpone(row: Delivery, error: str, status: int | None) -> None:
    now, n_tries = timezone.now(), row.n_tries + 1
    is_dead = n_tries >= MAX_TRIES
    when = {"next_at": None, "ended_at": now} if is_dead else {"next_at": now + wait_after(n_tries=n_tries)}
    state = State.DEAD if is_dead else State.PENDING
    is_ours = _settle(row, **when, state=state, last_error=error, last_status=status)
    facts = {"delivery": str(row.uid), "n_tries": n_tries, "error": error, "status": status}
    if is_dead and is_ours:
        log.error("webhook_dead", **facts)
        key = f"webhook:{row.webhook.uid}:{now:%Y-%m-%d}"
        notices.tell_managers(organisation=row.webhook.organisation, state="given_up", actor=None, key=key)
    else:
        log.warning("webhook_failed", **facts)


def _settle(row: Delivery, **fields: object) -> bool:
    """Unless somebody else has claimed it after the lease, or settled it."""
    claimed = Delivery.objects.filter(pk=row.pk, state=State.PENDING, next_at=row.next_at)
    return bool(claimed.update(n_tries=row.n_tries + 1, **fields))

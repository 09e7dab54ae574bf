"""What the other apps report, for scoring. The one door to `SecurityEvent`.

A report is one INSERT in its caller's transaction, below a savepoint: it exists where what it tells of exists, and when
it fails it fails alone. Messages are not reported as they are sent: their path stays as it was, and `report_from` reads
the ledger's rows a minute later, many at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from .. import event_log
from ..client_ip import network_of
from ..disposable_mail import is_disposable
from ..identifiers import keyed
from ..ip_networks import locate
from ..models import EventCursor, SecurityEvent
from ..types import Card, Client, Spending

log = structlog.get_logger(__name__)

Kind = SecurityEvent.Kind


def report(
    *,
    kind: SecurityEvent.Kind,
    user_uid: uuid.UUID,
    joined_at: datetime | None,
    client: Client | None = None,
    device: str = "",
    card: Card | None = None,
    bank_key: bytes | None = None,
    amount_centi: int = 0,
    counterpart_uid: uuid.UUID | None = None,
    ref: uuid.UUID | None = None,
    at: datetime | None = None,
    **facts: bool | int | str,
) -> None:
    """Tell of one event; never raises for the database. `joined_at`: since when the account exists.

    `client` is who asks, by default the sender of the request that is being answered; `device` the fingerprint that
    the client keeps; `ref` names what is told, so that telling it again does nothing. `facts` are flags, numbers and
    codes. Address, fingerprint and card are kept as keyed hashes.
    """
    ip = client.ip if client else event_log.source_ip()
    place = locate(ip=ip)
    _write(
        [
            SecurityEvent(
                kind=kind,
                user_uid=user_uid,
                joined_at=joined_at,
                counterpart_uid=counterpart_uid,
                device_key=keyed(what="device", value=device),
                ip_key=keyed(what="ip", value=network_of(ip=ip) if ip else ""),
                country=place.country,
                network=place.network,
                is_hosting=place.is_hosting,
                card_key=keyed(what="card", value=card.fingerprint) if card else None,
                card_country=card.country if card else "",
                bank_key=bank_key,
                amount_centi=amount_centi,
                facts=facts,
                ref=ref,
                created_at=at or timezone.now(),
            )
        ]
    )


def report_sign_up(*, user_uid: uuid.UUID, joined_at: datetime, email: str, client: Client, device: str) -> None:
    """A new account; of its address is kept whether it is one to throw away."""
    kept = is_disposable(email=email)
    report(
        kind=Kind.SIGN_UP, user_uid=user_uid, joined_at=joined_at, client=client, device=device, disposable_mail=kept
    )


def report_sign_in(
    *, user_uid: uuid.UUID, joined_at: datetime, client: Client, device: str, is_new_device: bool, door: str
) -> None:
    """A sign-in that succeeded, on a device that is new to the account or not."""
    for kind in (Kind.SIGN_IN, Kind.DEVICE)[: 2 if is_new_device else 1]:
        report(kind=kind, user_uid=user_uid, joined_at=joined_at, client=client, device=device, door=door)


@transaction.atomic
def report_from(*, source: str, last: int, read: Callable[[int, int], Sequence[Spending]], limit: int) -> int:
    """Report rows of another app by their numbers, once each: those above the last run's up to what that run saw as
    the last (`last` is now's), at most `limit` numbers. Returns how many events were made.

    A number that was given before the last run belongs by now to a committed row or to none, as long as runs are
    farther apart than transactions are long; so none is passed over. Two runs take turns.
    """
    EventCursor.objects.get_or_create(name=source)
    cursor = EventCursor.objects.select_for_update().get(name=source)
    end = min(cursor.seen, cursor.position + limit)
    rows = list(read(cursor.position, end)) if end > cursor.position else []
    SecurityEvent.objects.bulk_create(_spent(row) for row in rows)
    cursor.position, cursor.seen = end, max(last, cursor.seen)
    cursor.save(update_fields=["position", "seen"])
    return len(rows)


def _spent(row: Spending) -> SecurityEvent:
    return SecurityEvent(
        kind=Kind.SPEND,
        user_uid=row.user_uid,
        joined_at=row.joined_at,
        counterpart_uid=row.payee_uid,
        amount_centi=row.amount_centi,
        promo_centi=row.promo_centi,
        n=row.n,
        created_at=row.at,
    )


def _write(rows: list[SecurityEvent]) -> None:
    try:
        with transaction.atomic():
            SecurityEvent.objects.bulk_create(rows, ignore_conflicts=True)
    except DatabaseError as error:
        log.error("event_not_reported", kind=rows[0].kind, error=type(error).__name__)

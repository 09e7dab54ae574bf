"""What organisations hear of: written into `Delivery` in the transaction of what happened, sent after it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import timezone

from moderation import events
from pairly.common.after_commit import enqueue

from ...certificates import documents
from ...models import Certificate, Delivery, Representation, Webhook
from .. import selectors
from ..constants import EXPIRED_WITHIN

_EVENT_IDS = uuid.UUID("6f0f6e0e-9a55-5cf5-9a0b-6d61c0a2d7b1")


def certificate_changed(*, certificate: Certificate, event: str) -> None:
    """Tell who represents its holder."""
    agreed = Representation.objects.filter(creator=certificate.user, accepted_at__isnull=False)
    organisations = list(agreed.values_list("organisation", flat=True))
    _write(organisations, event, certificate.code, _about(certificate))


def representation_changed(*, representation: Representation, event: str) -> None:
    """Tell the organisation."""
    data = {"representation_id": str(representation.uid), "user_id": str(representation.creator.uid)}
    _write([representation.organisation_id], event, str(representation.uid), data)


def tell_expired(*, at: datetime) -> int:
    """The job: certificates whose time ended within EXPIRED_WITHIN; each is told of once. Returns how many."""
    found = selectors.list_expired(since=at - EXPIRED_WITHIN, until=at)
    for certificate in found:
        events.certificate_changed(certificate=certificate, event="certificate.expired")
    return len(found)


def _about(certificate: Certificate) -> dict[str, Any]:
    return {
        "code": certificate.code,
        "url": documents.url_of(code=certificate.code),
        "user_id": str(certificate.user.uid),
        "level": certificate.level,
        "issued_at": certificate.issued_at.isoformat(),
        "expires_at": certificate.expires_at.isoformat(),
        "revoked_at": certificate.revoked_at.isoformat() if certificate.revoked_at else None,
        "reason": certificate.revoked_because,
    }


def _write(organisations: Collection[int], event: str, ref: str, data: dict[str, Any]) -> None:
    """A row for each address that wants it. The same event of the same thing is one event: written twice, it is sent
    once."""
    if not organisations:
        return
    now, event_id = timezone.now(), uuid.uuid5(_EVENT_IDS, f"{event}:{ref}")
    facts = {"id": str(event_id), "type": event, "created_at": now.isoformat(), "data": data}
    wanting = Webhook.objects.filter(organisation__in=organisations, is_active=True, events__contains=[event])
    rows = [
        Delivery(
            webhook=webhook,
            event=event,
            event_id=event_id,
            payload={**facts, "organisation_id": str(webhook.organisation.uid)},
            next_at=now,
        )
        for webhook in wanting.select_related("organisation").order_by("pk")
    ]
    if rows:
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        enqueue(task="moderation.send_deliveries")

"""The deadline jobs: a paid message without an answer goes back to the fan, and both hear of it before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from credits.services import deadlines as ledger
from credits.types import VoidedHold
from pairly.common.after_commit import push_all

from .. import events, selectors
from . import delivery, telling


def void_overdue_holds(*, at: datetime | None = None, limit: int = 200) -> int:
    """Give back up to `limit` overdue holds and tell both sides; returns how many. Safe to run twice."""
    voided = ledger.void_overdue(at=at or timezone.now(), limit=limit)
    delivery.push_refunds(refunds=selectors.list_refunds(voided=voided))
    telling.tell_of_refunds(voided=voided, at=at)
    return len(voided)


def tell_of_reversed_holds(*, voided: Sequence[VoidedHold], at: datetime) -> None:
    """Hook of `credits.registry`: tell both sides of holds that went back because their payment was reversed. In the
    transaction that took the credits; open pages hear of it after the commit."""
    telling.tell_of_refunds(voided=voided, at=at, why="reversed")
    refunds = selectors.list_refunds(voided=voided)
    transaction.on_commit(lambda: delivery.push_refunds(refunds=refunds), robust=True)


def tell_expiring_holds(*, at: datetime | None = None, limit: int = 200) -> int:
    """Tell both sides of up to `limit` holds that go back soon; returns of how many. Once a hold: what a crash or a
    missing Redis swallows is not repeated, the deadline stands beside the message anyway."""
    expiring = ledger.tell_expiring(at=at or timezone.now(), limit=limit)
    places = selectors.list_places(ids={hold.scope for hold in expiring})
    pushes = []
    for hold in expiring:
        if (place := places.get(hold.scope)) is not None:
            frame = events.hold_expiring(
                conversation=place.uid, n=hold.position, amount_centi=hold.amount_centi, expires_at=hold.expires_at
            )
            pushes += [(place.low_uid, frame), (place.high_uid, frame)]
    push_all(pushes=pushes)
    return len(expiring)

"""What somebody may not do for a while, short of a suspension. Who reads the rows keeps to `until` by themselves."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from ..models import Restriction, User

Kind = Restriction.Kind


def restrict(
    *,
    user: User,
    kind: str,
    until: datetime | None,
    reasons: Sequence[str],
    scope: str,
    case_ref: uuid.UUID,
) -> Restriction:
    """Mute, hide or hold the payouts of `user` until a time (None: until it is lifted), in the caller's transaction.

    Raises ValueError for a suspension, which has a service of its own.
    """
    if kind == Kind.SUSPENSION:
        raise ValueError(kind)
    return Restriction.objects.create(
        user=user, kind=kind, until=until, reasons=list(reasons), scope=scope, case_ref=case_ref
    )


def lift(*, user: User, case_ref: uuid.UUID) -> bool:
    """End what the case `case_ref` restricts, suspensions aside. Returns whether something was in force."""
    rows = Restriction.objects.filter(user=user, case_ref=case_ref, lifted_at__isnull=True)
    return rows.exclude(kind=Kind.SUSPENSION).update(lifted_at=timezone.now()) > 0


def is_suspended(*, user: User) -> bool:
    """Whether a suspension is in force."""
    rows = Restriction.objects.filter(user=user, kind=Kind.SUSPENSION, lifted_at__isnull=True)
    return rows.filter(Q(until__isnull=True) | Q(until__gt=timezone.now())).exists()

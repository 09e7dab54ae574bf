"""What staff see of a person beside a case. Who shows it records the look."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from security.models import KnownDevice, LoginAttempt
from users.models import Restriction, Session, User

_RECENT = timedelta(days=30)
_Outcome = LoginAttempt.Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """A person in figures; the attempts are those of the last 30 days."""

    uid: uuid.UUID
    name: str
    role: str
    is_active: bool
    is_staff: bool
    verification: str
    created_at: datetime
    restrictions: list[str]
    n_devices: int
    n_sessions: int
    n_signed_in: int
    n_failed: int


def find_panel(*, uid: uuid.UUID | None) -> Panel | None:
    """The person with this public id, active or not: five queries."""
    user = User.objects.filter(uid=uid).first() if uid else None
    if user is None:
        return None
    now = timezone.now()
    restrictions = Restriction.objects.filter(user=user, lifted_at__isnull=True).filter(
        Q(until__isnull=True) | Q(until__gt=now)
    )
    attempts = LoginAttempt.objects.filter(user_uid=user.uid, created_at__gte=now - _RECENT).aggregate(
        good=Count("id", filter=Q(outcome=_Outcome.SUCCEEDED)),
        bad=Count("id", filter=Q(outcome__in=[_Outcome.FAILED, _Outcome.REFUSED])),
    )
    live = Session.objects.filter(user=user, parent__isnull=True, ended_at__isnull=True, expires_at__gt=now)
    return Panel(
        uid=user.uid,
        name=user.name,
        role=user.get_role_display(),
        is_active=user.is_active,
        is_staff=user.is_staff,
        verification=user.get_verification_level_display(),
        created_at=user.created_at,
        restrictions=[restriction.get_kind_display() for restriction in restrictions],
        n_devices=KnownDevice.objects.filter(user_uid=user.uid, forgotten_at__isnull=True).count(),
        n_sessions=live.count(),
        n_signed_in=attempts["good"],
        n_failed=attempts["bad"],
    )

"""Reads about the browsers that want to be woken. One is awake while the sign-in lives that registered it."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from pairly.common.problems import NotFound

from .models import PushDevice, Session, User
from .types import PushDeviceRow


def list_push_devices(*, user: User, family: uuid.UUID) -> list[PushDeviceRow]:
    """The browsers of `user` that are woken, that of the sign-in `family` first, then the newest: one query."""
    rows = [_row(device, family) for device in _awake().filter(user=user).order_by("-created_at", "-pk")]
    return sorted(rows, key=lambda row: not row.is_current)


def get_push_device(*, user: User, family: uuid.UUID, uid: uuid.UUID) -> PushDeviceRow:
    """One of them; raises NotFound, also for somebody else's."""
    device = _awake().filter(user=user, pk=uid).first()
    if device is None:
        raise NotFound
    return _row(device, family)


def list_wakeable(*, user_uid: uuid.UUID) -> list[uuid.UUID]:
    """Which devices of a person a push goes to."""
    return list(_awake().filter(user__uid=user_uid).order_by("pk").values_list("pk", flat=True))


def find_wakeable(*, user_uid: uuid.UUID, uid: uuid.UUID) -> PushDevice | None:
    """One of them, with its address; for the delivery only."""
    return _awake().filter(user__uid=user_uid, pk=uid).first()


def silent_push_devices() -> QuerySet[PushDevice]:
    """Those whose sign-in is over: of no use any more."""
    return PushDevice.objects.exclude(Exists(_live_sign_ins()))


def _awake() -> QuerySet[PushDevice]:
    return PushDevice.objects.filter(Exists(_live_sign_ins()), user__is_active=True)


def _live_sign_ins() -> QuerySet[Session]:
    """The sign-in of the device in the outer query, unless it is over, kept to privacy or another person's."""
    return Session.objects.filter(
        pk=OuterRef("family"),
        user=OuterRef("user"),
        parent__isnull=True,
        ended_at__isnull=True,
        expires_at__gt=timezone.now(),
        limit=Session.Limit.NONE,
    )


def _row(device: PushDevice, family: uuid.UUID) -> PushDeviceRow:
    return PushDeviceRow(
        uid=device.pk,
        name=device.name,
        created_at=device.created_at,
        pushed_at=device.pushed_at,
        is_current=device.family == family,
    )

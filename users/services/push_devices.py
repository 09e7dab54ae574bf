"""Browsers that want to be woken when there is news, and waking them.

Who tells somebody of something writes one row of the outbox, of kind PUSH_KIND with their `user_uid`. Its delivery
writes one row for each of their devices, so that a service that fails delays no other and no device is woken twice
because of another.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from pairly.common.problems import NotFound
from pairly.outbox import services as outbox
from security import limits
from security.types import Client
from security.user_agents import name_of

from .. import push_selectors
from ..constants import (
    PUSH_CHANGES_PER_MINUTE,
    PUSH_DEVICES_MAX,
    PUSH_KIND,
    PUSH_NAME_MAX,
    PUSH_TESTS_PER_MINUTE,
    PUSH_TRIED,
)
from ..errors import PushEndpointRefused, TooManyPushDevices
from ..gateways import web_push
from ..models import PushDevice, User
from ..types import PushDeviceRow, PushSwitch, SignIn
from . import entrance

log = structlog.get_logger(__name__)


def register(*, user: User, sign_in: SignIn, endpoint: str, client: Client, name: str = "") -> PushDeviceRow:
    """Wake the browser behind `endpoint` from now on, for as long as this sign-in lives.

    The same address again is the same device: its name and its sign-in change. Two people who share a browser share
    its address, so it goes to who registers it last. Raises PushEndpointRefused, TooManyPushDevices, RateLimited, or
    NotFound when the sign-in has just ended.
    """
    _limit("push-device", user, PUSH_CHANGES_PER_MINUTE)
    web_push.check(endpoint=endpoint)
    hashed = hashlib.sha256(endpoint.encode()).digest()
    device = PushDevice(
        user=user,
        family=sign_in.family,
        endpoint=endpoint,
        endpoint_sha256=hashed,
        name=(name or name_of(user_agent=client.user_agent))[:PUSH_NAME_MAX],
        created_at=Now(),
    )
    with transaction.atomic():
        entrance.hold(user=user)  # so that two new ones at once cannot both be the last that fits
        PushDevice.objects.filter(endpoint_sha256=hashed).exclude(user=user).delete()
        _make_room(user, hashed)
        PushDevice.objects.bulk_create(
            [device],
            update_conflicts=True,
            unique_fields=["endpoint_sha256"],
            update_fields=["user", "family", "name", "created_at"],
        )
        stored = PushDevice.objects.get(endpoint_sha256=hashed)
        return push_selectors.get_push_device(user=user, family=sign_in.family, uid=stored.pk)


def remove(*, user: User, uid: uuid.UUID) -> None:
    """Let a device sleep. Raises NotFound, also for somebody else's."""
    if not PushDevice.objects.filter(user=user, pk=uid).delete()[0]:
        raise NotFound


def test(*, user: User, sign_in: SignIn, uid: uuid.UUID) -> None:
    """Wake one device to see that it works. Raises NotFound, also for somebody else's, or RateLimited."""
    device = push_selectors.get_push_device(user=user, family=sign_in.family, uid=uid)
    _limit("push-test", user, PUSH_TESTS_PER_MINUTE)
    _write_rows(user.uid, [device.uid])


def get_switch(*, user: User, family: uuid.UUID) -> PushSwitch:
    """What the switch of this browser needs to know: one query."""
    devices = push_selectors.list_push_devices(user=user, family=family)
    own = next((device for device in devices if device.is_current), None)
    return PushSwitch(public_key=web_push.public_key(), device=own)


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """The outbox's handler: wake one device, or have all of a person's woken. A push that comes twice is one: the
    service and the browser put the second in the place of the first.
    """
    if user_uid is None:
        return
    if "device" not in payload:
        _write_rows(user_uid, push_selectors.list_wakeable(user_uid=user_uid))
    elif timezone.now() < datetime.fromisoformat(payload["until"]):
        _wake(user_uid, uuid.UUID(payload["device"]))


def _wake(user_uid: uuid.UUID, uid: uuid.UUID) -> None:
    device = push_selectors.find_wakeable(user_uid=user_uid, uid=uid)
    if device is None:
        return
    same = PushDevice.objects.filter(pk=device.pk)
    try:
        is_known = web_push.send(endpoint=device.endpoint)
    except PushEndpointRefused:  # registered when the list of services was another one
        is_known = False
    if is_known:
        same.update(pushed_at=timezone.now())
    else:
        same.delete()
        log.info("push_device_gone", device=str(device.pk))


def _write_rows(user_uid: uuid.UUID, devices: list[uuid.UUID]) -> None:
    until = (timezone.now() + PUSH_TRIED).isoformat()
    with transaction.atomic():
        for uid in devices:
            outbox.write(kind=PUSH_KIND, user_uid=user_uid, payload={"device": str(uid), "until": until})


def _make_room(user: User, hashed: bytes) -> None:
    others = PushDevice.objects.filter(user=user).exclude(endpoint_sha256=hashed)
    if others.count() < PUSH_DEVICES_MAX:
        return
    others.filter(pk__in=push_selectors.silent_push_devices().filter(user=user).values("pk")).delete()
    if others.count() >= PUSH_DEVICES_MAX:
        raise TooManyPushDevices


def _limit(name: str, user: User, per_minute: int) -> None:
    limits.require(name=name, key=str(user.uid), limit=per_minute, window_s=60)

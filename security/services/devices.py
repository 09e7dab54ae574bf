"""Known devices: what someone signed in with before.

A browser is known by a random cookie, an app by a fingerprint that it keeps; both are stored hashed. A client
that sends neither is known by its user agent and network, which anyone can imitate: that spares its owner mails,
but gives no lockout of its own.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from django.utils import timezone

from pairly.common.problems import NotFound

from ..client_ip import network_of
from ..constants import DEVICE_SEEN_STEP, STRONG_FINGERPRINT_MIN
from ..models import KnownDevice
from ..types import Client

NOBODY = uuid.UUID(int=0)


def find(*, user_uid: uuid.UUID | None, fingerprint: str, client: Client) -> KnownDevice | None:
    """The device, if this account (None: no account) was used on it before and it was not forgotten."""
    hashed = hash_of(fingerprint=fingerprint, client=client)
    return KnownDevice.objects.filter(
        user_uid=user_uid or NOBODY, fingerprint_sha256=hashed, forgotten_at__isnull=True
    ).first()


def is_strong(*, fingerprint: str) -> bool:
    """Whether a fingerprint is too long to be guessed; only such a device has a lockout of its own."""
    return len(fingerprint) >= STRONG_FINGERPRINT_MIN


def remember(
    *, user_uid: uuid.UUID, fingerprint: str, client: Client, name: str = "", is_trusted: bool = False
) -> bool:
    """Note a successful sign-in on a device, as part of the caller's transaction; returns whether it is new."""
    now = timezone.now()
    device, is_new = KnownDevice.objects.get_or_create(
        user_uid=user_uid,
        fingerprint_sha256=hash_of(fingerprint=fingerprint, client=client),
        defaults={"created_at": now, "trusted_at": now if is_trusted else None, **_seen(client, name, now)},
    )
    if is_new:
        return True
    was_forgotten = device.forgotten_at is not None
    fields = _seen(client, name, now)
    if is_trusted and (device.trusted_at is None or was_forgotten):
        fields["trusted_at"] = now
    elif was_forgotten:
        fields["trusted_at"] = None
    if was_forgotten or "trusted_at" in fields or device.last_seen_at < now - DEVICE_SEEN_STEP:
        KnownDevice.objects.filter(pk=device.pk).update(forgotten_at=None, **fields)
    return was_forgotten


def hash_of(*, fingerprint: str, client: Client) -> bytes:
    """What a device is known by: the hash of its fingerprint, or of what stands in for a missing one. The prefix
    keeps the two apart."""
    if fingerprint:
        known_by = f"fingerprint:{fingerprint}"
    else:
        known_by = f"client:{client.user_agent}\n{network_of(ip=client.ip) if client.ip else ''}"
    return hashlib.sha256(known_by.encode()).digest()


def forget(*, user_uid: uuid.UUID, device_uid: uuid.UUID) -> None:
    """A device of this account is known no more: it loses its own lockout and its trust, and its next sign-in is
    one of a new device. Its sign-ins go on. Raises NotFound, also for somebody else's."""
    device = _get(user_uid, device_uid)
    KnownDevice.objects.filter(pk=device.pk).update(forgotten_at=timezone.now(), trusted_at=None)


def trust(*, user_uid: uuid.UUID, device_uid: uuid.UUID) -> None:
    """Trust a device of this account: on the road, in other networks, it is asked for more proof less often.
    Raises NotFound, also for somebody else's."""
    device = _get(user_uid, device_uid)
    KnownDevice.objects.filter(pk=device.pk, trusted_at__isnull=True, forgotten_at__isnull=True).update(
        trusted_at=timezone.now()
    )


def _seen(client: Client, name: str, now: datetime) -> dict[str, object]:
    """A sign-in that names no device leaves the name of before."""
    seen: dict[str, object] = {"user_agent": client.user_agent, "ip": client.ip or None, "last_seen_at": now}
    return {**seen, "name": name} if name else seen


def _get(user_uid: uuid.UUID, device_uid: uuid.UUID) -> KnownDevice:
    device = KnownDevice.objects.filter(user_uid=user_uid, uid=device_uid, forgotten_at__isnull=True).first()
    if device is None:
        raise NotFound
    return device

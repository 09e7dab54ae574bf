"""Reads of keys, their logs and backups. Fetching is authorizing: what `user` may not see is not found."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Max
from django.utils import timezone

from pairly.common.clock import from_ms
from pairly.common.problems import NotFound
from users.block_selectors import is_blocked
from users.models import Session, User

from .models import Conversation, DeviceApproval, Key, KeyBackup, KeyStatement, SessionDevice
from .protocol.base64url import b64u_encode


@lru_cache(maxsize=20_000)
def _device_public(kid: bytes) -> tuple[int, bytes]:
    """(owner, public) of a device key. Keys never change under their kid; only hits are cached."""
    row = Key.objects.filter(kid=kid, role=Key.Role.DEVICE).values_list("user_id", "public").first()
    if row is None:
        raise LookupError(kid.hex())
    return row[0], bytes(row[1])


def find_device_key(*, kid: bytes, user_id: int) -> bytes | None:
    """The Ed25519 public key of a device of this user, active or revoked."""
    try:
        owner, public = _device_public(kid)
    except LookupError:
        return None
    return public if owner == user_id else None


def find_device_key_of(*, kid: bytes, user_uid: uuid.UUID) -> Key | None:
    """A device key of this user, active or revoked; for who checks what was signed with it long ago."""
    return Key.objects.filter(kid=kid, role=Key.Role.DEVICE, user__uid=user_uid).first()


def is_key_known(*, kid: bytes) -> bool:
    return Key.objects.filter(kid=kid).exists()


def is_key_active(*, kid: bytes) -> bool:
    return Key.objects.filter(kid=kid, active=True).exists()


def find_active_key(*, kid: bytes, user_id: int) -> Key | None:
    return Key.objects.filter(kid=kid, user_id=user_id, active=True).first()


def count_active_devices(*, user_id: int) -> int:
    return Key.objects.filter(user_id=user_id, role=Key.Role.DEVICE, active=True).count()


def list_bound_families(*, kid: bytes) -> list[uuid.UUID]:
    """Sign-ins that speak for a key device."""
    return list(SessionDevice.objects.filter(key_id=kid).values_list("family", flat=True))


def find_bound_kid(*, family: uuid.UUID) -> bytes | None:
    """The key device of a sign-in."""
    kid = SessionDevice.objects.filter(family=family).values_list("key_id", flat=True).first()
    return bytes(kid) if kid is not None else None


def lock_key_log(*, user_id: int) -> None:
    """Serialise changes to one user's key log until the transaction ends."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user_id)


def find_identity_fingerprint(*, user: User) -> str | None:
    """SHA-256, in hexadecimal, of somebody's identity key in force; None before they have one."""
    key = Key.objects.filter(user=user, role=Key.Role.IDENTITY, active=True).first()
    return hashlib.sha256(bytes(key.public)).hexdigest() if key else None


def find_last_statement(*, user_id: int) -> KeyStatement | None:
    return KeyStatement.objects.filter(user_id=user_id).order_by("-log_no", "-seq").first()


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPage:
    """Some of a key log, the oldest first."""

    log_no: int
    entries: list[KeyStatement]


def list_statements(*, user: User, owner_uid: uuid.UUID, after_seq: int, log_no: int | None = None) -> LogPage:
    """The public key log of a user from `after_seq` on, 500 at most; nothing where a block hides it from `user`.

    An identity reset starts a new log: `log_no` names an older one (None: the current one), so that what was signed
    before can still be checked.
    """
    owner = User.objects.filter(uid=owner_uid).only("pk").first()
    if owner is None or not may_see_keys(user=user, owner=owner):
        return LogPage(log_no=log_no or 1, entries=[])
    if log_no is None:
        last = find_last_statement(user_id=owner.pk)
        log_no = last.log_no if last else 1
    rows = KeyStatement.objects.filter(user=owner, log_no=log_no, seq__gt=after_seq)
    return LogPage(log_no=log_no, entries=list(rows.order_by("seq")[:500]))


def get_bundle(*, user: User, owner_uid: uuid.UUID) -> dict[str, Any]:
    """The keys a sender needs: `identity, devices[], encryption[], log{seq, log_hash}, log_no` (api contract).

    Keys of older logs are there too, as keys that are no more active.
    Public to every signed-in user (`may_see_keys`); identity is None for someone who has not enrolled. Raises NotFound
    for an unknown user.
    """
    owner = User.objects.filter(uid=owner_uid, is_active=True).first()
    if owner is None or not may_see_keys(user=user, owner=owner):
        raise NotFound()
    keys = list(Key.objects.filter(user=owner).order_by("created_ms"))
    last = find_last_statement(user_id=owner.pk)

    def rows(role: int) -> list[dict[str, Any]]:
        return [
            {"kid": b64u_encode(bytes(k.kid)), "public": b64u_encode(bytes(k.public)), "active": k.active}
            for k in keys
            if k.role == role
        ]

    identity = [row for row in rows(Key.Role.IDENTITY) if row["active"]]
    return {
        "identity": identity[0] if identity else None,
        "devices": rows(Key.Role.DEVICE),
        "encryption": rows(Key.Role.ENCRYPTION),
        "log": {"seq": last.seq, "log_hash": b64u_encode(bytes(last.log_hash))} if last else None,
        "log_no": last.log_no if last else 1,
    }


def may_see_keys(*, user: User, owner: User) -> bool:
    """Keys are public, but a block hides them as it hides the profile; from whom they opened messages with they stay,
    for what was written stays readable, and its signatures are checked against them."""
    if not is_blocked(one_id=user.pk, other_id=owner.pk):
        return True
    low, high = sorted((user.pk, owner.pk))
    return Conversation.objects.filter(low_id=low, high_id=high).exists()


def find_backup(*, user: User) -> KeyBackup | None:
    return KeyBackup.objects.filter(user=user).first()


# -- devices
@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceRow:
    """A key device of one's own. `last_seen_at`: when a sign-in that speaks for it was last seen."""

    kid: bytes
    label: str
    is_active: bool
    is_this: bool
    created_at: datetime
    revoked_at: datetime | None
    last_seen_at: datetime | None


def list_devices(*, user: User, family: uuid.UUID) -> list[DeviceRow]:
    """The key devices of `user`, active ones first, the newest first; `is_this` is the one `family` speaks for."""
    keys = list(Key.objects.filter(user=user, role=Key.Role.DEVICE).order_by("-active", "-created_ms")[:100])
    families = dict(SessionDevice.objects.filter(key__user=user).values_list("family", "key_id"))
    seen: dict[bytes, datetime] = {}
    for pk, at in Session.objects.filter(family__in=families).values_list("family").annotate(at=Max("last_seen_at")):
        kid = bytes(families[pk])
        seen[kid] = max(at, seen.get(kid, at))
    mine = families.get(family)
    return [
        DeviceRow(
            kid=bytes(key.kid),
            label=key.label,
            is_active=key.active,
            is_this=mine is not None and bytes(mine) == bytes(key.kid),
            created_at=from_ms(key.created_ms),
            revoked_at=key.revoked_at,
            last_seen_at=seen.get(bytes(key.kid)),
        )
        for key in keys
    ]


def list_open_approvals(*, user: User, family: uuid.UUID) -> list[DeviceApproval]:
    """Devices of `user` that wait for a word of another one, the oldest first; not the one that asks itself."""
    rows = DeviceApproval.objects.filter(user=user, state=DeviceApproval.State.ASKED, expires_at__gt=timezone.now())
    return list(rows.exclude(family=family).order_by("created_at"))


def get_approval(*, user: User, approval_id: uuid.UUID) -> DeviceApproval:
    """A request of a device of `user`, open or not. Raises NotFound, also for somebody else's."""
    found = DeviceApproval.objects.filter(user=user, uid=approval_id).first()
    if found is None:
        raise NotFound()
    return found

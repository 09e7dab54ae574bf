"""What the endpoints of one's own devices accept and answer; byte strings are unpadded base64url."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from .serializers import Backup


class _Label(serializers.CharField):
    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=80, required=False, allow_blank=True, default="", **more)


class ApprovalIn(serializers.Serializer[None]):
    """`id` is made by the device that asks, and part of the code that both devices show."""

    id = serializers.UUIDField()
    device = serializers.CharField(max_length=60, help_text="its Ed25519 public key")
    request_key = serializers.CharField(max_length=2_000, help_text="its X-Wing public key, for the answer")
    label = _Label()  # type: ignore[assignment]  # a field here, whatever else a serializer calls so


class GrantIn(serializers.Serializer[None]):
    """The statement of the new device, and the keyring key sealed to its request key."""

    statement = serializers.CharField(max_length=400)
    sig = serializers.CharField(max_length=120)
    public = serializers.CharField(max_length=60)
    label = _Label()  # type: ignore[assignment]
    sealed = serializers.CharField(max_length=2_000)


class SignedEntryIn(serializers.Serializer[None]):
    statement = serializers.CharField(max_length=400)
    sig = serializers.CharField(max_length=120)
    public = serializers.CharField(max_length=2_000)
    label = _Label()  # type: ignore[assignment]


class ResetIn(serializers.Serializer[None]):
    """The first three statements of a new log (identity, device, encryption key), and the backup of its keys."""

    entries = SignedEntryIn(many=True)
    backup = Backup()


class DeviceNameIn(serializers.Serializer[None]):
    label = serializers.CharField(max_length=80)  # type: ignore[assignment]


class ApprovalOut(serializers.Serializer[Any]):
    """A device that asks to be let in. `sealed` is for the device that asks alone, once it was granted."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=["asked", "granted", "refused", "expired"])
    device = serializers.CharField()
    request_key = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    sealed = serializers.CharField(allow_null=True)


class ApprovalsOut(serializers.Serializer[Any]):
    """Who waits for a word, the oldest first, three at most."""

    results = ApprovalOut(many=True)


class KeyDeviceOut(serializers.Serializer[Any]):
    """A key device of one's own; `last_seen_at` is null where no sign-in speaks for it any more."""

    kid = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    is_active = serializers.BooleanField()
    is_this = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_seen_at = serializers.DateTimeField(allow_null=True)


class KeyDevicesOut(serializers.Serializer[Any]):
    """Active ones first, the newest first."""

    results = KeyDeviceOut(many=True)

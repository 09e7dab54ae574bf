"""What this app holds of a person, for their copy and their erasure. It knows them by their public id only."""

from __future__ import annotations

import uuid

from ..models import KnownDevice, LoginAttempt


def erase(*, user_uid: uuid.UUID) -> None:
    """Forget the devices, and whose the sign-in attempts were; part of the caller's transaction.

    Attempts keep the keyed hash of the address, by which nobody finds a person, and which a lockout needs. Audit
    entries and risk decisions cannot change; they hold codes and ids.
    """
    KnownDevice.objects.filter(user_uid=user_uid).delete()
    LoginAttempt.objects.filter(user_uid=user_uid).update(user_uid=None, ip=None, user_agent="", family=None)

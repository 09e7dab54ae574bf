"""What the lockout means to people: its refusal, whose it is, and the mail that tells the owner."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.services import devices
from security.types import Client, Reservation

from ..errors import AccountLocked
from ..models import User


def locked(until: datetime) -> AccountLocked:
    """The refusal of an account that is locked until then."""
    return AccountLocked(
        _("Too many wrong passwords. Try again later, or reset your password."),
        retry_after_s=(until - timezone.now()).total_seconds(),
    )


def counter_of(*, user_uid: uuid.UUID | None, fingerprint: str, client: Client) -> str:
    """The fingerprint, if failures on this device are counted apart from everybody else's; else ""."""
    if not devices.is_strong(fingerprint=fingerprint):
        return ""
    known = devices.find(user_uid=user_uid, fingerprint=fingerprint, client=client)
    return fingerprint if known else ""


def tell(*, user: User, reserved: Reservation) -> None:
    """Mail the owner when this failure was the one that locks the account."""

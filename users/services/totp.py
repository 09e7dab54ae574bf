"""Authenticator apps: codes of RFC 6238 (SHA-1, 6 digits, steps of 30 s), one step of tolerance to each side.

django-otp's `verify_token` reads, compares and saves, so parallel requests with one code all pass. Here the step
is won by one conditional UPDATE: a code works once, and no code of an earlier step after it.
"""

from __future__ import annotations

import base64
import io
import secrets
import time
from urllib.parse import quote

import qrcode
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django_otp.oath import TOTP

from security import encryption

from ..constants import TOTP_ISSUER, TOTP_KEY_BYTES, TOTP_STEP_S
from ..errors import InvalidCode
from ..models import TotpDevice, User
from ..types import TotpSetup


def begin(*, user: User) -> TotpSetup:
    """A new key for an app to read. It counts for nothing until a code of it is given to `confirm`."""
    key = secrets.token_bytes(TOTP_KEY_BYTES)
    with transaction.atomic():
        TotpDevice.objects.filter(user=user, confirmed=False).delete()
        TotpDevice.objects.create(
            user=user,
            name="",
            confirmed=False,
            key_encrypted=encryption.encrypt(plaintext=key, place=_place(user)),
        )
    return _setup(user, key)


def find_setup(*, user: User) -> TotpSetup | None:
    """The key of the set-up that goes on, to be shown again."""
    device = TotpDevice.objects.filter(user=user, confirmed=False).first()
    return _setup(user, _key(device)) if device else None


def confirm(*, user: User, code: str) -> None:
    """Begin to ask for codes of the new key, instead of an earlier one's; part of the caller's transaction.

    Raises InvalidCode unless `code` is one of it.
    """
    device = TotpDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    step = _matching_step(device, code) if device else None
    if device is None or step is None:
        raise invalid_code()
    TotpDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed, device.confirmed_at, device.last_step = True, timezone.now(), step
    device.save(update_fields=["confirmed", "confirmed_at", "last_step"])


def verify(*, user: User, code: str) -> bool:
    """Whether `code` is right and was not used before; it is used up by that."""
    device = TotpDevice.objects.filter(user=user, confirmed=True).first()
    step = _matching_step(device, code) if device else None
    if device is None or step is None:
        return False
    return bool(TotpDevice.objects.filter(pk=device.pk, last_step__lt=step).update(last_step=step))


def remove(*, user: User) -> bool:
    """Forget the app and a set-up that goes on; returns whether there was one in use."""
    n_removed = TotpDevice.objects.filter(user=user, confirmed=True).delete()[0]
    TotpDevice.objects.filter(user=user).delete()
    return bool(n_removed)


def invalid_code() -> InvalidCode:
    """The refusal, at the field of the code."""
    detail = str(InvalidCode.title)
    return InvalidCode(detail, errors=[{"pointer": "/code", "code": InvalidCode.code, "detail": detail}])


def _matching_step(device: TotpDevice, code: str, now_s: float | None = None) -> int | None:
    """The time step that `code` belongs to: the present one or a neighbour, for clocks differ (RFC 6238, 5.2)."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp = TOTP(_key(device), step=TOTP_STEP_S, digits=6)
    totp.time = time.time() if now_s is None else now_s
    present = totp.t()
    for drift in (0, -1, 1):
        totp.drift = drift
        if constant_time_compare(f"{totp.token():06d}", digits):
            return int(present) + drift
    return None


def _key(device: TotpDevice) -> bytes:
    return encryption.decrypt(stored=bytes(device.key_encrypted), place=_place(device.user))


def _place(user: User) -> str:
    return f"users_totpdevice:{user.uid}:key"


def _setup(user: User, key: bytes) -> TotpSetup:
    """Secret, URI and picture (Key URI Format of Google Authenticator, which all apps read)."""
    secret = base64.b32encode(key).decode().rstrip("=")
    label = quote(f"{TOTP_ISSUER}:{user.email}")
    query: dict[str, str | int] = {
        "secret": secret,
        "issuer": TOTP_ISSUER,
        "algorithm": "SHA1",
        "digits": 6,
        "period": TOTP_STEP_S,
    }
    uri = f"otpauth://totp/{label}?{urlencode(query)}"
    picture = io.BytesIO()
    qrcode.make(uri, box_size=6, border=3).save(picture)
    return TotpSetup(secret=secret, uri=uri, qr_png=picture.getvalue())

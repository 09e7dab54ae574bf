"""Proving an e-mail address by a code: typed on a page or sent by the app, so no token ever stands in a URL.

The code is made when the mail is rendered: the outbox row holds no secret.
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext

from pairly.outbox import services as outbox
from security import limits

from .. import selectors
from ..constants import (
    EMAIL_CODE_DIGITS,
    EMAIL_CODE_LIFE,
    EMAIL_CODE_TRIES,
    EMAIL_CODES_PER_HOUR,
    VERIFY_EMAIL_KIND,
)
from ..errors import InvalidCode
from ..models import EmailCode, User


def request_first_code(*, user: User) -> None:
    """Have a code mailed, as part of the caller's transaction.

    The outbox's own beat sends it within seconds; a sign-up must not wait for a broker.
    """
    outbox.write(kind=VERIFY_EMAIL_KIND, payload={}, user_uid=user.uid)


def request_code(*, user: User) -> None:
    """Have another code mailed; nothing for a proven address. Raises RateLimited."""
    if user.email_verified_at is not None:
        return
    limits.require(name="email-code", key=str(user.uid), limit=EMAIL_CODES_PER_HOUR, window_s=3600, is_strict=True)
    request_first_code(user=user)


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: make a new code, which replaces the one before, and mail it."""
    user = selectors.find_user_by_uid(uid=user_uid) if user_uid else None
    if user is None or user.email_verified_at is not None:
        return
    code = f"{secrets.randbelow(10**EMAIL_CODE_DIGITS):0{EMAIL_CODE_DIGITS}d}"
    EmailCode.objects.update_or_create(
        user=user,
        defaults={
            "email": user.email,
            "code_hash": _hash(user, code),
            "n_tries": 0,
            "expires_at": timezone.now() + EMAIL_CODE_LIFE,
            "used_at": None,
        },
    )
    _mail(user, code)


def verify(*, user: User, code: str) -> None:
    """Prove the address of `user`. Each try is counted before the comparison. Raises InvalidCode."""
    now = timezone.now()
    usable = EmailCode.objects.filter(user=user, email=user.email, used_at__isnull=True, expires_at__gt=now)
    if not usable.filter(n_tries__lt=EMAIL_CODE_TRIES).update(n_tries=F("n_tries") + 1):
        raise _invalid()
    stored = EmailCode.objects.get(user=user)
    if not constant_time_compare(bytes(stored.code_hash), _hash(user, code.strip())):
        raise _invalid()
    with transaction.atomic():
        if not usable.filter(code_hash=stored.code_hash).update(used_at=now):
            raise _invalid()
        User.objects.filter(pk=user.pk, email=stored.email).update(email_verified_at=now)
    user.email_verified_at = now


def _hash(user: User, code: str) -> bytes:
    """Keyed, for six digits alone are guessed from any plain hash."""
    return salted_hmac("users.email_code", f"{user.uid}:{user.email}:{code}", algorithm="sha256").digest()


def _mail(user: User, code: str) -> None:
    with translation.override(user.language):
        text = gettext(
            "Your code for Pairly is %(code)s.\n\n"
            "Type it on the page that asked for it. It is valid for %(minutes)d minutes. "
            "If you did not create an account, ignore this mail.\n"
        ) % {"code": code, "minutes": EMAIL_CODE_LIFE.seconds // 60}
        send_mail(gettext("Confirm your e-mail address"), text, None, [user.email])


def _invalid() -> InvalidCode:
    row = {"pointer": "/code", "code": InvalidCode.code, "detail": str(InvalidCode.title)}
    return InvalidCode(errors=[row])

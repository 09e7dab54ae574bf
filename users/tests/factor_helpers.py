"""Accounts with a second factor, and codes of their apps, for the tests of this app."""

from __future__ import annotations

import base64
import re
import time
from datetime import timedelta
from typing import Any

from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp_webauthn.utils import get_credential_model

from pairly.common import redis as common_redis
from pairly.outbox import services as outbox
from users import selectors
from users.constants import STEP_UP_LIFE
from users.models import Session, TotpDevice, User
from users.services import backup_codes, tokens, totp
from users.types import SignIn, StartedSession

from .helpers import PASSWORD, bearer, post, start_api

LOGIN, SECOND = "/api/v1/auth/login", "/api/v1/auth/login-2fa"
DIGITS = re.compile(r"\b\d{6}\b")


def code_at(key: bytes, step: int) -> str:
    """The code of a time step, by django-otp's own arithmetic."""
    generator = TOTP(key, step=30, digits=6)
    generator.time = step * 30
    return f"{generator.token():06d}"


def key_of(secret: str) -> bytes:
    """What an app makes of the base32 text."""
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


def present_step() -> int:
    return int(time.time()) // 30


def give_totp(user: User) -> bytes:
    """Turn an app on past the pages, no step of it used yet; gives its key."""
    key = key_of(totp.begin(user=user).secret)
    TotpDevice.objects.filter(user=user).update(confirmed=True, confirmed_at=timezone.now(), last_step=-1)
    return key


def code_of(user: User) -> str:
    """A code that works now, as often as it is asked for."""
    device = TotpDevice.objects.get(user=user, confirmed=True)
    TotpDevice.objects.filter(pk=device.pk).update(last_step=-1)
    return code_at(totp._key(device), present_step())


def wrong_code_of(user: User) -> str:
    """A code of none of the three steps that are looked at."""
    key = totp._key(TotpDevice.objects.get(user=user, confirmed=True))
    near = {code_at(key, present_step() + drift) for drift in range(-2, 4)}
    return next(code for code in (f"{number:06d}" for number in range(10)) if code not in near)


def give_backup_codes(user: User) -> list[str]:
    with transaction.atomic():
        return backup_codes.renew(user=user)


def give_email_factor(user: User) -> None:
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(email_factor_at=now, email_verified_at=now)
    user.refresh_from_db()


def give_passkey(user: User) -> None:
    """A passkey as the database knows it; nothing can be signed with it."""
    get_credential_model().objects.create(
        user=user,
        name="key",
        confirmed=True,
        credential_id=b"1",
        public_key=b"2",
        transports=[],
        discoverable=True,
        backup_eligible=False,
        backup_state=False,
        sign_count=0,
    )


def sign_in_api(user: User, **extra: Any) -> Any:
    """The first step at the API; limits of earlier steps are out of the way."""
    common_redis.get_client().flushdb()
    return post(LOGIN, {"email": user.email, "password": PASSWORD}, **extra).json()


def second_step(token: str, method: str, code: str = "") -> Any:
    common_redis.get_client().flushdb()
    return post(SECOND, {"temp_token": token, "method": method, "code": code})


def mailed_code() -> str:
    """The code in the newest mail."""
    mail.outbox.clear()
    outbox.deliver_due()
    found = [DIGITS.search(str(sent.body)) for sent in mail.outbox if "code" in sent.subject]
    assert found
    assert found[-1]
    return found[-1][0]


def api_of(user: User) -> tuple[dict[str, str], StartedSession]:
    """A signed-in API client's header, and its sign-in, which is fresh."""
    started = start_api(user)
    return bearer(tokens.issue(started=started)["access_token"]), started


def sign_in_of(started: StartedSession) -> SignIn:
    """What the doors would know of it now."""
    session = Session.objects.select_related("user").get(pk=started.session.pk)
    return selectors.sign_in_of(session)


def browser_of(user: User) -> Client:
    """A browser signed in on the pages, of an account without a second factor."""
    client = Client()
    assert client.post("/sign-in/", {"email": user.email, "password": PASSWORD}).headers["Location"] == "/"
    return client


def age(user: User) -> None:
    """Make the last proof of every sign-in an old one."""
    Session.objects.filter(user=user).update(stepped_up_at=timezone.now() - STEP_UP_LIFE - timedelta(seconds=1))

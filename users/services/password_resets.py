"""A forgotten password: a code by mail, typed on a page or sent by the app, so no token ever stands in a URL.

An address without an account takes the same way through every step: a request writes an outbox row, the
outbox makes a code, tries are counted. Only nobody is mailed its code, and no account belongs to it.
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext

from pairly.common.problems import InvalidInput
from pairly.outbox import services as outbox
from security import limits
from security.client_ip import network_of
from security.identifiers import keyed_hash, normalise
from security.models import LoginAttempt
from security.services import attempts
from security.types import Client, Door

from .. import selectors
from ..constants import (
    PASSWORD_FORGOT_PER_MINUTE,
    PASSWORD_RESETS_PER_MINUTE,
    RESET_CODE_ALPHABET,
    RESET_CODE_KEPT,
    RESET_CODE_LENGTH,
    RESET_CODE_LIFE,
    RESET_CODE_TRIES,
    RESET_MAILS_PER_HOUR,
    RESET_PASSWORD_KIND,
)
from ..errors import InvalidCode, SecondFactorRequired
from ..models import PasswordReset, User
from ..types import Method
from . import factors, lockouts, passwords

Outcome = LoginAttempt.Outcome


def request_code(*, email: str, client: Client) -> None:
    """Have a code mailed to the owner of an address, if it has one; nothing tells whether. Raises RateLimited."""
    _check_limits("password-forgot", email, client, PASSWORD_FORGOT_PER_MINUTE)
    if not _may_mail(email):
        return  # silently, as for an address without an account: the mails before hold codes enough
    user = selectors.find_user_by_email(email=email)
    outbox.write(
        kind=RESET_PASSWORD_KIND,
        payload={"identifier": keyed_hash(identifier=email).hex()},
        user_uid=user.uid if user else None,
    )


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: make a new code, which replaces the one before, and mail it to who has an account."""
    identifier_hash = bytes.fromhex(payload["identifier"])
    user = selectors.find_user_who_can_come_in(uid=user_uid) if user_uid else None
    if user and keyed_hash(identifier=user.email) != identifier_hash:
        user = None  # the address is no longer theirs
    code = "".join(secrets.choice(RESET_CODE_ALPHABET) for _ in range(RESET_CODE_LENGTH))
    now = timezone.now()
    PasswordReset.objects.filter(expires_at__lt=now - RESET_CODE_KEPT).delete()
    PasswordReset.objects.update_or_create(
        identifier_hash=identifier_hash,
        defaults={
            "user": user,
            "code_hash": _hash(identifier_hash, code),
            "n_tries": 0,
            "expires_at": now + RESET_CODE_LIFE,
            "used_at": None,
        },
    )
    if user:
        _mail(user, code)


def reset(
    *, email: str, code: str, new_password: str, client: Client, method: Method | None = None, second_code: str = ""
) -> None:
    """Set a new password by the code that was mailed; all sign-ins of the account end, and its lock.

    Each try is counted before the comparison. An account with an app or a passkey needs `second_code` too, one of
    the app or a backup code (`method`): who reads the mails is not yet the owner. That, and what only the account
    knows of a new password (the name it is like), is said after the right code, which stays usable then. Raises
    InvalidInput, RateLimited, InvalidCode (with `attempts_left`), SecondFactorRequired (with `methods`),
    AccountLocked (too many wrong second codes) or Overloaded. Must not run inside a transaction.
    """
    _check_new(User(email=normalise(identifier=email)), new_password)
    _check_limits("password-reset", email, client, PASSWORD_RESETS_PER_MINUTE)
    found = _find_by_code(keyed_hash(identifier=email), code)
    user = found.user
    if user is None:
        raise _invalid(RESET_CODE_TRIES - found.n_tries)
    _check_new(user, new_password)
    _check_second_factor(user, method, second_code, client)
    encoded = make_password(new_password)
    with transaction.atomic():
        if not _consume(found) or not passwords.store(user=user, encoded=encoded):
            raise _invalid(0)
        attempts.forgive(identifier=user.email, client=client, door=Door.RESET, user_uid=user.uid)


def _find_by_code(identifier_hash: bytes, code: str) -> PasswordReset:
    """The usable row of an address, if this is its code. Raises InvalidCode."""
    usable = PasswordReset.objects.filter(
        identifier_hash=identifier_hash, used_at__isnull=True, expires_at__gt=timezone.now()
    )
    if not usable.filter(n_tries__lt=RESET_CODE_TRIES).update(n_tries=F("n_tries") + 1):
        raise _invalid(0)
    found = PasswordReset.objects.select_related("user").get(identifier_hash=identifier_hash)
    if not constant_time_compare(bytes(found.code_hash), _hash(identifier_hash, _typed(code))):
        raise _invalid(RESET_CODE_TRIES - found.n_tries)
    # The right code was no guess: what else is wrong with the form must not use it up.
    PasswordReset.objects.filter(pk=found.pk, n_tries__gt=0).update(n_tries=F("n_tries") - 1)
    return found


def _check_second_factor(user: User, method: Method | None, second_code: str, client: Client) -> None:
    """Have an account with a strong factor prove it, by what can be typed.

    Guesses are counted apart from those at sign-in: a reset is the way out for whom a stranger locked out.
    """
    if not selectors.list_strong_methods(user=user):
        return
    methods: list[Method] = [one for one in factors.list_methods(user=user) if one != Method.PASSKEY]
    if not second_code or method not in methods:
        raise SecondFactorRequired(_what_is_needed(methods), methods=methods)
    reserved = attempts.reserve(identifier=f"reset:{user.email}", client=client, door=Door.RESET, user_uid=user.uid)
    if reserved.locked_until:
        raise lockouts.locked(reserved.locked_until)
    if not factors.verify(user=user, method=method, code=second_code):
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason="wrong_code")
        raise _invalid(reserved.attempts_left, field="second_code")
    attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.SUCCEEDED)


def _what_is_needed(methods: list[Method]) -> str:
    if not methods:
        return gettext("This account is protected by a passkey. Sign in with it, or ask us for help.")
    return gettext("This account has a second factor: type a code of your authenticator app or a backup code too.")


def _consume(found: PasswordReset) -> bool:
    """Win the code, or not: of any number of parallel requests one does."""
    now = timezone.now()
    usable = PasswordReset.objects.filter(pk=found.pk, used_at__isnull=True, expires_at__gt=now)
    return bool(usable.filter(code_hash=found.code_hash).update(used_at=now))


def _check_new(user: User, new_password: str) -> None:
    rows = passwords.list_weaknesses(user=user, password=new_password, field="new_password")
    if rows:
        raise InvalidInput(errors=rows)


def _check_limits(name: str, email: str, client: Client, per_minute: int) -> None:
    """Per network and per address, whether or not anyone has it."""
    keys = {name: network_of(ip=client.ip), f"{name}-address": keyed_hash(identifier=email).hex()}
    for limit_name, key in keys.items():
        limits.require(name=limit_name, key=key, limit=per_minute, window_s=60, is_strict=True)


def _may_mail(email: str) -> bool:
    """Whether an address, whoever has it, may be mailed another code within the hour."""
    key = keyed_hash(identifier=email).hex()
    return limits.allow(
        name="password-forgot-mails", key=key, limit=RESET_MAILS_PER_HOUR, window_s=3600, is_strict=True
    ).allowed


def _typed(code: str) -> str:
    """What was typed, without the hyphen and spaces that help to read it, in capitals."""
    return "".join(character for character in code.upper() if character.isalnum())


def _hash(identifier_hash: bytes, code: str) -> bytes:
    """Keyed, as e-mail codes are."""
    return salted_hmac("users.password_reset", f"{identifier_hash.hex()}:{code}", algorithm="sha256").digest()


def _mail(user: User, code: str) -> None:
    half = RESET_CODE_LENGTH // 2
    with translation.override(user.language):
        text = gettext(
            "Your code for a new password is %(code)s.\n\n"
            "Type it here: %(url)s\n"
            "It is valid for %(minutes)d minutes and works once. "
            "If you did not ask for it, ignore this mail: your password stays as it is.\n"
        ) % {
            "code": f"{code[:half]}-{code[half:]}",
            "url": f"{settings.PUBLIC_URL}{reverse('users:password-reset')}",
            "minutes": RESET_CODE_LIFE.seconds // 60,
        }
        send_mail(gettext("A new password for Pairly"), text, None, [user.email])


def _invalid(n_left: int, field: str = "code") -> InvalidCode:
    detail = str(InvalidCode.title)
    row = {"pointer": f"/{field}", "code": InvalidCode.code, "detail": detail}
    return InvalidCode(detail, errors=[row], attempts_left=max(0, n_left))

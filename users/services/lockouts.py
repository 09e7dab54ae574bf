"""What the lockout means to people: its refusal, whose it is, the mail that tells the owner, and two ways out of it:
the code in that mail, and a device that is signed in."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pairly.outbox import services as outbox
from security import event_log, limits
from security.client_ip import network_of
from security.identifiers import keyed_hash
from security.models import LoginAttempt
from security.services import attempts, audit, devices
from security.types import Client, Door, Reservation
from security.user_agents import name_of

from .. import selectors
from ..constants import (
    RESET_CODE_ALPHABET,
    RESET_CODE_LENGTH,
    UNLOCK_CODE_KIND,
    UNLOCK_CODE_TRIES,
    UNLOCK_TRIES_PER_MINUTE,
    UNLOCKS_PER_HOUR,
)
from ..errors import AccountLocked, InvalidCode
from ..models import UnlockCode, User
from . import security_mails

Outcome = LoginAttempt.Outcome
# Guesses at unlock codes are counted apart from those at the password, for any address alike.
_COUNTER = "unlock"
_NOBODY = uuid.UUID(int=0)


def locked(until: datetime) -> AccountLocked:
    """The refusal of an account that is locked until then."""
    problem = AccountLocked(
        _("Too many wrong passwords. Try again later, or reset your password."),
        retry_after_s=(until - timezone.now()).total_seconds(),
    )
    problem.until = until
    return problem


def counter_of(*, user_uid: uuid.UUID | None, fingerprint: str, client: Client) -> str:
    """The fingerprint, if failures on this device are counted apart from everybody else's; else ""."""
    if not devices.is_strong(fingerprint=fingerprint):
        return ""
    known = devices.find(user_uid=user_uid, fingerprint=fingerprint, client=client)
    return fingerprint if known else ""


def counter_of_sign_in(*, family: uuid.UUID) -> str:
    """What wrong proofs of a sign-in under way are counted under: apart from the rest, for a stranger who locks the
    account must not keep its owner from changing the password, nor a stolen sign-in lock its owner out."""
    return f"sign-in:{family}"


def tell_of_sign_in(*, user: User, reserved: Reservation, client: Client) -> None:
    """Mail the owner when this failure, settled by the caller, is the one after which a sign-in may prove no more."""
    if not reserved.attempts_left and attempts.find_lock_by(attempt_id=reserved.attempt_id):
        facts = {"device": name_of(user_agent=client.user_agent), "network": network_of(ip=client.ip)}
        security_mails.write(user=user, notice="proofs_wrong", **facts)
        _tell_log(user, reason="proofs_wrong")


def tell(*, user: User | None, reserved: Reservation) -> None:
    """Mail the owner when this failure, settled by the caller, is the one that locks the account; one mail a lock.

    For an address without an account the same is written, and nobody is mailed.
    """
    if reserved.attempts_left:
        return
    until = attempts.find_lock_by(attempt_id=reserved.attempt_id)
    if until:
        payload = {"until": until.isoformat()}
        outbox.write(kind=UNLOCK_CODE_KIND, payload=payload, user_uid=user.uid if user else None)
        _tell_log(user, reason="too_many_failures")


def _tell_log(user: User | None, *, reason: str) -> None:
    uid = user.uid if user else None
    transaction.on_commit(
        lambda: event_log.write(
            action="lockout.started", outcome="success", severity="warning", user_uid=uid, reason=reason
        ),
        robust=True,
    )


def deliver_code(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: make the code, which lives as long as the lock, and mail it."""
    user = selectors.find_user_by_uid(uid=user_uid) if user_uid else None
    until = parse_datetime(payload["until"])
    if user is None or until is None or until <= timezone.now():
        return
    code = "".join(secrets.choice(RESET_CODE_ALPHABET) for _ in range(RESET_CODE_LENGTH))
    fields = {"code_hash": _hash(user.uid, code), "n_tries": 0, "expires_at": until, "used_at": None}
    UnlockCode.objects.update_or_create(user=user, defaults=fields)
    _mail(user, code, until)


def unlock(*, email: str, code: str, client: Client) -> None:
    """End the lock of an account by the code that was mailed. Raises RateLimited or InvalidCode (`attempts_left`).

    Each try is an attempt on a counter of its own and is written before the comparison; an address without an
    account takes the same steps and is answered alike. Must not run inside a transaction.
    """
    _check_limits(email, client)
    user = selectors.find_user_by_email(email=email)
    reserved = attempts.reserve(
        identifier=email,
        client=client,
        door=Door.UNLOCK,
        user_uid=user.uid if user else None,
        known_device=_COUNTER,
    )
    if reserved.locked_until:
        raise _invalid(0)
    with transaction.atomic():
        if _use(user or User(pk=0, uid=_NOBODY), code) and user:
            attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.SUCCEEDED)
            attempts.forgive(identifier=user.email, client=client, door=Door.UNLOCK, user_uid=user.uid, is_shown=False)
            return
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason="wrong_code")
    raise _invalid(reserved.attempts_left)


def unlock_elsewhere(*, user: User, family: uuid.UUID, client: Client) -> None:
    """End the lock of one's own account from a device that is signed in. Raises RateLimited: each end of a lock
    allows more guesses, also to who holds a stolen sign-in."""
    key = str(user.uid)
    limits.require(name="unlock-elsewhere", key=key, limit=UNLOCKS_PER_HOUR, window_s=3600, is_strict=True)
    with transaction.atomic():
        attempts.forgive(identifier=user.email, client=client, door=Door.UNLOCK, user_uid=user.uid)
        audit.record(action="lockout.ended", actor_uid=user.uid, subject_uid=user.uid, family=family, client=client)


def _use(user: User, code: str) -> bool:
    """Use the code up if it is right; the caller's transaction holds the row, so parallel tries take turns."""
    usable = UnlockCode.objects.filter(user=user, used_at__isnull=True, expires_at__gt=timezone.now())
    n_rows = usable.filter(n_tries__lt=UNLOCK_CODE_TRIES).update(n_tries=F("n_tries") + 1)
    stored = UnlockCode.objects.filter(user=user).values_list("code_hash", flat=True).first() or b""
    typed = "".join(character for character in code.upper() if character.isalnum())
    hashed = _hash(user.uid, typed)
    if not constant_time_compare(bytes(stored), hashed) or not n_rows:
        return False
    return bool(usable.filter(code_hash=hashed).update(used_at=timezone.now()))


def _check_limits(email: str, client: Client) -> None:
    """Per network and per address, whether or not anyone has it."""
    keys = {"unlock": network_of(ip=client.ip), "unlock-address": keyed_hash(identifier=email).hex()}
    for name, key in keys.items():
        limits.require(name=name, key=key, limit=UNLOCK_TRIES_PER_MINUTE, window_s=60, is_strict=True)


def _hash(user_uid: uuid.UUID, code: str) -> bytes:
    """Keyed, as all mailed codes are."""
    return salted_hmac("users.unlock_code", f"{user_uid}:{code}", algorithm="sha256").digest()


def _mail(user: User, code: str, until: datetime) -> None:
    half = RESET_CODE_LENGTH // 2
    with translation.override(user.language):
        text = gettext(
            "Somebody typed five wrong passwords for your Pairly account, so signing in is locked until %(until)s "
            "UTC. A device that you have signed in with before may still let you in.\n\n"
            "If it was you, unlock it with the code %(code)s here: %(url)s\n"
            "The code works once, until the lock ends. Never tell it to anyone.\n\n"
            "If it was not, there is nothing to do: nobody got in. Forgot your password? Choose a new one: %(reset)s\n"
        ) % {
            "until": f"{until:%Y-%m-%d %H:%M}",
            "code": f"{code[:half]}-{code[half:]}",
            "url": f"{settings.PUBLIC_URL}{reverse('users:unlock')}",
            "reset": f"{settings.PUBLIC_URL}{reverse('users:password-forgot')}",
        }
        send_mail(gettext("Your account is locked for an hour"), text, None, [user.email])


def _invalid(n_left: int) -> InvalidCode:
    detail = str(_("This code is wrong or no longer valid. It came with the mail about the lock."))
    row = {"pointer": "/code", "code": InvalidCode.code, "detail": detail}
    return InvalidCode(detail, errors=[row], attempts_left=n_left)

"""Setting a new password: what is refused, and what ends with the old one."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from pairly.common.problems import InvalidInput, Overloaded
from pairly.outbox import services as outbox
from security import event_log, limits
from security.models import LoginAttempt
from security.services import attempts
from security.types import Client, Door

from .. import selectors
from ..constants import PASSWORD_CHANGED_KIND, PASSWORD_CHANGES_PER_MINUTE
from ..errors import WrongPassword
from ..models import PasswordReset, SignInChallenge, User
from . import entrance, lockouts, sessions

Outcome = LoginAttempt.Outcome
Rows = list[dict[str, str]]


def change(
    *, user: User, family: uuid.UUID, current_password: str, new_password: str, door: Door, client: Client
) -> None:
    """Replace the password of `user`, who is signed in by `family`; every other sign-in of theirs ends.

    The current password is checked as at sign-in: the attempt is reserved first and counts for the lockout of
    this sign-in, so a stolen one is no place to guess at. What can be said of the new password alone is said
    before. Raises InvalidInput, RateLimited, AccountLocked, WrongPassword (with `attempts_left`) or
    Overloaded. Must not run inside a transaction.
    """
    _check_new(user, current_password, new_password)
    _check_limit(user)
    reserved = attempts.reserve(
        identifier=user.email,
        client=client,
        door=door,
        user_uid=user.uid,
        known_device=lockouts.counter_of_sign_in(family=family),
        is_known_device=True,
    )
    if reserved.locked_until:
        raise lockouts.locked(reserved.locked_until)
    try:
        encoded = make_password(new_password) if user.check_password(current_password) else ""
    except Overloaded:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="overloaded")
        raise
    if encoded:
        with transaction.atomic():
            if store(user=user, encoded=encoded, expected=user.password, except_family=family):
                attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.SUCCEEDED)
                return
    with transaction.atomic():
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason="wrong_password")
        lockouts.tell_of_sign_in(user=user, reserved=reserved, client=client)
    raise _wrong(reserved.attempts_left)


def store(*, user: User, encoded: str, expected: str | None = None, except_family: uuid.UUID | None = None) -> bool:
    """Set the hashed password, end all (other) sign-ins, make open reset codes useless, have it mailed.

    Part of the caller's transaction. False, and the password stays, for an account that is gone and where the stored
    hash is no longer `expected`: of two changes from one password one wins.
    """
    # First, for a reset locks its code before the account too.
    PasswordReset.objects.filter(user=user, used_at__isnull=True).update(used_at=timezone.now())
    held = entrance.hold(user=user)
    if held is None or not selectors.can_come_in(user=held):
        return False
    accounts = User.objects.filter(pk=user.pk)
    if expected is not None:
        accounts = accounts.filter(password=expected)
    if not accounts.update(password=encoded):
        return False
    user.password = encoded
    # Before the sessions: this waits for a second step under way, whose session is then seen and ended.
    SignInChallenge.objects.filter(user=user).delete()
    sessions.end_sessions(user=user, reason="password_changed", except_family=except_family)
    outbox.write(kind=PASSWORD_CHANGED_KIND, payload={}, user_uid=user.uid)
    action = "password.changed" if except_family else "password.reset"
    transaction.on_commit(
        lambda: event_log.write(action=action, outcome="success", severity="notice", user_uid=user.uid), robust=True
    )
    return True


def list_weaknesses(*, user: User, password: str, field: str) -> Rows:
    """What the validators say against `password` for `user` (saved or not), as rows that point to `field`."""
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        return [_row(field, one.code or "invalid", message) for one in error.error_list for message in one.messages]
    return []


def deliver_notice(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: tell the owner that the password was changed, in words that help if it was not them."""
    user = selectors.find_user_by_uid(uid=user_uid) if user_uid else None
    if user is None:
        return
    with translation.override(user.language):
        text = gettext(
            "The password of your Pairly account was changed, and other devices were signed out.\n\n"
            "If it was you, there is nothing to do. If it was not, choose a new password now:\n%(url)s\n"
        ) % {"url": f"{settings.PUBLIC_URL}{reverse('users:password-forgot')}"}
        send_mail(gettext("Your password was changed"), text, None, [user.email])


def _check_new(user: User, current_password: str, new_password: str) -> None:
    """Both are what the caller typed, so this tells nothing about the stored one."""
    rows = list_weaknesses(user=user, password=new_password, field="new_password")
    if new_password == current_password:
        rows.append(
            _row("new_password", "password_unchanged", gettext("Choose a password that you did not have before."))
        )
    if rows:
        raise InvalidInput(errors=rows)


def _check_limit(user: User) -> None:
    limits.require(
        name="password-change", key=str(user.uid), limit=PASSWORD_CHANGES_PER_MINUTE, window_s=60, is_strict=True
    )


def _wrong(n_left: int) -> WrongPassword:
    if n_left == 0:
        detail = gettext("The current password is wrong. This account is locked for an hour now.")
    else:
        detail = ngettext(
            "The current password is wrong. %(n)d try left.", "The current password is wrong. %(n)d tries left.", n_left
        ) % {"n": n_left}
    row = _row("current_password", WrongPassword.code, detail)
    return WrongPassword(detail, errors=[row], attempts_left=n_left)


def _row(field: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{field}", "code": code, "detail": detail}

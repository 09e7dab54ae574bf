"""The one pipeline of signing in; pages, API and admin all come through here.

1. the limit of the network address (a locked account says so even then);
2. the attempt is reserved and committed: what is locked is never hashed;
3. one hash, also for an address that has no account;
4. the outcome is settled and, on success, the session starts, in one transaction.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Overloaded, RateLimited
from security import limits
from security.client_ip import network_of
from security.models import LoginAttempt
from security.services import attempts
from security.types import Client, Door, Reservation

from .. import selectors
from ..constants import SIGN_IN_PER_MINUTE
from ..errors import AccountLocked, InvalidCredentials, Suspended
from ..models import Session, User
from ..types import Device, StartedSession
from . import sessions

Outcome = LoginAttempt.Outcome


def sign_in(
    *,
    email: str,
    password: str,
    kind: Session.Kind,
    door: Door,
    client: Client,
    device: Device | None = None,
) -> StartedSession:
    """Sign someone in by e-mail address and password.

    Raises RateLimited (per network address), AccountLocked, InvalidCredentials (with `attempts_left`),
    Suspended (only after the right password) or Overloaded. Must not run inside a transaction.
    """
    _check_limit(email, client)
    user = selectors.find_user_by_email(email=email)
    reserved = attempts.reserve(identifier=email, client=client, door=door, user_uid=user.uid if user else None)
    if reserved.locked_until:
        raise locked(reserved.locked_until)
    if not _is_right(user, password, reserved) or user is None:
        reason = "wrong_password" if user else "unknown_account"
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason=reason)
        raise InvalidCredentials(attempts_left=reserved.attempts_left)
    if not user.is_active:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="inactive")
        raise Suspended
    with transaction.atomic():
        if _hold_password(user, password):
            attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.SUCCEEDED)
            return sessions.start_session(user=user, kind=kind, client=client, device=device)
    attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason="wrong_password")
    raise InvalidCredentials(attempts_left=reserved.attempts_left)


def _hold_password(user: User, password: str) -> bool:
    """Whether `password`, which was right for `user` as read, is still the account's; it stays so until the
    transaction ends.

    Else a sign-in with the old password could begin just after a change of it ended all sign-ins. Another hash
    need not mean another password: an imported one is hashed anew by whichever sign-in comes first.
    """
    rows = User.objects.select_for_update(no_key=True).filter(pk=user.pk)
    stored = rows.values_list("password", flat=True).first()
    return stored is not None and (stored == user.password or check_password(password, stored))


def _check_limit(email: str, client: Client) -> None:
    decision = limits.allow(name="sign-in", key=network_of(ip=client.ip), limit=SIGN_IN_PER_MINUTE, window_s=60)
    if decision.allowed:
        return
    locked_until = attempts.find_locked_until(identifier=email)
    if locked_until:
        raise locked(locked_until)
    raise RateLimited(retry_after_s=decision.retry_after_s)


def _is_right(user: User | None, password: str, reserved: Reservation) -> bool:
    """Hash once, whoever it is: an empty stored hash makes Django hash a random password instead."""
    try:
        return user.check_password(password) if user else check_password(password, "")
    except Overloaded:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="overloaded")
        raise


def locked(until: datetime) -> AccountLocked:
    """The refusal of an account that is locked until then."""
    return AccountLocked(
        _("Too many wrong passwords. Try again later, or reset your password."),
        retry_after_s=(until - timezone.now()).total_seconds(),
    )

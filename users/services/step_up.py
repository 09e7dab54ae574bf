"""Fresh proof for what costs money or safety: asked for when the last one is older than STEP_UP_LIFE."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from pairly.common.problems import Overloaded
from security import limits
from security.models import LoginAttempt
from security.services import attempts
from security.types import Client, Door

from ..constants import SECOND_STEPS_PER_MINUTE, STEP_UP_LIFE
from ..errors import StepUpRequired
from ..models import Session, User
from ..types import STRONG, Method, SignIn
from . import challenges, factors, lockouts

Outcome = LoginAttempt.Outcome


def list_methods(*, user: User) -> list[Method]:
    """What will do, the best first: the second factors, or the password where there is none that is strong.

    The mailbox alone never does.
    """
    methods = factors.list_methods(user=user)
    if Method.TOTP in methods or Method.PASSKEY in methods:
        return methods
    return [Method.PASSWORD, *(method for method in methods if method != Method.EMAIL)]


def is_fresh(*, sign_in: SignIn) -> bool:
    """Whether this sign-in was proven within STEP_UP_LIFE."""
    return sign_in.stepped_up_at is not None and sign_in.stepped_up_at >= timezone.now() - STEP_UP_LIFE


def require(*, user: User, sign_in: SignIn) -> None:
    """Raise StepUpRequired, with `methods`, unless this sign-in was proven within STEP_UP_LIFE."""
    if not is_fresh(sign_in=sign_in):
        raise StepUpRequired(methods=list_methods(user=user))


def confirm(*, user: User, sign_in: SignIn, method: Method, code: str, client: Client) -> None:
    """Prove it with a code or the password, as an attempt like at sign-in.

    Raises RateLimited, AccountLocked, InvalidCode (with `attempts_left`) or Overloaded. Must not run inside a
    transaction.
    """
    key = str(user.uid)
    limits.require(name="second-factor", key=key, limit=SECOND_STEPS_PER_MINUTE, window_s=60, is_strict=True)
    reserved = attempts.reserve(
        identifier=user.email,
        client=client,
        door=Door.STEP_UP,
        user_uid=user.uid,
        known_device=lockouts.counter_of_sign_in(family=sign_in.family),
        is_known_device=True,
    )
    if reserved.locked_until:
        raise lockouts.locked(reserved.locked_until)
    try:
        is_right = _proves(user, method, code)
    except Overloaded:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="overloaded")
        raise
    if not is_right:
        with transaction.atomic():
            attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason="wrong_code")
            lockouts.tell_of_sign_in(user=user, reserved=reserved, client=client)
        raise challenges.invalid_code(reserved.attempts_left)
    attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.SUCCEEDED, family=sign_in.family)
    grant(sign_in=sign_in, method=method)


def grant(*, sign_in: SignIn, method: Method) -> None:
    """Note that the proof was given; a strong one makes this a sign-in with a second factor."""
    now = timezone.now()
    fields: dict[str, Any] = {"stepped_up_at": now}
    if method in STRONG:
        fields |= {"factor": method, "factor_at": now}
    Session.objects.filter(pk=sign_in.family, ended_at__isnull=True).update(**fields)


def _proves(user: User, method: Method, code: str) -> bool:
    if method not in list_methods(user=user):
        return False
    if method == Method.PASSWORD:
        return user.check_password(code)
    return factors.verify(user=user, method=method, code=code)

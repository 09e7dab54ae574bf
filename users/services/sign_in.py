"""The one pipeline of signing in; pages, API and admin all come through here.

1. the limit of the network address (a locked account says so even then);
2. the attempt is reserved and committed: what is locked is never hashed; a known device is locked by itself;
3. one hash, also for an address that has no account;
4. the risk is judged; a second factor, or a risky sign-in, leads to the second step (`challenges`);
5. else the outcome is settled and the session starts, in one transaction (`entrance`).
"""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.hashers import check_password
from django.db import transaction

from pairly.common.problems import Overloaded, RateLimited
from security import limits
from security.client_ip import network_of
from security.models import KnownDevice, LoginAttempt, RiskDecision
from security.services import attempts, devices, risk
from security.types import Client, Door, Reservation

from .. import selectors
from ..constants import SIGN_IN_PER_MINUTE
from ..errors import InvalidCredentials, SignInBlocked, Suspended
from ..models import Session, SignInChallenge, User
from ..types import Challenged, Device, StartedSession
from . import challenges, entrance, factors, lockouts, security_mails, suspensions

Outcome = LoginAttempt.Outcome
Needs = SignInChallenge.Needs
Action = RiskDecision.Action


def sign_in(
    *,
    email: str,
    password: str,
    kind: Session.Kind,
    door: Door,
    client: Client,
    device: Device | None = None,
) -> StartedSession | Challenged:
    """Sign someone in by e-mail address and password, or ask for the second step.

    Raises RateLimited (per network address), AccountLocked, InvalidCredentials (with `attempts_left`),
    Suspended or SignInBlocked (only after the right password) or Overloaded. Must not run inside a transaction.
    """
    device = device or Device()
    _check_limit(email, client, device)
    user = selectors.find_user_by_email(email=email)
    known = devices.find(user_uid=user.uid if user else None, fingerprint=device.fingerprint, client=client)
    reserved = attempts.reserve(
        identifier=email,
        client=client,
        door=door,
        user_uid=user.uid if user else None,
        known_device=device.fingerprint if known and devices.is_strong(fingerprint=device.fingerprint) else "",
        is_known_device=known is not None,
    )
    if reserved.locked_until:
        raise lockouts.locked(reserved.locked_until)
    if not _is_right(user, password, reserved) or user is None:
        raise _failed(user, reserved)
    way_in = _WayIn(kind, door, client, device, reserved.attempt_id)
    try:
        with transaction.atomic():
            held = _hold_password(user, password)
            begun = _go_on(held, way_in, known) if held else None
    except Suspended:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="inactive")
        raise
    except Overloaded:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="overloaded")
        raise
    if held is None:
        raise _failed(user, reserved)
    if begun is None:
        raise SignInBlocked
    return begun


def _failed(user: User | None, reserved: Reservation) -> InvalidCredentials:
    """The refusal of a wrong password, recorded; the owner is told of a lock in the same transaction."""
    with transaction.atomic():
        reason = "wrong_password" if user else "unknown_account"
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason=reason)
        lockouts.tell(user=user, reserved=reserved)
    return InvalidCredentials(attempts_left=reserved.attempts_left)


class _WayIn(NamedTuple):
    """How someone comes in: all that the next step needs to know besides who it is."""

    kind: Session.Kind
    door: Door
    client: Client
    device: Device
    attempt_id: int


def _go_on(user: User, way_in: _WayIn, known: KnownDevice | None) -> StartedSession | Challenged | None:
    """The password was right and `user` is held: what comes now? None where too much speaks against it; that is
    recorded and its owner told, so the caller must let the transaction commit."""
    if not user.is_active and suspensions.end_if_over(user=user):
        user.refresh_from_db()
    limit = selectors.get_limit(user=user)
    judged = risk.evaluate(
        user_uid=user.uid,
        identifier=user.email,
        client=way_in.client,
        known=known,
        attempt_id=way_in.attempt_id,
        fingerprint=way_in.device.fingerprint,
    )
    if factors.list_methods(user=user):
        return challenges.begin(user=user, needs=Needs.FACTOR, risk_score=judged.score, **way_in._asdict())
    if judged.action == Action.BLOCK:
        _refuse(user, way_in, judged.score)
        return None
    # Nobody approves for who is shut out of everything else, and their data has to stay within reach.
    if judged.action == Action.STEP_UP and not limit:
        return challenges.begin(user=user, needs=Needs.PROOF, risk_score=judged.score, **way_in._asdict())
    return entrance.enter(user=user, risk_score=judged.score, **way_in._asdict())


def _refuse(user: User, way_in: _WayIn, score: int) -> None:
    attempts.settle(attempt_id=way_in.attempt_id, outcome=Outcome.REFUSED, reason="too_risky", risk_score=score)
    told = entrance.describe(client=way_in.client, device=way_in.device)
    security_mails.write(user=user, notice="sign_in_blocked", **told)


def _hold_password(user: User, password: str) -> User | None:
    """The account, if `password`, which was right for `user` as read, still is; it stays so until the
    transaction ends.

    Else a sign-in with the old password could begin just after a change of it ended all sign-ins. Another hash
    need not mean another password: an imported one is hashed anew by whichever sign-in comes first.
    """
    held = entrance.hold(user=user)
    is_still = held is not None and (held.password == user.password or check_password(password, held.password))
    return held if is_still else None


def _check_limit(email: str, client: Client, device: Device) -> None:
    network = network_of(ip=client.ip)
    decision = limits.allow(name="sign-in", key=network, limit=SIGN_IN_PER_MINUTE, window_s=60, is_strict=True)
    if decision.allowed:
        return
    user = selectors.find_user_by_email(email=email)
    counter = lockouts.counter_of(user_uid=user.uid if user else None, fingerprint=device.fingerprint, client=client)
    locked_until = attempts.find_locked_until(identifier=email, known_device=counter)
    if locked_until:
        raise lockouts.locked(locked_until)
    raise RateLimited(retry_after_s=decision.retry_after_s)


def _is_right(user: User | None, password: str, reserved: Reservation) -> bool:
    """Hash once, whoever it is: an empty stored hash makes Django hash a random password instead."""
    try:
        return user.check_password(password) if user else check_password(password, "")
    except Overloaded:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="overloaded")
        raise

"""The second step of a sign-in: a factor of the account, or, where it has none and the sign-in is risky, a code by
mail or approval from a device that is signed in.

Each typed code is an attempt like a password: reserved first, counted for the same lockout. A challenge is used
once, by one conditional UPDATE.
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

from pairly.common import after_commit
from pairly.outbox import services as outbox
from security import limits
from security.models import LoginAttempt
from security.services import attempts
from security.types import Client, Door

from .. import selectors
from ..constants import (
    CHALLENGE_LIFE,
    CHALLENGES_KEPT,
    EMAIL_CODE_DIGITS,
    EMAIL_CODE_LIFE,
    EMAIL_CODE_TRIES,
    EMAIL_CODES_PER_HOUR,
    SECOND_STEPS_PER_MINUTE,
    SIGN_IN_CODE_KIND,
)
from ..errors import ApprovalPending, ChallengeOver, InvalidCode
from ..models import Session, SignInChallenge, User
from ..types import Challenged, Device, Method, StartedSession
from . import entrance, factors, lockouts, security_mails, sessions

Outcome = LoginAttempt.Outcome
Needs = SignInChallenge.Needs


def begin(
    *,
    user: User,
    needs: Needs,
    kind: Session.Kind,
    door: Door,
    client: Client,
    device: Device,
    attempt_id: int,
    risk_score: int | None = None,
) -> Challenged:
    """Ask for the second step, as part of the caller's transaction, which holds the account."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    SignInChallenge.objects.filter(user=user, expires_at__lt=now - CHALLENGES_KEPT).delete()
    challenge = SignInChallenge.objects.create(
        user=user,
        token_sha256=sessions.sha256(token),
        needs=needs,
        kind=kind,
        door=door,
        ip=client.ip or None,
        user_agent=client.user_agent,
        device_name=device.name,
        device_fingerprint=device.fingerprint,
        attempt_id=attempt_id,
        expires_at=now + CHALLENGE_LIFE,
    )
    attempts.settle(attempt_id=attempt_id, outcome=Outcome.CHALLENGED, risk_score=risk_score)
    if needs == Needs.PROOF:
        security_mails.write(user=user, notice="sign_in_waits", **entrance.describe(client=client, device=device))
        event = {"type": "device.approval", "challenge": str(challenge.pk)}
        after_commit.push(user_id=user.uid, event=event)
    return Challenged(token, needs, list_methods(challenge=challenge), int(CHALLENGE_LIFE.total_seconds()))


def list_methods(*, challenge: SignInChallenge) -> list[Method]:
    """What will do as the second step."""
    if challenge.needs == Needs.PROOF:
        return [Method.EMAIL, Method.APPROVAL]
    return factors.list_methods(user=challenge.user)


def get_challenged(*, token: str) -> Challenged:
    """A waiting sign-in as who waits may know it. Raises ChallengeOver."""
    challenge = selectors.get_challenge(token_sha256=sessions.sha256(token))
    left_s = int((challenge.expires_at - timezone.now()).total_seconds())
    return Challenged(token, challenge.needs, list_methods(challenge=challenge), left_s)


def cancel(*, user: User) -> None:
    """Have every waiting sign-in of `user`, who is held by the caller's transaction, begin anew."""
    SignInChallenge.objects.filter(user=user, done_at__isnull=True).delete()


def request_code(*, token: str) -> None:
    """Have a code mailed that is good for this sign-in only. Raises ChallengeOver, InvalidCode (codes by mail are
    no way here) or RateLimited."""
    challenge = selectors.get_challenge(token_sha256=sessions.sha256(token))
    if Method.EMAIL not in list_methods(challenge=challenge):
        raise invalid_code()
    key = str(challenge.user.uid)
    limits.require(name="sign-in-code", key=key, limit=EMAIL_CODES_PER_HOUR, window_s=3600, is_strict=True)
    payload = {"challenge": str(challenge.pk)}
    outbox.write(kind=SIGN_IN_CODE_KIND, payload=payload, user_uid=challenge.user.uid)


def deliver_code(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: make the code, which replaces the one before, and mail it."""
    now = timezone.now()
    challenge = (
        SignInChallenge.objects.select_related("user")
        .filter(pk=payload["challenge"], done_at__isnull=True, refused_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if challenge is None:
        return
    code = f"{secrets.randbelow(10**EMAIL_CODE_DIGITS):0{EMAIL_CODE_DIGITS}d}"
    SignInChallenge.objects.filter(pk=challenge.pk).update(
        email_code_hash=_hash(challenge, code), email_code_tries=0, email_code_expires_at=now + EMAIL_CODE_LIFE
    )
    with translation.override(challenge.user.language):
        text = gettext(
            "Your code to sign in to Pairly is %(code)s.\n\n"
            "It is valid for %(minutes)d minutes, for the sign-in that you have begun. Never tell it to anyone. "
            "If you did not sign in, somebody knows your password: change it.\n"
        ) % {"code": code, "minutes": EMAIL_CODE_LIFE.seconds // 60}
        send_mail(gettext("Your code to sign in"), text, None, [challenge.user.email])


def complete(
    *, token: str, method: Method, code: str, client: Client, kind: Session.Kind | None = None
) -> StartedSession:
    """Prove the second step and begin the sign-in; one of `kind`, if given: a page's is not finished by the API.

    Raises ChallengeOver, ApprovalPending (nobody has answered yet), RateLimited, AccountLocked or InvalidCode (with
    `attempts_left`). Must not run inside a transaction.
    """
    challenge = selectors.get_challenge(token_sha256=sessions.sha256(token))
    if kind is not None and challenge.kind != kind:
        raise ChallengeOver
    if method == Method.APPROVAL:
        if challenge.needs != Needs.PROOF:
            raise invalid_code()
        if challenge.approved_at is None:
            raise ApprovalPending(retry_after_s=2)
        return finish(challenge=challenge, method=method, client=client)
    user = challenge.user
    _check_limit(user)
    reserved = attempts.reserve(
        identifier=user.email,
        client=client,
        door=Door(challenge.door),
        user_uid=user.uid,
        known_device=_own_counter(challenge, client),
    )
    if reserved.locked_until:
        raise lockouts.locked(reserved.locked_until)
    if not _proves(challenge, method, code):
        with transaction.atomic():
            attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.FAILED, reason="wrong_code")
            lockouts.tell(user=user, reserved=reserved)
        raise invalid_code(reserved.attempts_left)
    try:
        return finish(challenge=challenge, method=method, client=client, attempt_id=reserved.attempt_id)
    except ChallengeOver:
        attempts.settle(attempt_id=reserved.attempt_id, outcome=Outcome.REFUSED, reason="challenge_over")
        raise


def finish(
    *, challenge: SignInChallenge, method: Method, client: Client, attempt_id: int | None = None
) -> StartedSession:
    """Use the challenge up and begin the sign-in; the proof was checked by the caller. Raises ChallengeOver."""
    now = timezone.now()
    device = Device(name=challenge.device_name, fingerprint=challenge.device_fingerprint)
    with transaction.atomic():
        user = entrance.hold(user=challenge.user)
        waiting = SignInChallenge.objects.filter(
            pk=challenge.pk, done_at__isnull=True, refused_at__isnull=True, expires_at__gt=now
        )
        if user is None or not waiting.update(done_at=now):
            raise ChallengeOver
        if method == Method.BACKUP_CODE:
            n_left = selectors.count_backup_codes(user=user)
            security_mails.write(user=user, notice="backup_code_used", n_left=n_left)
        return entrance.enter(
            user=user,
            kind=Session.Kind(challenge.kind),
            door=Door(challenge.door),
            client=client,
            device=device,
            factor=method,
            attempt_id=attempt_id,
            risk_score=attempts.find_risk_score(attempt_id=challenge.attempt_id),
        )


def invalid_code(n_left: int | None = None) -> InvalidCode:
    """The refusal, at the field of the code; `attempts_left` says how many tries remain before the lockout."""
    detail = str(InvalidCode.title)
    row = {"pointer": "/code", "code": InvalidCode.code, "detail": detail}
    extra = {} if n_left is None else {"attempts_left": n_left}
    return InvalidCode(detail, errors=[row], **extra)


def _check_limit(user: User) -> None:
    key = str(user.uid)
    limits.require(name="second-factor", key=key, limit=SECOND_STEPS_PER_MINUTE, window_s=60, is_strict=True)


def _own_counter(challenge: SignInChallenge, client: Client) -> str:
    return lockouts.counter_of(user_uid=challenge.user.uid, fingerprint=challenge.device_fingerprint, client=client)


def _proves(challenge: SignInChallenge, method: Method, code: str) -> bool:
    if method not in list_methods(challenge=challenge):
        return False
    if method == Method.EMAIL:
        return _is_mailed_code(challenge, code)
    return factors.verify(user=challenge.user, method=method, code=code)


def _is_mailed_code(challenge: SignInChallenge, code: str) -> bool:
    """Each try is counted before the comparison; the right one uses the code up."""
    rows = SignInChallenge.objects.filter(pk=challenge.pk, email_code_expires_at__gt=timezone.now())
    if not rows.filter(email_code_tries__lt=EMAIL_CODE_TRIES).update(email_code_tries=F("email_code_tries") + 1):
        return False
    stored = SignInChallenge.objects.values_list("email_code_hash", flat=True).get(pk=challenge.pk)
    hashed = _hash(challenge, "".join(code.split()))
    if stored is None or not constant_time_compare(bytes(stored), hashed):
        return False
    return bool(rows.filter(email_code_hash=hashed).update(email_code_hash=None))


def _hash(challenge: SignInChallenge, code: str) -> bytes:
    return salted_hmac("users.sign_in_code", f"{challenge.pk}:{code}", algorithm="sha256").digest()

"""Passkeys: made, used to sign in, as the second step or as a step-up, and removed.

The device verifies its owner each time, so a passkey is both factors at once. Nobody guesses a signature: a
passkey opens an account that wrong passwords have locked, and its failures are recorded after the check.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django_otp_webauthn.utils import get_credential_model

from pairly.common.problems import NotFound
from security import limits
from security.client_ip import network_of
from security.models import LoginAttempt
from security.services import attempts, audit
from security.types import Client, Door
from security.user_agents import name_of

from .. import selectors
from ..constants import (
    PASSKEY_BEGINS_PER_MINUTE,
    PASSKEY_NAME_MAX,
    PASSKEY_SIGN_INS_PER_MINUTE,
    PASSKEYS_MAX,
    SECOND_FACTOR_SETUPS_PER_MINUTE,
    SECOND_STEPS_PER_MINUTE,
    UNKNOWN_PASSKEY,
)
from ..errors import ChallengeOver, PasskeyRefused, StrongFactorNeeded, Suspended, TooManyPasskeys
from ..models import Session, SignInChallenge, User
from ..types import Ceremony, Device, Method, NewPasskey, SignIn, StartedSession
from . import backup_codes, challenges, entrance, lockouts, passkey_ceremonies, security_mails, sessions, step_up
from .passkey_ceremonies import ClonedPasskey, Purpose

Outcome = LoginAttempt.Outcome


def begin_registration(*, user: User, sign_in: SignIn) -> Ceremony:
    """Ask the device for a new passkey. Raises StepUpRequired, TooManyPasskeys or RateLimited."""
    step_up.require(user=user, sign_in=sign_in)
    _check_limit("second-factor-setup", str(user.uid), SECOND_FACTOR_SETUPS_PER_MINUTE)
    _check_room(user)
    return passkey_ceremonies.begin_registration(user=user, bound_to=sign_in.family)


def finish_registration(
    *, user: User, sign_in: SignIn, state: str, credential: dict[str, Any], client: Client, name: str = ""
) -> NewPasskey:
    """Keep the passkey that the device made; the first second factor of an account comes with backup codes.

    Raises PasskeyCeremonyOver, PasskeyRefused or TooManyPasskeys. Must not run inside a transaction.
    """
    asked = passkey_ceremonies.use(state=state, purpose=Purpose.REGISTER, user=user, bound_to=sign_in.family)
    with transaction.atomic():
        held = entrance.hold(user=user)
        if held is None:
            raise PasskeyRefused
        _check_room(held)
        made = passkey_ceremonies.register(user=held, asked=asked, credential=credential)
        made.name = (name.strip() or name_of(user_agent=client.user_agent))[:PASSKEY_NAME_MAX]
        made.save(update_fields=["name"])
        codes = [] if selectors.count_backup_codes(user=held) else backup_codes.renew(user=held)
        challenges.cancel(user=held)  # else a code by mail could still finish one
        _tell("factor_on", "passkey.added", held, sign_in, client, made)
        step_up.grant(sign_in=sign_in, method=Method.PASSKEY)
    return NewPasskey(passkey=selectors.passkey_row(made), backup_codes=codes)


def remove(*, user: User, sign_in: SignIn, passkey_id: int, client: Client) -> None:
    """Forget a passkey, and the backup codes with the last factor.

    Raises NotFound, also for somebody else's, StepUpRequired, or StrongFactorNeeded for the last of staff.
    """
    selectors.get_passkey(user=user, passkey_id=passkey_id)
    step_up.require(user=user, sign_in=sign_in)
    with transaction.atomic():
        held = entrance.hold(user=user)
        row = get_credential_model().objects.filter(user=held, pk=passkey_id).first() if held else None
        if held is None or row is None:
            raise NotFound
        get_credential_model().objects.filter(pk=row.pk).delete()
        is_last = not selectors.list_strong_methods(user=held)
        if is_last and held.is_staff:
            raise StrongFactorNeeded
        if is_last and held.email_factor_at is None:
            backup_codes.remove(user=held)
        _tell("factor_off", "passkey.removed", held, sign_in, client, row)


def begin_sign_in(*, client: Client) -> Ceremony:
    """Ask for whichever passkey the device has for this site: nobody is named, so nobody is found out.

    Raises RateLimited, per network address.
    """
    _check_limit("passkey-begin", network_of(ip=client.ip), PASSKEY_BEGINS_PER_MINUTE)
    return passkey_ceremonies.begin_proof(purpose=Purpose.SIGN_IN)


def finish_sign_in(
    *,
    state: str,
    credential: dict[str, Any],
    kind: Session.Kind,
    client: Client,
    device: Device | None = None,
    door: Door = Door.PASSKEY,
) -> StartedSession:
    """Sign in whoever the passkey belongs to.

    Raises RateLimited (per network address), PasskeyCeremonyOver, PasskeyRefused or Suspended. Must not run
    inside a transaction.
    """
    device = device or Device()
    _check_limit("passkey-sign-in", network_of(ip=client.ip), PASSKEY_SIGN_INS_PER_MINUTE)
    asked = passkey_ceremonies.use(state=state, purpose=Purpose.SIGN_IN)
    owner: User | None = None
    try:
        credential_id = passkey_ceremonies.credential_id_of(credential)
        owner = selectors.find_passkey_owner(credential_id=credential_id)
        with transaction.atomic():
            held = entrance.hold(user=owner) if owner else None
            if held is None:
                raise PasskeyRefused
            passkey_ceremonies.verify(user=held, asked=asked, credential=credential, names_user=True)
            return entrance.enter(user=held, kind=kind, door=door, client=client, device=device, factor=Method.PASSKEY)
    except PasskeyRefused as refusal:
        _note_failure(refusal, owner, door=door, client=client, fingerprint=device.fingerprint)
        raise PasskeyRefused from refusal
    except Suspended:
        _note(owner, door=door, client=client, outcome=Outcome.REFUSED, reason="inactive")
        raise


def begin_second_step(*, token: str) -> Ceremony:
    """Ask for a passkey of the account that waits for its second step. Raises ChallengeOver, or PasskeyRefused
    where the account has none, or RateLimited."""
    challenge = _get_challenge(token)
    _check_limit("passkey-begin", str(challenge.user.uid), PASSKEY_BEGINS_PER_MINUTE)
    return passkey_ceremonies.begin_proof(purpose=Purpose.SECOND_STEP, user=challenge.user, bound_to=challenge.pk)


def finish_second_step(
    *, token: str, state: str, credential: dict[str, Any], kind: Session.Kind, client: Client
) -> StartedSession:
    """Prove the second step with a passkey and begin the sign-in.

    Raises ChallengeOver, RateLimited, PasskeyCeremonyOver or PasskeyRefused. Must not run inside a transaction.
    """
    challenge = _get_challenge(token)
    if challenge.kind != kind:
        raise ChallengeOver
    user, door = challenge.user, Door(challenge.door)
    _check_limit("second-factor", str(user.uid), SECOND_STEPS_PER_MINUTE)
    asked = passkey_ceremonies.use(state=state, purpose=Purpose.SECOND_STEP, user=user, bound_to=challenge.pk)
    try:
        with transaction.atomic():
            _verify_held(user, asked, credential)
            return challenges.finish(challenge=challenge, method=Method.PASSKEY, client=client)
    except PasskeyRefused as refusal:
        _note_failure(refusal, user, door=door, client=client, fingerprint=challenge.device_fingerprint)
        raise PasskeyRefused from refusal


def begin_step_up(*, user: User, sign_in: SignIn) -> Ceremony:
    """Ask for a passkey of `user`. Raises PasskeyRefused where there is none, or RateLimited."""
    if Method.PASSKEY not in step_up.list_methods(user=user):
        raise PasskeyRefused
    _check_limit("passkey-begin", str(user.uid), PASSKEY_BEGINS_PER_MINUTE)
    return passkey_ceremonies.begin_proof(purpose=Purpose.STEP_UP, user=user, bound_to=sign_in.family)


def finish_step_up(*, user: User, sign_in: SignIn, state: str, credential: dict[str, Any], client: Client) -> None:
    """Prove with a passkey that it is still the owner.

    Raises RateLimited, PasskeyCeremonyOver or PasskeyRefused. Must not run inside a transaction.
    """
    _check_limit("second-factor", str(user.uid), SECOND_STEPS_PER_MINUTE)
    asked = passkey_ceremonies.use(state=state, purpose=Purpose.STEP_UP, user=user, bound_to=sign_in.family)
    try:
        with transaction.atomic():
            _verify_held(user, asked, credential)
            attempts.forgive(
                identifier=user.email,
                client=client,
                door=Door.STEP_UP,
                user_uid=user.uid,
                family=sign_in.family,
            )
            step_up.grant(sign_in=sign_in, method=Method.PASSKEY)
    except PasskeyRefused as refusal:
        _note_failure(refusal, user, door=Door.STEP_UP, client=client)
        raise PasskeyRefused from refusal


def _verify_held(user: User, asked: dict[str, Any], credential: dict[str, Any]) -> None:
    """With the account held, as `verify` needs it."""
    held = entrance.hold(user=user)
    if held is None:
        raise PasskeyRefused
    passkey_ceremonies.verify(user=held, asked=asked, credential=credential)


def _get_challenge(token: str) -> SignInChallenge:
    challenge = selectors.get_challenge(token_sha256=sessions.sha256(token))
    if Method.PASSKEY not in challenges.list_methods(challenge=challenge):
        raise PasskeyRefused
    return challenge


def _check_room(user: User) -> None:
    if len(selectors.list_passkeys(user=user)) >= PASSKEYS_MAX:
        raise TooManyPasskeys


def _check_limit(name: str, key: str, per_minute: int) -> None:
    limits.require(name=name, key=key, limit=per_minute, window_s=60, is_strict=True)


def _note_failure(
    refusal: PasskeyRefused, user: User | None, *, door: Door, client: Client, fingerprint: str = ""
) -> None:
    """Record the failure, of an account or of nobody's; a copied key is a matter for the audit log too."""
    _note(user, door=door, client=client, outcome=Outcome.FAILED, reason="wrong_passkey", fingerprint=fingerprint)
    if isinstance(refusal, ClonedPasskey) and user:
        audit.record(
            action="passkey.cloned",
            subject_uid=user.uid,
            severity=audit.Severity.CRITICAL,
            details={"passkey": refusal.passkey_id},
            client=client,
        )


def _note(
    user: User | None, *, door: Door, client: Client, outcome: LoginAttempt.Outcome, reason: str, fingerprint: str = ""
) -> None:
    user_uid = user.uid if user else None
    reserved = attempts.reserve(
        identifier=user.email if user else UNKNOWN_PASSKEY,
        client=client,
        door=door,
        user_uid=user_uid,
        known_device=lockouts.counter_of(user_uid=user_uid, fingerprint=fingerprint, client=client),
    )
    if reserved.locked_until:
        return
    attempts.settle(attempt_id=reserved.attempt_id, outcome=outcome, reason=reason)
    if user and outcome == Outcome.FAILED:
        lockouts.tell(user=user, reserved=reserved)


def _tell(notice: str, action: str, user: User, sign_in: SignIn, client: Client, passkey: Any) -> None:
    factor = gettext("the passkey “%(name)s”") % {"name": passkey.name}
    security_mails.write(user=user, notice=notice, factor=factor)
    audit.record(
        action=action,
        actor_uid=user.uid,
        subject_uid=user.uid,
        severity=audit.Severity.NOTICE,
        details={"passkey": passkey.pk},
        family=sign_in.family,
        client=client,
    )

"""Saying from a signed-in device whether a sign-in that waits is one's own; and the devices one is known by."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from pairly.common.problems import NotFound
from security.services import audit, devices
from security.types import Client

from .. import selectors
from ..errors import AlreadyAnswered, SameDevice
from ..models import SignInChallenge, User
from ..types import SignIn
from . import step_up

Needs = SignInChallenge.Needs


def answer(*, user: User, sign_in: SignIn, challenge_id: uuid.UUID, approve: bool, client: Client) -> None:
    """Approve or refuse a sign-in that waits for proof. One answer counts, the first; a refused sign-in can never
    be completed. Nothing else ends by it.

    Approving takes a fresh step-up, refusing does not: whoever hesitates must be able to stop it. Raises NotFound
    (over, or somebody else's), SameDevice, StepUpRequired or AlreadyAnswered.
    """
    challenge = selectors.get_waiting_challenge(user=user, challenge_id=challenge_id)
    if challenge.needs != Needs.PROOF:
        raise NotFound
    if selectors.find_device_of(family=sign_in.family) == selectors.device_of_challenge(challenge):
        raise SameDevice
    if approve:
        step_up.require(user=user, sign_in=sign_in)
    now = timezone.now()
    fields = {"approved_at": now, "approved_by_id": sign_in.family} if approve else {"refused_at": now}
    waiting = SignInChallenge.objects.filter(
        pk=challenge.pk, approved_at__isnull=True, refused_at__isnull=True, done_at__isnull=True, expires_at__gt=now
    )
    with transaction.atomic():
        if not waiting.update(**fields):
            raise AlreadyAnswered
        audit.record(
            action="sign_in.approved" if approve else "sign_in.refused",
            actor_uid=user.uid,
            subject_uid=user.uid,
            details={"challenge": str(challenge.pk)},
            family=sign_in.family,
            client=client,
        )


def trust_device(*, user: User, sign_in: SignIn, device_uid: uuid.UUID, client: Client) -> None:
    """Trust a known device of `user`. Raises NotFound, also for somebody else's, or StepUpRequired."""
    step_up.require(user=user, sign_in=sign_in)
    with transaction.atomic():
        devices.trust(user_uid=user.uid, device_uid=device_uid)
        _record("device.trusted", user, sign_in, device_uid, client)


def forget_device(*, user: User, sign_in: SignIn, device_uid: uuid.UUID, client: Client) -> None:
    """Know a device of `user` no more; its sign-ins go on. Raises NotFound, also for somebody else's."""
    with transaction.atomic():
        devices.forget(user_uid=user.uid, device_uid=device_uid)
        _record("device.forgotten", user, sign_in, device_uid, client)


def _record(action: str, user: User, sign_in: SignIn, device_uid: uuid.UUID, client: Client) -> None:
    audit.record(
        action=action,
        actor_uid=user.uid,
        subject_uid=user.uid,
        details={"device": str(device_uid)},
        family=sign_in.family,
        client=client,
    )

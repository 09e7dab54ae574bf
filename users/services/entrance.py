"""The last step of every way in: the session begins, the device is remembered, its owner told of a new one."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from security.client_ip import network_of
from security.models import LoginAttempt
from security.services import attempts, devices, events
from security.types import Client, Door
from security.user_agents import name_of

from .. import selectors
from ..models import Session, User
from ..types import Device, Method, StartedSession
from . import security_mails, sessions

Outcome = LoginAttempt.Outcome


def hold(*, user: User) -> User | None:
    """The account as it is now; it stays so until the transaction ends. None when it is gone.

    A password change and a suspension hold it too, so no sign-in slips past either.
    """
    return User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()


def enter(
    *,
    user: User,
    kind: Session.Kind,
    door: Door,
    client: Client,
    device: Device,
    factor: Method | None = None,
    attempt_id: int | None = None,
    risk_score: int | None = None,
) -> StartedSession:
    """Begin the sign-in of `user`, held by the caller in its transaction, who proved what they had to.

    `attempt_id` is the reserved attempt that this settles; without one (a passkey, an approval) it is recorded
    as a success of its own. `risk_score` is what the sign-in was judged to be. A suspended or closing account gets
    a session that is kept to privacy. Raises Suspended for an account that is gone.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("enter() needs a transaction that holds the account")
    limit = selectors.get_limit(user=user)
    started = sessions.start_session(user=user, kind=kind, client=client, device=device, factor=factor, limit=limit)
    family = started.session.family
    is_new = devices.remember(
        user_uid=user.uid,
        fingerprint=device.fingerprint,
        client=client,
        name=device.name,
        is_trusted=factor is not None,
    )
    if attempt_id is None:
        attempts.forgive(
            identifier=user.email,
            client=client,
            door=door,
            user_uid=user.uid,
            family=family,
            is_known_device=not is_new,
        )
    else:
        attempts.settle(
            attempt_id=attempt_id,
            outcome=Outcome.SUCCEEDED,
            family=family,
            risk_score=risk_score,
            is_known_device=not is_new,
        )
    events.report_sign_in(
        user_uid=user.uid,
        joined_at=user.created_at,
        client=client,
        device=device.fingerprint,
        is_new_device=is_new,
        door=door,
    )
    if is_new:
        security_mails.write(user=user, notice="new_device", **describe(client=client, device=device))
    return started


def describe(*, client: Client, device: Device) -> dict[str, str]:
    """Device, network and time in words, for a mail."""
    return {
        "device": device.name or name_of(user_agent=client.user_agent),
        "network": network_of(ip=client.ip) if client.ip else "–",
        "at": f"{timezone.now():%Y-%m-%d %H:%M} UTC",
    }

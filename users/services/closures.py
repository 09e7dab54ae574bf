"""A rest (deactivation) and the way out (deletion after a time of grace); coming back undoes either.

All three hold the account's row, so none of them overlaps with a sign-in, a suspension or the erasure itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from pairly.common.problems import NotFound
from pairly.outbox import services as outbox
from security.models import AuditEntry
from security.services import audit
from security.types import Client

from .. import privacy_selectors, registry, selectors
from ..constants import CLOSURE_REMINDER_KIND, DELETION_GRACE, DELETION_REMINDER
from ..errors import AccountClosing, DeletionBlocked, EmailChangeHeld
from ..models import AccountClosure, User
from ..types import Obstacle, SignIn
from . import entrance, security_mails, sessions, step_up, suspensions

Kind = AccountClosure.Kind


def deactivate(*, user: User, sign_in: SignIn, client: Client) -> AccountClosure:
    """Let the account rest: nobody sees it, all its sign-ins end, nothing is deleted.

    A suspended one may rest too; the suspension goes on. Raises StepUpRequired or AccountClosing.
    """
    step_up.require(user=user, sign_in=sign_in)
    with transaction.atomic():
        held = _hold(user)
        if privacy_selectors.find_open_closure(user=held):
            raise AccountClosing
        closure = AccountClosure.objects.create(user=held, kind=Kind.REST)
        _shut(held)
        security_mails.write(user=held, notice="resting")
        _note("account.deactivated", held, sign_in, client)
    return closure


def list_obstacles(*, user: User) -> list[Obstacle]:
    """What speaks against deleting the account of `user` now, what has to be settled first."""
    found = [obstacle for check in registry.list_checks() for obstacle in check(user=user)]
    return sorted(found, key=lambda obstacle: obstacle.can_agree)


def request_deletion(*, user: User, sign_in: SignIn, agreed: Collection[str] = (), client: Client) -> AccountClosure:
    """Have the account deleted after DELETION_GRACE; until then it is as good as gone, and signing in can keep it.

    `agreed` names the obstacles that their owner agrees to. Raises StepUpRequired, AccountClosing (it was asked for
    already), DeletionBlocked or EmailChangeHeld (the owner of the old address may still want the account back).
    """
    step_up.require(user=user, sign_in=sign_in)
    with transaction.atomic():
        held = _hold(user)
        before = privacy_selectors.find_open_closure(user=held)
        if before is not None and before.kind == Kind.DELETION:
            raise AccountClosing
        _check(held, agreed)
        if selectors.find_undoable_email_change(user=held):
            raise EmailChangeHeld
        now = timezone.now()
        if before is not None:
            AccountClosure.objects.filter(pk=before.pk).update(cancelled_at=now)
        closure = AccountClosure.objects.create(user=held, kind=Kind.DELETION, erase_at=now + DELETION_GRACE)
        _shut(held)
        security_mails.write(user=held, notice="deletion_scheduled", day=_day(closure))
        outbox.write(
            kind=CLOSURE_REMINDER_KIND,
            payload={"closure": str(closure.pk)},
            user_uid=held.uid,
            deliver_at=now + DELETION_GRACE - DELETION_REMINDER,
        )
        _note("account.deletion_requested", held, sign_in, client, agreed=sorted(agreed))
    return closure


def cancel(*, user: User, sign_in: SignIn, client: Client) -> bool:
    """Come back from a rest, or keep an account that was to be deleted; returns whether it is active again.

    Where a suspension goes on it is not. Sign-ins that were kept to privacy end: coming in for good takes all the
    proof that a sign-in takes. Raises NotFound where there is nothing to come back from.
    """
    with transaction.atomic():
        held = _hold(user)
        open_ones = AccountClosure.objects.filter(user=held, cancelled_at__isnull=True, erased_at__isnull=True)
        if not open_ones.update(cancelled_at=timezone.now()):
            raise NotFound
        is_active = suspensions.restore(user=held)
        security_mails.write(user=held, notice="came_back")
        _note("account.kept", held, sign_in, client)
    return is_active


def deliver_reminder(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: the second mail about a deletion, unless it was called off."""
    closure = (
        AccountClosure.objects.select_related("user")
        .filter(pk=payload["closure"], cancelled_at__isnull=True, erased_at__isnull=True)
        .first()
    )
    if closure is not None:
        notice = {"notice": "deletion_soon", "to": closure.user.email, "parameters": {"day": _day(closure)}}
        security_mails.deliver(user_uid, notice)


def _hold(user: User) -> User:
    held = entrance.hold(user=user)
    if held is None or privacy_selectors.is_erased(user=held):
        raise NotFound
    return held


def _check(user: User, agreed: Collection[str]) -> None:
    left = [one for one in list_obstacles(user=user) if not (one.can_agree and one.code in agreed)]
    if left:
        rows = [{"code": one.code, "detail": one.detail, "needs": "consent" if one.can_agree else ""} for one in left]
        raise DeletionBlocked(obstacles=rows)


def _shut(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    sessions.end_sessions(user=user, reason="closed")


def _note(action: str, user: User, sign_in: SignIn, client: Client, **details: Any) -> None:
    audit.record(
        action=action,
        actor_uid=user.uid,
        subject_uid=user.uid,
        severity=AuditEntry.Severity.NOTICE,
        details=details,
        family=sign_in.family,
        client=client,
    )


def _day(closure: AccountClosure) -> str:
    return f"{closure.erase_at:%Y-%m-%d}"

"""Who works here: roles and leaving. People come in by invitation only (`invitations`)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common.problems import Forbidden, InvalidInput
from security.models import AuditEntry
from security.services import audit
from security.types import Client

from .. import staff_selectors
from ..errors import LastAdmin, OwnAccount
from ..models import StaffInvitation, User
from ..roles import ADMIN, ROLE_NAMES, ROLES
from ..types import SignIn
from . import security_mails, sessions, step_up

Severity = AuditEntry.Severity


def change_roles(*, by: User, sign_in: SignIn, uid: uuid.UUID, roles: Collection[str], client: Client) -> None:
    """Give somebody who works here exactly these roles; all their sign-ins end, and they are told by mail.

    Raises Forbidden, StepUpRequired, NotFound, OwnAccount, InvalidInput (at /roles) or LastAdmin.
    """
    check_roles(roles)
    check_may(by=by, sign_in=sign_in)
    with transaction.atomic():
        person = _hold(by, uid)
        before = staff_selectors.roles_of(person)
        if set(before) == set(roles):
            return
        if ADMIN not in roles:
            _check_not_last(person)
        User.objects.filter(pk=person.pk).update(is_superuser=False)
        person.groups.set(groups_of(roles))
        sessions.end_sessions(user=person, reason="roles_changed")
        security_mails.write(user=person, notice="roles_changed", roles=name_roles(roles))
        details = {"before": before, "roles": sorted(roles)}
        _record("staff.roles_changed", by, sign_in, person, client, details)


def remove(*, by: User, sign_in: SignIn, uid: uuid.UUID, client: Client) -> None:
    """Make somebody who works here an ordinary person again. All their sign-ins end, so do their open invitations
    to others; they are told by mail.

    Raises Forbidden, StepUpRequired, NotFound, OwnAccount or LastAdmin.
    """
    check_may(by=by, sign_in=sign_in)
    with transaction.atomic():
        person = _hold(by, uid)
        _check_not_last(person)
        before = staff_selectors.roles_of(person)
        User.objects.filter(pk=person.pk).update(is_staff=False, is_superuser=False)
        person.groups.clear()
        person.user_permissions.clear()
        made = StaffInvitation.objects.filter(invited_by=person, accepted_at__isnull=True, revoked_at__isnull=True)
        made.update(revoked_at=timezone.now())
        sessions.end_sessions(user=person, reason="staff_removed")
        security_mails.write(user=person, notice="staff_removed")
        _record("staff.removed", by, sign_in, person, client, {"before": before})


def check_may(*, by: User, sign_in: SignIn) -> None:
    """Raise Forbidden unless `by` may invite and remove, StepUpRequired unless it was just proven that it is them."""
    if not by.has_perm("users.staff_invite"):
        raise Forbidden
    step_up.require(user=by, sign_in=sign_in)


def check_roles(roles: Collection[str]) -> None:
    """Raise InvalidInput unless there is at least one and each is known."""
    if not roles or set(roles) - ROLES.keys():
        detail = gettext("Choose at least one role.")
        raise InvalidInput(detail, errors=[{"pointer": "/roles", "code": "invalid", "detail": detail}])


def groups_of(roles: Collection[str]) -> list[Group]:
    """The groups of roles that were checked."""
    return list(Group.objects.filter(name__in=roles))


def name_roles(roles: Collection[str]) -> str:
    """In words, for a mail."""
    return ", ".join(str(ROLE_NAMES[role]) for role in ROLES if role in roles)


def _hold(by: User, uid: uuid.UUID) -> User:
    """Somebody else who works here, as they are now; nobody else changes who is an admin until the transaction ends.

    `by` is asked for anew: they may have been removed while this waited.
    """
    _hold_admins()
    again = User.objects.filter(pk=by.pk, is_staff=True, is_active=True).first()
    if again is None:
        raise Forbidden
    person = staff_selectors.get_staff(user=again, uid=uid)
    if person.pk == by.pk:
        raise OwnAccount
    return person


def _hold_admins() -> None:
    """One row that everybody waits for who changes who is an admin: else two admins remove each other at once."""
    Group.objects.select_for_update().get(name=ADMIN)


def _check_not_last(person: User) -> None:
    if not staff_selectors.list_admins().exclude(pk=person.pk).exists():
        raise LastAdmin


def _record(action: str, by: User, sign_in: SignIn, person: User, client: Client, details: dict[str, Any]) -> None:
    audit.record(
        action=action,
        actor_uid=by.uid,
        subject_uid=person.uid,
        by_staff=True,
        severity=Severity.WARNING,
        details=details,
        family=sign_in.family,
        client=client,
    )

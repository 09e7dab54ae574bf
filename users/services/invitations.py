"""The one way to become staff: an admin's invitation, a code by mail, typed once on a page of ours.

The code is made when the mail is rendered: the outbox row holds no secret, and no URL does.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from datetime import date
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import get_language, gettext

from pairly.common.problems import Forbidden, NotFound
from pairly.outbox import services as outbox
from security import limits
from security.client_ip import network_of
from security.identifiers import normalise
from security.models import AuditEntry
from security.services import audit
from security.types import Client

from .. import selectors, staff_selectors
from ..constants import (
    INVITATION_CODE_LENGTH,
    INVITATION_KIND,
    INVITATION_LIFE,
    INVITATION_TRIES,
    INVITATIONS_ACCEPTED_PER_MINUTE,
    RESET_CODE_ALPHABET,
)
from ..errors import AlreadyStaff, EmailTaken, InvalidCode, InvitationOpen
from ..models import Session, StaffInvitation, User
from ..types import Device, SignIn, StartedSession
from . import accounts, entrance, security_mails, sessions, staff

Severity = AuditEntry.Severity


def invite(*, by: User, sign_in: SignIn, email: str, roles: Collection[str], client: Client) -> StaffInvitation:
    """Invite the owner of an address to work here, with these roles; the code goes out by mail.

    Raises Forbidden, StepUpRequired, InvalidInput (at /roles), AlreadyStaff or InvitationOpen.
    """
    staff.check_roles(roles)
    staff.check_may(by=by, sign_in=sign_in)
    email = normalise(identifier=email)
    known = selectors.find_user_by_email(email=email)
    if known and known.is_staff:
        raise AlreadyStaff(errors=[_row("email", AlreadyStaff.code, str(AlreadyStaff.title))])
    now = timezone.now()
    with transaction.atomic():
        _hold_inviter(by)
        expired = StaffInvitation.objects.filter(email=email, accepted_at__isnull=True, revoked_at__isnull=True)
        expired.filter(expires_at__lte=now).update(revoked_at=now)
        invitation = _insert(email=email, invited_by=by, created_at=now, expires_at=now + INVITATION_LIFE)
        invitation.groups.set(staff.groups_of(roles))
        payload = {"invitation": str(invitation.pk), "language": (get_language() or settings.LANGUAGE_CODE)[:8]}
        outbox.write(kind=INVITATION_KIND, payload=payload)
        details = {"invitation": str(invitation.pk), "roles": sorted(roles)}
        subject_uid = known.uid if known else None
        _record("staff.invited", by, sign_in, client, subject_uid=subject_uid, details=details)
    return invitation


def revoke(*, by: User, sign_in: SignIn, uid: uuid.UUID, client: Client) -> None:
    """Take an open invitation back. Raises Forbidden, StepUpRequired, or NotFound unless it is open."""
    staff.check_may(by=by, sign_in=sign_in)
    with transaction.atomic():
        rows = StaffInvitation.objects.filter(pk=uid, accepted_at__isnull=True, revoked_at__isnull=True)
        if not rows.update(revoked_at=timezone.now()):
            raise NotFound
        _record("staff.invitation_revoked", by, sign_in, client, details={"invitation": str(uid)})


def accept(
    *,
    email: str,
    code: str,
    name: str,
    password: str,
    birth_date: date,
    kind: Session.Kind,
    client: Client,
    device: Device | None = None,
) -> StartedSession:
    """Make the account that an invitation is for, and sign its owner in. The mailed code proves the address.

    An account that exists already is never taken over like this: its owner signs in and accepts as themselves
    (`accept_as`). What is wrong with the rest is said before a try is counted. Raises UnderAge, InvalidInput,
    RateLimited, InvalidCode or EmailTaken.
    """
    email = normalise(identifier=email)
    accounts.check_new(user=User(email=email, name=name.strip(), birth_date=birth_date), password=password)
    _check_limit(client)
    found = _find_by_code(email, code)
    with transaction.atomic():
        if not _consume(found):
            raise invalid_code()
        try:
            started = accounts.sign_up(
                email=email,
                password=password,
                name=name,
                role=User.Role.FAN,
                birth_date=birth_date,
                kind=kind,
                client=client,
                device=device,
            )
        except EmailTaken as error:
            detail = gettext("You have an account already. Sign in, then come back here and type the code.")
            raise EmailTaken(detail, errors=[_row("email", EmailTaken.code, detail)]) from error
        _employ(started.user, found, client, family=started.session.family)
    return started


def accept_as(*, user: User, sign_in: SignIn, code: str, client: Client) -> None:
    """Let `user`, who is signed in, work here from now on; their other sign-ins end.

    Raises RateLimited, or InvalidCode also for a code that was sent to somebody else.
    """
    _check_limit(client)
    found = _find_by_code(user.email, code)
    with transaction.atomic():
        held = entrance.hold(user=user)
        if held is None or not held.is_active or held.email != found.email or not _consume(found):
            raise invalid_code()
        sessions.end_sessions(user=held, reason="roles_changed", except_family=sign_in.family)
        _employ(held, found, client, family=sign_in.family)


def deliver(user_uid: uuid.UUID | None, payload: dict[str, Any]) -> None:
    """Outbox handler: make the code, which replaces the one before, and mail it. Nothing for one that is over."""
    now = timezone.now()
    rows = StaffInvitation.objects.filter(
        pk=payload["invitation"], accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    )
    invitation = rows.select_related("invited_by").prefetch_related("groups").first()
    if invitation is None:
        return
    code = "".join(secrets.choice(RESET_CODE_ALPHABET) for _ in range(INVITATION_CODE_LENGTH))
    rows.update(code_hash=_hash(invitation, code), n_tries=0)
    with translation.override(payload["language"]):
        _mail(invitation, code)


def invalid_code() -> InvalidCode:
    """The refusal, at the field of the code: nothing tells whether the address was invited."""
    detail = str(InvalidCode.title)
    return InvalidCode(detail, errors=[_row("code", InvalidCode.code, detail)])


def _hold_inviter(by: User) -> None:
    """Their removal waits for this, or this finds it done: nobody's invitations outlive their work here."""
    held = entrance.hold(user=by)
    if held is None or not held.is_staff or not held.has_perm("users.staff_invite"):
        raise Forbidden


def _insert(**fields: Any) -> StaffInvitation:
    try:
        with transaction.atomic():
            return StaffInvitation.objects.create(**fields)
    except IntegrityError as error:
        raise InvitationOpen(errors=[_row("email", InvitationOpen.code, str(InvitationOpen.title))]) from error


def _check_limit(client: Client) -> None:
    key, per_minute = network_of(ip=client.ip), INVITATIONS_ACCEPTED_PER_MINUTE
    limits.require(name="staff-invitation", key=key, limit=per_minute, window_s=60, is_strict=True)


def _find_by_code(email: str, code: str) -> StaffInvitation:
    """The open invitation of an address, if this is its code; each try is counted before the comparison."""
    usable = staff_selectors.list_open_invitations(email=email)
    if not usable.filter(n_tries__lt=INVITATION_TRIES).update(n_tries=F("n_tries") + 1):
        raise invalid_code()
    found = usable.first()
    typed = "".join(character for character in code.upper() if character.isalnum())
    if found is None or found.code_hash is None:
        raise invalid_code()
    if not constant_time_compare(bytes(found.code_hash), _hash(found, typed)):
        raise invalid_code()
    return found


def _consume(found: StaffInvitation) -> bool:
    """Win the invitation, or not: of any number of parallel requests one does."""
    usable = staff_selectors.list_open_invitations(email=found.email).filter(pk=found.pk, code_hash=found.code_hash)
    return bool(usable.update(accepted_at=timezone.now(), code_hash=None))


def _employ(user: User, invitation: StaffInvitation, client: Client, *, family: uuid.UUID) -> None:
    # Who left and comes again: the row of the first time lets go of them, the audit log does not.
    StaffInvitation.objects.filter(accepted_by=user).update(accepted_by=None)
    StaffInvitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
    user.is_staff = True
    user.email_verified_at = user.email_verified_at or timezone.now()
    user.save(update_fields=["is_staff", "email_verified_at"])
    user.groups.add(*invitation.groups.all())
    roles = [group.name for group in invitation.groups.all()]
    security_mails.write(user=user, notice="staff_joined", roles=staff.name_roles(roles))
    audit.record(
        action="staff.joined",
        actor_uid=user.uid,
        subject_uid=user.uid,
        by_staff=True,
        severity=Severity.WARNING,
        details={"invitation": str(invitation.pk), "roles": sorted(roles)},
        family=family,
        client=client,
    )


def _record(
    action: str,
    by: User,
    sign_in: SignIn,
    client: Client,
    *,
    details: dict[str, Any],
    subject_uid: uuid.UUID | None = None,
) -> None:
    audit.record(
        action=action,
        actor_uid=by.uid,
        subject_uid=subject_uid,
        by_staff=True,
        severity=Severity.NOTICE,
        details=details,
        family=sign_in.family,
        client=client,
    )


def _hash(invitation: StaffInvitation, code: str) -> bytes:
    """Keyed, as e-mail codes are."""
    return salted_hmac("users.staff_invitation", f"{invitation.pk}:{code}", algorithm="sha256").digest()


def _mail(invitation: StaffInvitation, code: str) -> None:
    text = gettext(
        "%(name)s invites you to work at Pairly. Your part: %(roles)s.\n\n"
        "Your code is %(code)s\n"
        "Type it here, with this e-mail address: %(url)s\n\n"
        "It works once, until %(until)s UTC. If you did not expect this, ignore the mail.\n"
    ) % {
        "name": invitation.invited_by.name,
        "roles": staff.name_roles([group.name for group in invitation.groups.all()]),
        "code": "-".join(code[start : start + 4] for start in range(0, len(code), 4)),
        "url": f"{settings.PUBLIC_URL}{reverse('users:invitation')}",
        "until": f"{invitation.expires_at:%Y-%m-%d %H:%M}",
    }
    send_mail(gettext("An invitation to work at Pairly"), text, None, [invitation.email])


def _row(field: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{field}", "code": code, "detail": detail}

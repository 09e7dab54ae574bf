"""Reads about who works here, who is invited to, and whose lost second factor is asked about."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib.auth.models import Permission
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django_otp_webauthn.utils import get_credential_model

from pairly.common.problems import Forbidden, NotFound

from .models import BackupCode, FactorRecovery, Session, StaffInvitation, TotpDevice, User
from .roles import ADMIN, ROLES
from .types import InvitationRow, StaffRow

_RANK = {role: number for number, role in enumerate(ROLES)}


def list_staff(*, user: User) -> list[StaffRow]:
    """Everybody who works here, by name: three queries. Raises Forbidden unless `user` may invite."""
    _check_may_invite(user)
    rows = (
        User.objects.filter(is_staff=True, is_active=True)
        .annotate(
            has_passkey=Exists(get_credential_model().objects.filter(user=OuterRef("pk"), confirmed=True)),
            has_totp=Exists(TotpDevice.objects.filter(user=OuterRef("pk"), confirmed=True)),
        )
        .prefetch_related("groups")
        .order_by("name", "pk")
    )
    people = list(rows)
    seen = dict(_of(Session, people).values_list("user").annotate(at=Max("last_seen_at")))
    codes = dict(_of(BackupCode, people).filter(used_at__isnull=True).values_list("user").annotate(n=Count("pk")))
    return [
        StaffRow(
            uid=person.uid,
            name=person.name,
            email=person.email,
            roles=roles_of(person),
            has_passkey=person.has_passkey,
            has_totp=person.has_totp,
            n_backup_codes=codes.get(person.pk, 0),
            last_seen_at=seen.get(person.pk),
        )
        for person in people
    ]


def get_staff(*, user: User, uid: uuid.UUID) -> User:
    """Somebody who works here. Raises Forbidden unless `user` may invite, NotFound for who is no staff."""
    _check_may_invite(user)
    person = User.objects.filter(uid=uid, is_staff=True).prefetch_related("groups").first()
    if person is None:
        raise NotFound
    return person


def roles_of(person: User) -> list[str]:
    """The roles of somebody, in the order of `roles.ROLES`; who was made by `createsuperuser` is an admin."""
    names = {group.name for group in person.groups.all()} & ROLES.keys()
    return sorted(names | {ADMIN} if person.is_superuser else names, key=_RANK.__getitem__)


def list_admins() -> QuerySet[User]:
    """Everybody who may invite and remove: active staff with the role, or made by `createsuperuser`."""
    is_admin = Q(pk__in=User.objects.filter(groups__name=ADMIN).values("pk")) | Q(is_superuser=True)
    return User.objects.filter(is_admin, is_staff=True, is_active=True)


def list_permitted(*, permission: str) -> list[User]:
    """Active staff who may do something ("users.staff_review_reports"), by name: one query."""
    app, _, codename = permission.partition(".")
    held = Permission.objects.filter(codename=codename, content_type__app_label=app)
    may = Q(is_superuser=True) | Q(groups__permissions__in=held) | Q(user_permissions__in=held)
    found = User.objects.filter(may, is_staff=True, is_active=True).values("pk")
    return list(User.objects.filter(pk__in=found).order_by("name", "pk"))


def list_invitations(*, user: User, limit: int, before: uuid.UUID | None = None) -> list[InvitationRow]:
    """Invitations, the newest first. Raises Forbidden unless `user` may invite."""
    _check_may_invite(user)
    rows = StaffInvitation.objects.select_related("invited_by").prefetch_related("groups").order_by("-uid")
    return [_invitation_row(row) for row in (rows.filter(uid__lt=before) if before else rows)[:limit]]


def get_invitation_row(*, user: User, uid: uuid.UUID) -> InvitationRow:
    """One invitation. Raises Forbidden unless `user` may invite, or NotFound."""
    _check_may_invite(user)
    row = StaffInvitation.objects.select_related("invited_by").prefetch_related("groups").filter(uid=uid).first()
    if row is None:
        raise NotFound
    return _invitation_row(row)


def list_open_invitations(*, email: str) -> QuerySet[StaffInvitation]:
    """The invitation to an address that can still be accepted, if there is one."""
    return StaffInvitation.objects.filter(
        email=email, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
    )


def find_open_recovery(*, user: User) -> FactorRecovery | None:
    """The request of `user` for the removal of their second factor that is not settled yet."""
    return list_open_recoveries().filter(user=user).first()


def find_recovery(*, uid: uuid.UUID) -> FactorRecovery | None:
    """A request, with its people; for staff, whose queue has checked who asks."""
    people = ("user", "first_approver", "second_approver", "rejected_by")
    return FactorRecovery.objects.select_related(*people).filter(uid=uid).first()


def count_recoveries_before(*, recovery: FactorRecovery) -> int:
    """How often the same account has asked before."""
    return FactorRecovery.objects.filter(user=recovery.user_id, requested_at__lt=recovery.requested_at).count()


def list_open_recoveries() -> QuerySet[FactorRecovery]:
    """Requests that are neither done, rejected nor cancelled."""
    return FactorRecovery.objects.filter(done_at__isnull=True, rejected_at__isnull=True, cancelled_at__isnull=True)


def has_used_factor_since(*, recovery: FactorRecovery) -> bool:
    """Whether its owner has given a second factor since they, or somebody else, said that it is lost."""
    return Session.objects.filter(user=recovery.user_id, factor_at__gt=recovery.requested_at).exists()


def _check_may_invite(user: User) -> None:
    if not user.has_perm("users.staff_invite"):
        raise Forbidden


def _of(model: type[Session] | type[BackupCode], people: Sequence[User]) -> QuerySet[Session] | QuerySet[BackupCode]:
    return model.objects.filter(user__in=people).order_by()


def _invitation_row(row: StaffInvitation) -> InvitationRow:
    names = {group.name for group in row.groups.all()}
    return InvitationRow(
        uid=row.uid,
        email=row.email,
        roles=[role for role in ROLES if role in names],
        invited_by=row.invited_by.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        state=_state_of(row),
    )


def _state_of(row: StaffInvitation) -> str:
    if row.accepted_at is not None:
        return "accepted"
    ended_at = row.revoked_at or timezone.now()
    if ended_at >= row.expires_at:
        return "expired"  # also one that was put away later to make room for another
    return "revoked" if row.revoked_at else "open"

"""Who belongs to an organisation. Every change holds its row, so that it never loses its last owner."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from pairly.common.problems import Forbidden, NotFound
from security.identifiers import normalise
from users import block_selectors
from users import selectors as people
from users.models import User

from ...models import Membership
from .. import selectors
from ..constants import INVITATION_LIFE, MEMBERS_MAX, ORGANISATIONS_MAX
from ..errors import AlreadyThere, InvitationOver, LastOwner, TooManyMembers, TooManyOrganisations
from . import notices
from .founding import lock, note

Role = Membership.Role


@transaction.atomic
def invite(*, user: User, uid: uuid.UUID, who: uuid.UUID, role: str) -> Membership:
    """Invite somebody whom `user` may know of; owners to any role, managers as a member.

    Raises NotFound (the organisation, or the person), Forbidden, AlreadyThere, TooManyMembers.
    """
    place = _lock_to_invite(user, uid, role)
    invited = block_selectors.get_blockable(user=user, uid=who)
    if block_selectors.is_blocked(one_id=user.pk, other_id=invited.pk):
        raise NotFound
    if selectors.list_members(user=user, uid=uid).count() >= MEMBERS_MAX:
        raise TooManyMembers
    made = _invite(place, invited, role, by=user, is_by_email=False)
    if made is None:
        raise AlreadyThere
    return made


@transaction.atomic
def invite_by_email(*, user: User, uid: uuid.UUID, email: str, role: str) -> None:
    """As `invite`, whoever has this address. Nobody learns whether there is such a person, until they accept.

    Raises NotFound (the organisation), Forbidden.
    """
    place = _lock_to_invite(user, uid, role)
    invited = people.find_user_by_email(email=normalise(identifier=email))
    if invited is None or not invited.is_active or invited.pk == user.pk:
        return
    if not block_selectors.is_blocked(one_id=user.pk, other_id=invited.pk):
        _invite(place, invited, role, by=user, is_by_email=True)


@transaction.atomic
def withdraw_by_email(*, user: User, uid: uuid.UUID, email: str) -> None:
    """Take back an invitation to an address, of what one may invite to; nothing where there is none.

    Raises NotFound (the organisation), Forbidden.
    """
    place = lock(user=user, uid=uid, roles=selectors.MANAGERS)
    invited = people.find_user_by_email(email=normalise(identifier=email))
    if invited is not None:
        rows = Membership.objects.filter(organisation=place.organisation, user=invited, accepted_at__isnull=True)
        (rows if place.role == Role.OWNER else rows.filter(role=Role.MEMBER)).delete()


@transaction.atomic
def accept(*, user: User, uid: uuid.UUID) -> Membership:
    """Say yes to an invitation; repeating it changes nothing. Who owns or manages it hears it.

    Raises NotFound, InvitationOver, TooManyMembers, TooManyOrganisations.
    """
    organisation = selectors.find_open(uid=uid, for_update=True)
    place = Membership.objects.filter(organisation=organisation, user=user).first() if organisation else None
    if place is None or organisation is None:
        raise NotFound
    place.organisation = organisation
    if place.accepted_at is not None:
        return place
    if place.invited_at <= timezone.now() - INVITATION_LIFE:
        raise InvitationOver
    if Membership.objects.filter(organisation=organisation, accepted_at__isnull=False).count() >= MEMBERS_MAX:
        raise TooManyMembers
    if selectors.list_own(user=user).filter(accepted_at__isnull=False).count() >= ORGANISATIONS_MAX:
        raise TooManyOrganisations
    place.accepted_at = timezone.now()
    place.save(update_fields=["accepted_at"])
    note(action="organisation.joined", organisation=organisation, by=user, role=place.role)
    notices.tell_managers(organisation=organisation, state="joined", actor=user)
    return place


@transaction.atomic
def change_role(*, user: User, uid: uuid.UUID, who: uuid.UUID, role: str) -> Membership:
    """Owners say what members may, and step down if another owner is left. Raises NotFound, Forbidden, LastOwner."""
    organisation = lock(user=user, uid=uid, roles=selectors.OWNERS).organisation
    member = _get_member(user, uid, who)
    if role != Role.OWNER:
        _keep_an_owner(member)
    member.role = role
    member.save(update_fields=["role"])
    note(action="organisation.role_changed", organisation=organisation, by=user, about=member.user, role=role)
    return member


@transaction.atomic
def remove(*, user: User, uid: uuid.UUID, who: uuid.UUID) -> None:
    """Leave, say no to an invitation, or, as an owner, remove anybody; managers remove who is a mere member.

    Raises NotFound, Forbidden, LastOwner.
    """
    if who == user.uid:
        _leave(user, uid)
        return
    place = lock(user=user, uid=uid, roles=selectors.MANAGERS)
    member = _get_member(user, uid, who)
    if place.role != Role.OWNER and member.role != Role.MEMBER:
        raise Forbidden
    _keep_an_owner(member)
    note(action="organisation.removed", organisation=place.organisation, by=user, about=member.user)
    if member.accepted_at is not None:
        notices.tell(user=member.user, organisation=place.organisation, state="removed", actor=user)
    member.delete()


def _leave(user: User, uid: uuid.UUID) -> None:
    organisation = selectors.find_open(uid=uid, for_update=True)
    member = selectors.list_own(user=user).filter(organisation=organisation).first() if organisation else None
    if member is None or organisation is None:
        raise NotFound
    _keep_an_owner(member)
    note(action="organisation.left", organisation=organisation, by=user)
    member.delete()


def _lock_to_invite(user: User, uid: uuid.UUID, role: str) -> Membership:
    place = lock(user=user, uid=uid, roles=selectors.MANAGERS)
    if place.role != Role.OWNER and role != Role.MEMBER:
        raise Forbidden
    return place


def _invite(place: Membership, invited: User, role: str, *, by: User, is_by_email: bool) -> Membership | None:
    """The invitation; None for who is a member, or invited and so that they can see it."""
    known = Membership.objects.filter(organisation=place.organisation, user=invited).first()
    now = timezone.now()
    if known and (known.accepted_at or (known.invited_at > now - INVITATION_LIFE and known.is_by_email == is_by_email)):
        return None
    fields = {"role": role, "invited_at": now, "is_by_email": is_by_email}
    made, _is_new = Membership.objects.update_or_create(organisation=place.organisation, user=invited, defaults=fields)
    note(action="organisation.invited", organisation=place.organisation, by=by, about=invited, role=role)
    key = f"organisation:{place.organisation.uid}:{int(now.timestamp())}"
    notices.tell(user=invited, organisation=place.organisation, state="invited", actor=by, key=key)
    return made


def _get_member(user: User, uid: uuid.UUID, who: uuid.UUID) -> Membership:
    """Somebody on the list that `user` sees."""
    found = selectors.list_members(user=user, uid=uid).filter(user__uid=who).first()
    if found is None:
        raise NotFound
    return found


def _keep_an_owner(member: Membership) -> None:
    """Raise LastOwner where nobody would be left to own it. The caller holds the organisation's row."""
    owns = member.role == Role.OWNER and member.accepted_at is not None
    if owns and not selectors.count_owners(organisation=member.organisation, but=member.user):
        raise LastOwner

"""Creators who let an organisation watch their certificates: it asks, they answer, either side ends it."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from pairly.common.problems import NotFound
from users import block_selectors
from users.models import User

from ...models import Representation
from .. import selectors
from ..constants import CREATORS_MAX
from ..errors import AlreadyThere, TooManyCreators
from . import happenings, notices
from .founding import lock, note


@transaction.atomic
def ask(*, user: User, uid: uuid.UUID, creator: uuid.UUID) -> Representation:
    """Ask a creator; owners and managers do. Raises NotFound (the organisation, or no creator whom `user` may know of),
    Forbidden, AlreadyThere, TooManyCreators."""
    organisation = lock(user=user, uid=uid, roles=selectors.MANAGERS).organisation
    asked = _get_creator(user, creator)
    rows = Representation.objects.filter(organisation=organisation)
    if rows.filter(creator=asked).exists():
        raise AlreadyThere
    if rows.count() >= CREATORS_MAX:
        raise TooManyCreators
    made = Representation.objects.create(organisation=organisation, creator=asked)
    note(action="representation.asked", organisation=organisation, by=user, about=asked)
    if asked.pk != user.pk:
        notices.tell(user=asked, organisation=organisation, state="asked", actor=user, key=f"representation:{made.uid}")
    return made


@transaction.atomic
def accept(*, user: User, uid: uuid.UUID) -> Representation:
    """The creator says yes; repeating it changes nothing. Raises NotFound."""
    found = selectors.list_representations(user=user).select_for_update(of=("self",)).filter(uid=uid).first()
    if found is None:
        raise NotFound
    if found.accepted_at is None:
        found.accepted_at = timezone.now()
        found.save(update_fields=["accepted_at"])
        note(action="representation.accepted", organisation=found.organisation, by=user)
        happenings.representation_changed(representation=found, event="representation.accepted")
        notices.tell_managers(organisation=found.organisation, state="represented", actor=user)
    return found


@transaction.atomic
def end(*, user: User, uid: uuid.UUID) -> None:
    """The creator says no, or ends it; so do owners and managers. The other side hears it.

    Raises NotFound, Forbidden.
    """
    found = selectors.get_representation(user=user, uid=uid)
    if not drop(representation=found):
        raise NotFound
    note(action="representation.ended", organisation=found.organisation, by=user, about=found.creator)
    if found.accepted_at is not None or user.pk == found.creator_id:
        notices.tell_of_end(representation=found, by=user)


def drop(*, representation: Representation) -> bool:
    """What ends with it, in the caller's transaction. Returns False where it had ended before."""
    if not Representation.objects.filter(pk=representation.pk).delete()[0]:
        return False
    if representation.accepted_at is not None:
        happenings.representation_changed(representation=representation, event="representation.ended")
    return True


def _get_creator(user: User, uid: uuid.UUID) -> User:
    if user.uid == uid:
        found = user
    else:
        found = block_selectors.get_blockable(user=user, uid=uid)
        if block_selectors.is_blocked(one_id=user.pk, other_id=found.pk):
            raise NotFound
    if not found.is_creator:
        raise NotFound
    return found

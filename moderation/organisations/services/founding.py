"""Organisations: made, renamed and closed."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput, NotFound
from security.services import audit
from users.models import User

from ...models import Membership, Organisation, Representation, Webhook
from .. import selectors
from ..constants import NAME_MAX, ORGANISATIONS_MAX
from ..errors import TooManyOrganisations


@transaction.atomic
def create(*, user: User, name: str) -> Membership:
    """A new organisation that `user` owns. Raises InvalidInput (`/name`), TooManyOrganisations."""
    name = _checked(name)
    User.objects.select_for_update().get(pk=user.pk)  # two at once count each other
    if selectors.list_own(user=user).filter(accepted_at__isnull=False).count() >= ORGANISATIONS_MAX:
        raise TooManyOrganisations
    organisation = Organisation.objects.create(name=name)
    place = Membership.objects.create(
        organisation=organisation, user=user, role=Membership.Role.OWNER, accepted_at=timezone.now()
    )
    note(action="organisation.created", organisation=organisation, by=user)
    return place


@transaction.atomic
def rename(*, user: User, uid: uuid.UUID, name: str) -> Membership:
    """Call it something else; owners do. Raises InvalidInput (`/name`), NotFound, Forbidden."""
    place = lock(user=user, uid=uid, roles=selectors.OWNERS)
    place.organisation.name = _checked(name)
    place.organisation.save(update_fields=["name"])
    return place


@transaction.atomic
def close(*, user: User, uid: uuid.UUID) -> None:
    """End it for good; owners do. It represents nobody any more and nothing is sent to its addresses.

    Raises NotFound, Forbidden.
    """
    organisation = lock(user=user, uid=uid, roles=selectors.OWNERS).organisation
    shut(organisation=organisation)
    note(action="organisation.closed", organisation=organisation, by=user)


def shut(*, organisation: Organisation) -> None:
    """What closing does, in the caller's transaction."""
    Organisation.objects.filter(pk=organisation.pk).update(closed_at=timezone.now())
    Representation.objects.filter(organisation=organisation).delete()
    Webhook.objects.filter(organisation=organisation).delete()


def lock(*, user: User, uid: uuid.UUID, roles: Collection[str] = selectors.MEMBERS) -> Membership:
    """The place of `user`, with the organisation locked until the transaction ends: who belongs to it changes one after
    another. Raises NotFound, Forbidden."""
    if selectors.find_open(uid=uid, for_update=True) is None:
        raise NotFound
    return selectors.get_own(user=user, uid=uid, roles=roles)


def note(*, action: str, organisation: Organisation, by: User | None, about: User | None = None, **more: str) -> None:
    """An entry in the audit log."""
    audit.record(
        action=action,
        actor_uid=by.uid if by else None,
        subject_uid=about.uid if about else (by.uid if by else None),
        details={"organisation": str(organisation.uid), **more},
    )


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX:
        detail = _("Write a name of at most %(n)d characters.") % {"n": NAME_MAX}
        raise InvalidInput(errors=[{"pointer": "/name", "code": "too_long" if name else "required", "detail": detail}])
    return name

"""A person's organisations in the copy of their data, and their end."""

from __future__ import annotations

from django.db import transaction

from users.models import User
from users.types import ExportWriter

from ...models import Membership, Organisation
from .. import selectors
from . import deliveries, founding, representing

Role = Membership.Role


def export(*, user: User, out: ExportWriter) -> None:
    """Where they are a member or invited, and who represents them."""
    names = ("organisation__uid", "organisation__name")
    places = selectors.list_all_of(user=user).values(*names, "role", "invited_at", "accepted_at")
    out.rows("organisations/memberships", places.iterator(chunk_size=100))
    asked = selectors.list_all_representations_of(user=user).values(*names, "asked_at", "accepted_at")
    out.rows("organisations/representations", asked.iterator(chunk_size=100))


@transaction.atomic
def erase(*, user: User) -> None:
    """They belong to none and none represents them. What they alone owned goes to who has been there longest of the
    highest role, and is closed where nobody is left."""
    for found in selectors.list_all_representations_of(user=user):
        representing.drop(representation=found)
    deliveries.forget(user=user)
    for place in selectors.list_all_of(user=user):
        organisation = selectors.find_open(uid=place.organisation.uid, for_update=True)
        place.delete()
        if organisation and place.accepted_at and place.role == Role.OWNER:
            _hand_over(organisation, user)


def _hand_over(organisation: Organisation, gone: User) -> None:
    if selectors.count_owners(organisation=organisation, but=gone):
        return
    rows = Membership.objects.filter(organisation=organisation, accepted_at__isnull=False)
    heirs = sorted(rows, key=lambda row: (row.role != Role.MANAGER, row.accepted_at, row.pk))
    if not heirs:
        founding.shut(organisation=organisation)
        return
    heirs[0].role = Role.OWNER
    heirs[0].save(update_fields=["role"])

"""Telling people what happened in their organisations."""

from __future__ import annotations

from users.models import User
from users.services import notifications
from users.services.notifications import Telling

from ...models import Organisation, Representation
from .. import selectors

KIND = "organisation"


def tell(*, user: User, organisation: Organisation, state: str, actor: User | None, key: str | None = None) -> None:
    """Tell one person, in the caller's transaction. `state` is what happened (`notification_kinds`)."""
    payload = {"organisation": str(organisation.uid), "state": state}
    notifications.notify(user=user, kind=KIND, actor=actor, payload=payload, key=key)


def tell_managers(*, organisation: Organisation, state: str, actor: User | None, key: str | None = None) -> None:
    """As `tell`, all who own or manage it."""
    payload = {"organisation": str(organisation.uid), "state": state}
    people = selectors.list_people(organisation=organisation)
    tellings = [Telling(one.pk, actor.pk if actor else None, payload, key) for one in people]
    notifications.notify_each(kind=KIND, tellings=tellings)


def tell_of_end(*, representation: Representation, by: User) -> None:
    """That a representation ended: the creator where the organisation ended it, else who owns or manages that."""
    organisation, creator = representation.organisation, representation.creator
    if by.pk == creator.pk:
        tell_managers(organisation=organisation, state="left", actor=by)
    else:
        tell(user=creator, organisation=organisation, state="ended", actor=by)

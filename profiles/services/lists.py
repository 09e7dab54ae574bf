"""Private lists of people. Who is in one does not learn of it."""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput, NotFound
from users.models import User

from ..constants import LIST_ENTRIES_MAX, LIST_NAME_MAX, LISTS_MAX
from ..errors import ListExists, ListFull, TooManyLists
from ..models import ListEntry, PeopleList
from . import pairs


@transaction.atomic
def create_list(*, user: User, name: str, with_uid: uuid.UUID | None = None) -> PeopleList:
    """A new list, with somebody in it if wanted. Raises InvalidInput, ListExists, TooManyLists, NotFound."""
    pairs.take_turns_alone(user=user, what="lists")
    if PeopleList.objects.filter(owner=user).count() >= LISTS_MAX:
        raise TooManyLists()
    made = PeopleList(owner=user)
    _name(made, name)
    if with_uid is not None:
        add(user=user, list_uid=made.pk, uid=with_uid)
    return made


@transaction.atomic
def rename_list(*, user: User, list_uid: uuid.UUID, name: str) -> PeopleList:
    """Give a list another name. Raises NotFound, InvalidInput, ListExists."""
    found = _hold(user, list_uid)
    _name(found, name)
    return found


@transaction.atomic
def delete_list(*, user: User, list_uid: uuid.UUID) -> None:
    """Delete a list; nothing else happens to the people in it. Raises NotFound."""
    _hold(user, list_uid).delete()


@transaction.atomic
def add(*, user: User, list_uid: uuid.UUID, uid: uuid.UUID) -> bool:
    """Put somebody into a list; says whether they are new in it. Raises NotFound for another's list, oneself and people
    whom `user` may not see, ListFull.
    """
    found = _hold(user, list_uid)
    person = pairs.hold(user=user, uid=uid).user
    if found.entries.filter(user=person).exists():
        return False
    if found.entries.count() >= LIST_ENTRIES_MAX:
        raise ListFull()
    ListEntry.objects.create(people_list=found, user=person)
    return True


@transaction.atomic
def remove(*, user: User, list_uid: uuid.UUID, uid: uuid.UUID) -> None:
    """Take somebody out of a list; nothing happens where they are not in it. Raises NotFound for another's list."""
    _hold(user, list_uid).entries.filter(user__uid=uid).delete()


def _hold(user: User, list_uid: uuid.UUID) -> PeopleList:
    """One's own list, its row locked: what is counted in it stays so until the transaction ends."""
    found = PeopleList.objects.select_for_update().filter(owner=user, pk=list_uid).first()
    if found is None:
        raise NotFound()
    return found


def _name(people_list: PeopleList, name: str) -> None:
    people_list.name = " ".join(name.split())
    if not 0 < len(people_list.name) <= LIST_NAME_MAX:
        detail = _("Choose a name of 1 to 60 characters.")
        raise InvalidInput(errors=[{"pointer": "/name", "code": "length", "detail": detail}])
    try:
        with transaction.atomic():
            people_list.save()
    except IntegrityError as error:
        raise ListExists() from error

"""Giving a case to a colleague, who finds it first and whom nobody takes it from; and taking it back."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from users.models import User

from .. import queues, selectors
from ..constants import ASSIGNED_TIME
from ..errors import CaseAssigned, CaseDecided, CaseTaken, HasAPart, NotAColleague
from ..models import WorkItem
from . import trail


@transaction.atomic
def assign(*, uid: uuid.UUID, user: User, to: uuid.UUID, seen: uuid.UUID | None) -> WorkItem:
    """Keep a case for a colleague for ASSIGNED_TIME; who holds it and gives it away puts it down with that.

    `to` is the public id of who may work on the queue, and is neither whom it is about, nor had their say, nor has a
    part in it. `seen` is whom it was kept for when `user` looked, None for nobody: two who give it away at once do not
    undo each other. The same colleague again changes nothing. Raises NotFound, HasAPart (of `user`), NotAColleague
    (`/to`), CaseDecided, CaseTaken (somebody else works on it), CaseAssigned (somebody gave it away meanwhile).
    """
    item = _lock(uid, user)
    colleague = next((one for one in selectors.list_colleagues(item=item) if one.uid == to), None)
    if colleague is None:
        detail = str(NotAColleague.title)
        raise NotAColleague(errors=[{"pointer": "/to", "code": NotAColleague.code, "detail": detail}])
    if item.is_taken and item.taken_by_id not in (user.pk, colleague.pk):
        raise CaseTaken
    before = keeper_of(item=item)
    if before == colleague.uid:
        return item
    if before != seen:
        raise CaseAssigned
    fields = {"assigned_to": colleague, "assigned_until": timezone.now() + ASSIGNED_TIME}
    if item.taken_by_id != colleague.pk:
        fields |= {"taken_by": None, "taken_until": None}
    WorkItem.objects.filter(pk=item.pk).update(**fields)
    given = {"to": str(colleague.uid), "before": str(before) if before else None}
    _record(item, user, "staff.case_assigned", given)
    return selectors.get_item(user=user, uid=uid)


@transaction.atomic
def unassign(*, uid: uuid.UUID, user: User) -> WorkItem:
    """Keep a case for nobody any more; who works on it just now goes on. Nothing changes where it is nobody's. Raises
    NotFound, HasAPart, CaseDecided."""
    item = _lock(uid, user)
    before = keeper_of(item=item)
    if item.assigned_to_id is not None:
        WorkItem.objects.filter(pk=item.pk).update(assigned_to=None, assigned_until=None)
    if before:
        _record(item, user, "staff.case_unassigned", {"before": str(before)})
    return item


def keeper_of(*, item: WorkItem) -> uuid.UUID | None:
    """Whom a case is kept for now."""
    return item.assigned_to.uid if item.is_assigned and item.assigned_to else None


def _lock(uid: uuid.UUID, user: User) -> WorkItem:
    """The open case, for who may say whose it is; its row is locked until the transaction ends."""
    found = selectors.get_item(user=user, uid=uid)
    # Nothing is joined: after a wait for the lock PostgreSQL reads this row anew, but not those that are joined to it.
    item = WorkItem.objects.select_for_update().get(pk=found.pk)
    if item.decided_at is not None:
        raise CaseDecided
    barred = queues.get_kind(kind=item.kind).barred([item.ref]).get(item.ref, ())
    if item.passed_by_id == user.pk or user.uid in barred:
        raise HasAPart
    return item


def _record(item: WorkItem, user: User, action: str, given: dict[str, str | None]) -> None:
    details = {"kind": item.kind, "case": str(item.uid), **given}
    trail.note_deed(staff=user, action=action, subject_uid=item.subject_uid, details=details)

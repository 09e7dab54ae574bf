"""Many cases at once: settled the same way for one reason, or given to one colleague.

Each is decided by the service that decides one (`work`, `assigning`), in a transaction of its own with its own record
and notices; one that cannot be done is left out and says why, and holds up none of the others.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common.problems import NotFound, Problem
from users.models import User

from .. import queues, selectors
from ..constants import BULK_MAX
from ..errors import NotAColleague, NothingChosen, ReasonMissing, TooManyCases, UnknownOutcome
from ..models import BulkRun, WorkItem
from . import assigning, trail, work

ASSIGN = "assign"
_CRITICAL = WorkItem.Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class Skip:
    """A case that is left out, and why."""

    item: WorkItem
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What an action would do. `n_gone`: chosen cases that are not in this queue for who asks."""

    action: str
    to: User | None
    hits: list[WorkItem]
    skips: list[Skip]
    n_gone: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a run did; `is_new` is False for one that was sent before, of which only the numbers are known."""

    run: BulkRun
    skips: list[Skip] = field(default_factory=list)
    is_new: bool = True


def plan(*, user: User, kind: str, uids: Collection[uuid.UUID], action: str, to: uuid.UUID | None = None) -> Plan:
    """Which of the chosen cases `action` would be done to, and which not and why: three queries, and none is changed.

    `action` is one of the queue's `bulk` outcomes, or ASSIGN with a colleague's public id. Critical cases are never
    settled like that. Raises NotFound (no such queue for `user`, or one without bulk actions), UnknownOutcome,
    NotAColleague (`/to`), NothingChosen, TooManyCases.
    """
    found = _kind_for(user=user, kind=kind, action=action)
    if not uids:
        raise NothingChosen
    if len(uids) > BULK_MAX:
        raise TooManyCases(gettext("Choose at most %(n)d cases.") % {"n": BULK_MAX})
    colleague = _colleague(found, to) if action == ASSIGN else None
    items = selectors.list_chosen(user=user, kind=kind, uids=uids)
    barred = found.barred([item.ref for item in items])
    hits, skips = [], []
    for item in items:
        why = _why_not(item, user, colleague, barred.get(item.ref, ()))
        if why:
            skips.append(Skip(item, why))
        else:
            hits.append(item)
    return Plan(action=action, to=colleague, hits=hits, skips=skips, n_gone=len(set(uids)) - len(items))


def run(
    *,
    uid: uuid.UUID,
    user: User,
    kind: str,
    uids: Collection[uuid.UUID],
    action: str,
    to: uuid.UUID | None = None,
    note: str = "",
) -> Result:
    """Do it, once for each `uid`: the same run again does nothing. Call it outside of a transaction.

    Raises as `plan`, and ReasonMissing (`/note`) where cases are settled without a reason.
    """
    wanted = plan(user=user, kind=kind, uids=uids, action=action, to=to)
    if action != ASSIGN and not note.strip():
        raise ReasonMissing(errors=[{"pointer": "/note", "code": "required", "detail": str(ReasonMissing.title)}])
    row, is_new = BulkRun.objects.get_or_create(uid=uid, defaults={"kind": kind, "action": action, "by": user})
    if not is_new:
        if row.by_id != user.pk:
            raise NotFound
        return Result(run=row, is_new=False)
    skips = [*wanted.skips]
    for item in wanted.hits:
        try:
            _do(item, user, wanted, note)
        except Problem as problem:
            skips.append(Skip(item, str(problem.detail or problem.title)))
    row.n_skipped = len(skips) + wanted.n_gone
    row.n_done, row.ended_at = len(wanted.hits) + len(wanted.skips) - len(skips), timezone.now()
    with transaction.atomic():
        row.save(update_fields=["n_done", "n_skipped", "ended_at"])
        details = {"kind": kind, "action": action, "run": str(uid), "done": row.n_done, "skipped": row.n_skipped}
        trail.note_deed(staff=user, action="staff.cases_in_bulk", reason=note, details=details)
    return Result(run=row, skips=skips)


@transaction.atomic
def _do(item: WorkItem, user: User, wanted: Plan, note: str) -> None:
    if wanted.to is not None:
        assigning.assign(uid=item.uid, user=user, to=wanted.to.uid, seen=assigning.keeper_of(item=item))
        return
    work.take(uid=item.uid, user=user)
    work.decide(uid=item.uid, user=user, outcome=wanted.action, note=note)


def _kind_for(*, user: User, kind: str, action: str) -> queues.QueueKind:
    found = queues.get_kind_for(kind=kind, user=user)
    if not found.bulk:
        raise NotFound
    if action != ASSIGN and action not in found.bulk:
        raise UnknownOutcome
    return found


def _colleague(kind: queues.QueueKind, to: uuid.UUID | None) -> User:
    people: Sequence[User] = selectors.list_workers(kind=kind)
    found = next((one for one in people if one.uid == to), None)
    if found is None:
        detail = gettext("Choose a colleague.")
        raise NotAColleague(detail, errors=[{"pointer": "/to", "code": NotAColleague.code, "detail": detail}])
    return found


def _why_not(item: WorkItem, user: User, to: User | None, barred: Collection[uuid.UUID]) -> str:
    """Why an action leaves a case out; "" where it does not."""
    names: Mapping[str, str] = {
        "taker": item.taken_by.name if item.taken_by else "",
        "keeper": item.assigned_to.name if item.assigned_to else "",
        "to": to.name if to else "",
    }
    is_mine = item.assigned_to_id == user.pk
    reasons = [
        (item.decided_at is not None, gettext("It is decided.")),
        (item.is_taken and item.taken_by_id != user.pk, gettext("%(taker)s works on it.")),
        (item.passed_by_id == user.pk or user.uid in barred, gettext("You had your say, or have a part in it.")),
        (to is not None and item.is_assigned and item.assigned_to == to, gettext("It waits for %(to)s already.")),
        (item.is_assigned and not is_mine, gettext("It waits for %(keeper)s.")),
        (to is not None and _is_barred(item, to, barred), gettext("%(to)s had their say, or has a part in it.")),
        (to is None and item.severity >= _CRITICAL, gettext("Critical cases are decided one by one.")),
    ]
    return next((words % names for holds, words in reasons if holds), "")


def _is_barred(item: WorkItem, to: User, barred: Collection[uuid.UUID]) -> bool:
    return item.passed_by_id == to.pk or to.uid == item.subject_uid or to.uid in barred

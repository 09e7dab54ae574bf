"""Reads of the queues: each knows who asks, and shows nobody a case about themselves."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from pairly.common.problems import NotFound
from users import staff_selectors
from users.models import User
from users.registry import names_of

from . import queues
from .constants import OWN_CASES
from .models import WorkItem, WorkNote
from .types import QueueState


def list_queue_states(*, user: User) -> list[QueueState]:
    """What waits in every queue that `user` may work on: one query."""
    kinds = queues.list_kinds_for(user=user)
    if not kinds:
        return []
    counted = (
        _visible(user=user, kinds=kinds)
        .filter(decided_at__isnull=True)
        .values("kind")
        .annotate(
            n_open=Count("id"),
            oldest_at=Min("created_at"),
            n_overdue=Count("id", filter=Q(due_at__lt=timezone.now())),
            next_due_at=Min("due_at"),
        )
        .order_by()
    )
    rows: dict[str, dict[str, Any]] = {
        row["kind"]: {name: value for name, value in row.items() if name != "kind"} for row in counted
    }
    return [QueueState(kind=kind, **rows.get(kind.kind, {})) for kind in kinds]


def list_items(
    *, user: User, kind: str, state: str = "open", severity: int | None = None, before_id: int | None = None, limit: int
) -> list[WorkItem]:
    """Cases of one queue: `open` by severity, then age; `mine` that `user` holds or that are kept for them; `free` that
    are nobody's; `decided`, the newest first.

    Raises NotFound where `user` may not work on this queue. Only `decided` goes on from `before_id`.
    """
    found = queues.get_kind_for(kind=kind, user=user)
    rows = _visible(user=user, kinds=[found]).select_related("taken_by", "assigned_to", "decided_by")
    if severity is not None:
        rows = rows.filter(severity=severity)
    if state == "decided":
        rows = rows.filter(decided_at__isnull=False).order_by("-pk")
        return list((rows.filter(pk__lt=before_id) if before_id is not None else rows)[:limit])
    rows = rows.filter(decided_at__isnull=True).order_by("-severity", "created_at", "pk")
    now = timezone.now()
    if state == "mine":
        rows = rows.filter(_is_of(user))
    if state == "free":
        rows = rows.exclude(taken_until__gt=now).exclude(assigned_until__gt=now)
    return list(rows[:limit])


def get_item(*, user: User, uid: uuid.UUID) -> WorkItem:
    """A case that `user` may work on; raises NotFound, also for one about themselves."""
    kinds = queues.list_kinds_for(user=user)
    rows = _visible(user=user, kinds=kinds).select_related("taken_by", "assigned_to", "decided_by", "passed_by")
    item = rows.filter(uid=uid).first()
    if item is None:
        raise NotFound
    return item


def get_item_about(*, user: User, kind: str, ref: uuid.UUID) -> WorkItem:
    """The case about something, for who may work on it; raises NotFound, also for one about themselves."""
    item = _visible(user=user, kinds=[queues.get_kind_for(kind=kind, user=user)]).filter(ref=ref).first()
    if item is None:
        raise NotFound
    return item


def list_items_about(*, user: User, subject_uid: uuid.UUID) -> list[WorkItem]:
    """The newest cases about somebody of those that `user` may work on: one query."""
    rows = _visible(user=user, kinds=queues.list_kinds_for(user=user)).filter(subject_uid=subject_uid)
    return list(rows.select_related("taken_by", "assigned_to", "decided_by").order_by("-pk")[:OWN_CASES])


def list_notes(*, item: WorkItem) -> QuerySet[WorkNote]:
    """What was written down about a case that the caller got from `get_item`, oldest first."""
    return WorkNote.objects.filter(item=item).select_related("author").order_by("pk")


def list_own_cases(*, user: User) -> list[WorkItem]:
    """The cases that `user` holds now or that are kept for them, then those decided last."""
    rows = _visible(user=user, kinds=queues.list_kinds_for(user=user))
    rows = rows.select_related("taken_by", "assigned_to", "decided_by")
    held = rows.filter(_is_of(user), decided_at__isnull=True).order_by("due_at")
    decided = rows.filter(decided_by=user).order_by("-decided_at")
    return [*held[:OWN_CASES], *decided[:OWN_CASES]]


def list_colleagues(*, item: WorkItem) -> list[User]:
    """Who may be given a case that the caller got from here, by name: active staff with the permission of its queue,
    but nobody whom it is about, who had their say in it or has a part in the matter. One query, and that of the
    queue."""
    kind = queues.get_kind(kind=item.kind)
    barred = {*kind.barred([item.ref]).get(item.ref, ()), item.subject_uid}
    return [one for one in list_workers(kind=kind) if one.uid not in barred and one.pk != item.passed_by_id]


def list_workers(*, kind: queues.QueueKind) -> list[User]:
    """Who may work on a queue, by name: active staff with its permission. One query."""
    return staff_selectors.list_permitted(permission=kind.permission)


def list_chosen(*, user: User, kind: str, uids: Collection[uuid.UUID]) -> list[WorkItem]:
    """Those of these cases of one queue that `user` may see, in its order: one query. Raises NotFound where they may
    not work on the queue."""
    rows = _visible(user=user, kinds=[queues.get_kind_for(kind=kind, user=user)]).filter(uid__in=uids)
    return list(rows.select_related("taken_by", "assigned_to").order_by("-severity", "created_at", "pk"))


def _is_of(user: User) -> Q:
    now = timezone.now()
    return Q(taken_by=user, taken_until__gt=now) | Q(assigned_to=user, assigned_until__gt=now)


def _visible(*, user: User, kinds: Sequence[queues.QueueKind]) -> QuerySet[WorkItem]:
    return WorkItem.objects.filter(kind__in=[kind.kind for kind in kinds]).exclude(subject_uid=user.uid)


def list_names(*, user_ids: Collection[int]) -> dict[int, str]:
    """What people are called, by primary key; for the evidence of a case. One query and those of the hooks."""
    return names_of(users=list(User.objects.filter(pk__in=user_ids))) if user_ids else {}

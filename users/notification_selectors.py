"""Reads of notifications. Who is blocked since, in either direction, or is no longer here is left out everywhere."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import translation

from pairly.common.problems import NotFound
from pairly.common.sql import call_value

from .constants import NOTIFICATIONS_PAGE, UNREAD_COUNTED
from .models import Block, Notification, NotificationChoice, User
from .notification_kinds import KINDS, Kind, Mail, get_kind, isolated, list_kinds
from .registry import list_names
from .types import Actor, NotificationPage, NotificationRow, NotificationSetting, NotificationSettings, Place

_COUNT_UNREAD = """
SELECT count(*) FROM (
    SELECT 1 FROM users_notification n
    WHERE n.user_id = %s AND n.read_at IS NULL AND n.kind = ANY(%s)
      AND NOT EXISTS (
          SELECT 1 FROM users_notificationchoice c WHERE c.user_id = n.user_id AND c.kind = n.kind AND NOT c.in_app)
      AND (n.actor_id IS NULL OR (
          EXISTS (SELECT 1 FROM users_user a WHERE a.id = n.actor_id AND a.is_active)
          AND NOT EXISTS (SELECT 1 FROM users_block b WHERE b.blocker_id = n.user_id AND b.blocked_id = n.actor_id)
          AND NOT EXISTS (SELECT 1 FROM users_block b WHERE b.blocker_id = n.actor_id AND b.blocked_id = n.user_id)))
    LIMIT %s
) AS shown
"""


def list_notifications(*, user: User) -> QuerySet[Notification]:
    """What `user` is told in the app, unordered; `list_rows` gives it words."""
    return _shown().filter(user=user, kind__in=KINDS)


def get_page(*, user: User, before: Place | None = None) -> NotificationPage:
    """NOTIFICATIONS_PAGE of them with their words, in the language that is active: at most four queries. In the order
    in which things happened, which is not always that of their ids: some are told of later."""
    found = list_notifications(user=user).order_by("-created_at", "-id")
    if before is not None:
        earlier = Q(created_at__lt=before.at) | Q(created_at=before.at, id__lt=before.id)
        found = found.filter(earlier)
    rows = list(found[: NOTIFICATIONS_PAGE + 1])
    page = rows[:NOTIFICATIONS_PAGE]
    return NotificationPage(
        rows=list_rows(notifications=page),
        n_unread=count_unread(user=user),
        before=Place(page[-1].created_at, page[-1].pk) if len(rows) > len(page) else None,
        newest=max(row.uid for row in page) if page else None,
    )


def get_notification(*, user: User, uid: uuid.UUID) -> Notification:
    """One of them; raises NotFound, also for somebody else's."""
    found = list_notifications(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def count_unread(*, user: User) -> int:
    """How many `user` has not read, counted up to UNREAD_COUNTED: one query over an index of unread rows alone.

    As `list_notifications`, in SQL: every page of who is signed in asks it, and building it would cost more than it.
    """
    n_unread: int = call_value(sql=_COUNT_UNREAD, params=[user.pk, list(KINDS), UNREAD_COUNTED])
    return n_unread


def count_unread_of(*, user_ids: Collection[int]) -> dict[int, int]:
    """As `count_unread`, of several people (primary keys) in one query; who has none is left out."""
    rows = _shown().filter(user_id__in=user_ids, read_at__isnull=True).values("user_id").annotate(n=Count("id"))
    return {row["user_id"]: min(row["n"], UNREAD_COUNTED) for row in rows.order_by()}


def list_unmailed(*, user: User, kinds: Collection[str]) -> QuerySet[Notification]:
    """What `user` has neither read nor been mailed of, of these kinds, unordered; what is off in the app is in it."""
    return Notification.objects.filter(
        with_good_actor(), user=user, kind__in=kinds, read_at__isnull=True, mailed_at__isnull=True
    )


def list_rows(*, notifications: Sequence[Notification]) -> list[NotificationRow]:
    """Notifications as their recipient reads them, in the language that is active: at most two queries."""
    people = list_actors(user_ids={one.actor_id for one in notifications if one.actor_id is not None})
    return [
        _row(one, people.get(one.actor_id) if one.actor_id is not None else None)
        for one in notifications
        if one.kind in KINDS
    ]


def list_actors(*, user_ids: Collection[int]) -> dict[int, Actor]:
    """Who these people (primary keys) are to others at present."""
    if not user_ids:
        return {}
    names = list_names(user_ids=user_ids)
    people = User.objects.filter(pk__in=user_ids).values_list("pk", "uid", "name")
    return {pk: Actor(uid=uid, name=names.get(pk) or name) for pk, uid, name in people}


def frame_of(
    *, kind: Kind, uid: uuid.UUID, actor: Actor | None, payload: dict[str, Any], language: str, n_unread: int
) -> dict[str, Any]:
    """The socket's frame that tells open pages of one, in `language`."""
    with translation.override(language):
        return {
            "type": "notification",
            "id": str(uid),
            "kind": kind.code,
            "title": kind.words(isolated(actor.name) if actor else "", payload),
            "url": kind.page(payload, actor.uid if actor else None),
            "n_unread": n_unread,
        }


def get_settings(*, user: User) -> NotificationSettings:
    """How `user` wants to hear of each kind that they get: one query."""
    chosen = {row.kind: row for row in NotificationChoice.objects.filter(user=user)}
    settings = [_setting(kind, chosen.get(kind.code)) for kind in list_kinds(is_creator=user.is_creator)]
    facts = "|".join(f"{one.kind} {one.in_app:d} {one.mail} {one.push:d}" for one in settings)
    return NotificationSettings(settings=settings, version=hashlib.sha256(facts.encode()).hexdigest()[:16])


def _setting(kind: Kind, choice: NotificationChoice | None) -> NotificationSetting:
    return NotificationSetting(
        kind=kind.code,
        label=str(kind.label),
        hint=str(kind.hint),
        icon=kind.icon,
        in_app=choice.in_app if choice else True,
        mail=str(Mail(choice.mail)) if choice else str(kind.mail),
        push=choice.push if choice else kind.push,
    )


def _shown() -> QuerySet[Notification]:
    """What shows in the app, whoever's it is."""
    off = NotificationChoice.objects.filter(user=OuterRef("user"), kind=OuterRef("kind"), in_app=False)
    return Notification.objects.filter(~Exists(off), with_good_actor())


def with_good_actor() -> Q:
    """That nobody did it, or somebody who is here and whom no block keeps from the recipient."""
    blocked = Block.objects.filter(blocker=OuterRef("user"), blocked=OuterRef("actor"))
    blocking = Block.objects.filter(blocker=OuterRef("actor"), blocked=OuterRef("user"))
    gone = User.objects.filter(pk=OuterRef("actor"), is_active=False)
    return Q(~Exists(blocked), ~Exists(blocking), ~Exists(gone))


def _row(one: Notification, actor: Actor | None) -> NotificationRow:
    kind = get_kind(code=one.kind)
    return NotificationRow(
        id=one.uid,
        kind=one.kind,
        title=kind.words(isolated(actor.name) if actor else "", one.payload),
        url=kind.page(one.payload, actor.uid if actor else None),
        icon=kind.icon,
        created_at=one.created_at,
        is_read=one.read_at is not None,
        actor=actor,
    )

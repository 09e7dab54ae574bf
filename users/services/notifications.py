"""Telling people what happened.

One statement writes what is told, for one person or for many: it leaves out who blocks the actor or is blocked by
them, the actor themselves, and kinds that are off everywhere; `ON CONFLICT` on the key makes a repetition no second
notification. What the recipient wants besides the list follows in the same transaction: an outbox row for a mail at
once, an outbox row that wakes their devices. The frame for open pages leaves after the commit.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from pairly.common.after_commit import push_all
from pairly.common.ids import uuid7
from pairly.outbox import services as outbox

from .. import notification_selectors as selectors
from ..constants import DIGEST_KIND, PUSH_EVERY, PUSH_KIND
from ..models import Notification, User
from ..notification_kinds import Kind, Mail, get_kind


class Telling(NamedTuple):
    """One thing to tell one person; `user_id` and `actor_id` are primary keys, `at` is when it happened (None: now)."""

    user_id: int
    actor_id: int | None = None
    payload: dict[str, Any] = {}
    key: str | None = None
    at: datetime | None = None


class _Told(NamedTuple):
    """A row that was written, and what its recipient chose."""

    id: int
    uid: uuid.UUID
    user_id: int
    actor_id: int | None
    payload: dict[str, Any]
    key: str | None
    created_at: datetime
    user_uid: uuid.UUID
    language: str
    in_app: bool
    mail: str
    push: bool


# In the app a kind shows unless it is off; off in the app, on mail and on push it is not written at all.
_WRITE = """
WITH told AS (
    INSERT INTO users_notification AS old (uid, user_id, kind, actor_id, payload, key, created_at)
    SELECT t.uid, t.user_id, %(kind)s, t.actor_id, t.payload, t.key, coalesce(t.at, now())
    FROM unnest(%(uids)s::uuid[], %(users)s::bigint[], %(actors)s::bigint[], %(payloads)s::jsonb[], %(keys)s::text[],
                %(ats)s::timestamptz[]) AS t (uid, user_id, actor_id, payload, key, at)
    LEFT JOIN users_notificationchoice c ON c.user_id = t.user_id AND c.kind = %(kind)s
    WHERE t.user_id IS DISTINCT FROM t.actor_id
      AND (coalesce(c.in_app, true) OR coalesce(c.mail, %(mail)s) <> 'off' OR coalesce(c.push, %(push)s))
      AND NOT EXISTS (SELECT 1 FROM users_block b WHERE b.blocker_id = t.user_id AND b.blocked_id = t.actor_id)
      AND NOT EXISTS (SELECT 1 FROM users_block b WHERE b.blocker_id = t.actor_id AND b.blocked_id = t.user_id)
    ON CONFLICT (user_id, key) {again}
    RETURNING id, uid, user_id, actor_id, payload, key, created_at
)
SELECT told.id, told.uid, told.user_id, told.actor_id, told.payload, told.key, told.created_at, u.uid, u.language,
       coalesce(c.in_app, true), coalesce(c.mail, %(mail)s), coalesce(c.push, %(push)s)
FROM told JOIN users_user u ON u.id = told.user_id
LEFT JOIN users_notificationchoice c ON c.user_id = told.user_id AND c.kind = %(kind)s
ORDER BY told.id
"""
_ONCE = "DO NOTHING"
# The row begins anew and moves to the top. One that is off in the app can never be read there, so it always may.
_AGAIN = """DO UPDATE SET id = EXCLUDED.id, uid = EXCLUDED.uid, actor_id = EXCLUDED.actor_id,
        payload = EXCLUDED.payload, created_at = EXCLUDED.created_at, read_at = NULL, mailed_at = NULL
    WHERE old.read_at IS NOT NULL OR EXISTS (
        SELECT 1 FROM users_notificationchoice off
        WHERE off.user_id = old.user_id AND off.kind = EXCLUDED.kind AND NOT off.in_app)"""


def notify(
    *, user: User, kind: str, actor: User | None = None, payload: dict[str, Any] | None = None, key: str | None = None
) -> Notification | None:
    """Tell `user` of something of `kind`, in the caller's transaction; the socket hears of it after the commit.

    `actor` is the person who did it: nobody hears of whom they block or who blocks them, nor of themselves. The same
    `key` a second time is told once, also by two callers at once; of a kind that `returns`, once until it was read.
    `payload` holds ids and numbers. Returns None where nothing is told. Raises KeyError for an unknown kind.
    """
    telling = Telling(user.pk, actor.pk if actor else None, payload or {}, key)
    written = notify_each(kind=kind, tellings=[telling])
    return written[0] if written else None


def notify_each(*, kind: str, tellings: Sequence[Telling]) -> list[Notification]:
    """As `notify`, for many people in a fixed number of statements; returns what was written."""
    found = get_kind(code=kind)
    with transaction.atomic(savepoint=False):
        told = _write(found, tellings)
        if told:
            _mail_at_once(told)
            _wake([one.user_id for one in told if one.push])
            transaction.on_commit(lambda: _push_frames(found, told), robust=True)
    return [_notification(found, one) for one in told]


def _write(kind: Kind, tellings: Sequence[Telling]) -> list[_Told]:
    # A statement meets each row once, and two that write to the same people lock them in the same order.
    by_key = {(one.user_id, one.key or uuid7()): one for one in tellings}
    rows = sorted(by_key.values(), key=lambda one: (one.user_id, one.key or ""))
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE.format(again=_AGAIN if kind.returns else _ONCE),
            {
                "kind": kind.code,
                "mail": kind.mail.value,
                "push": kind.push,
                "uids": [uuid7() for _ in rows],
                "users": [one.user_id for one in rows],
                "actors": [one.actor_id for one in rows],
                "payloads": [json.dumps(one.payload) for one in rows],
                "keys": [one.key for one in rows],
                "ats": [one.at for one in rows],
            },
        )
        return [_told(row) for row in cursor.fetchall()]


def _told(row: tuple[Any, ...]) -> _Told:
    told = _Told(*row)
    return told if isinstance(told.payload, dict) else told._replace(payload=json.loads(told.payload))


def _mail_at_once(told: Sequence[_Told]) -> None:
    """One row a person: the mail tells of all that is new by then."""
    people = {one.user_uid: {"how": Mail.NOW.value} for one in told if one.mail == Mail.NOW}
    if people:
        outbox.write_each(kind=DIGEST_KIND, payloads=people)


def _wake(user_ids: Collection[int]) -> None:
    """Outbox rows of PUSH_KIND for those who have a device to wake and were not woken within PUSH_EVERY.

    The claim is the UPDATE of their `Digest`, so two transactions at once write one row. Who is not due is not locked.
    """
    if not user_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS (
                INSERT INTO users_digest AS old (user_id, pushed_at)
                SELECT u.id, now() FROM unnest(%(users)s::bigint[]) AS u (id)
                WHERE EXISTS (SELECT 1 FROM users_pushdevice p WHERE p.user_id = u.id)
                  AND NOT EXISTS (
                      SELECT 1 FROM users_digest d
                      WHERE d.user_id = u.id AND d.pushed_at > now() - make_interval(secs => %(every)s))
                ORDER BY u.id
                ON CONFLICT (user_id) DO UPDATE SET pushed_at = EXCLUDED.pushed_at
                WHERE old.pushed_at IS NULL OR old.pushed_at <= now() - make_interval(secs => %(every)s)
                RETURNING user_id
            )
            SELECT u.uid FROM due JOIN users_user u ON u.id = due.user_id
            """,
            {"users": sorted(set(user_ids)), "every": PUSH_EVERY.total_seconds()},
        )
        due = [row[0] for row in cursor.fetchall()]
    if due:
        outbox.write_each(kind=PUSH_KIND, payloads={uid: {"user": str(uid)} for uid in due})


def _push_frames(kind: Kind, told: Sequence[_Told]) -> None:
    """Tell open pages, in each recipient's language, with what is unread by now."""
    shown = [one for one in told if one.in_app]
    if not shown:
        return
    unread = selectors.count_unread_of(user_ids={one.user_id for one in shown})
    people = selectors.list_actors(user_ids={one.actor_id for one in shown if one.actor_id})
    pushes = []
    for one in shown:
        frame = selectors.frame_of(
            kind=kind,
            uid=one.uid,
            actor=people.get(one.actor_id) if one.actor_id else None,
            payload=one.payload,
            language=one.language,
            n_unread=unread.get(one.user_id, 0),
        )
        pushes.append((one.user_uid, frame))
    push_all(pushes=pushes)


def _notification(kind: Kind, told: _Told) -> Notification:
    """The row as the model knows it, without reading it again."""
    row = Notification(
        id=told.id,
        uid=told.uid,
        user_id=told.user_id,
        kind=kind.code,
        actor_id=told.actor_id,
        payload=told.payload,
        key=told.key,
        created_at=told.created_at,
    )
    row._state.adding = False
    return row

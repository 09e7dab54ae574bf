"""Marking what was read. Every page that is open learns the new count after the commit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from pairly.common.after_commit import push_all

from .. import notification_selectors as selectors
from ..constants import NOTIFICATIONS_KEPT
from ..models import Notification, User


def mark_read(*, user: User, uid: uuid.UUID) -> Notification:
    """Mark one notification of `user` as read, and return it; a second time changes nothing. Raises NotFound, also
    for somebody else's and for one that shows no more."""
    notification = selectors.get_notification(user=user, uid=uid)
    _mark(user, Notification.objects.filter(pk=notification.pk))
    return notification


def read_all(*, user: User, up_to: uuid.UUID | None = None) -> int:
    """Mark as read what `user` was told up to `up_to`, the newest one they have seen (None: all there is by now).

    Ids grow with time, so what arrived since stays unread, and `up_to` itself may be gone. Returns how many.
    """
    rows = Notification.objects.filter(user=user)
    return _mark(user, rows.filter(uid__lte=up_to) if up_to else rows)


def mark_read_by_key(*, user: User, keys: Sequence[str]) -> int:
    """Mark as read what `user` has come to see by another way: the conversation itself, not the word of it."""
    return _mark(user, Notification.objects.filter(user=user, key__in=keys))


def forget_old(*, now: datetime | None = None, limit: int = 10_000) -> int:
    """Delete up to `limit` notifications that are older than NOTIFICATIONS_KEPT, read or not; returns how many. Safe
    to run at any time."""
    before = (now or timezone.now()) - NOTIFICATIONS_KEPT
    # Their ids begin with the time (RFC 9562, section 5.7), so the index of ids finds the oldest.
    oldest = uuid.UUID(int=(int(before.timestamp() * 1000) & (2**48 - 1)) << 80)
    old = Notification.objects.filter(uid__lt=oldest, created_at__lt=before).order_by("uid")
    return Notification.objects.filter(pk__in=old.values("pk")[:limit]).delete()[0]


def _mark(user: User, rows: QuerySet[Notification]) -> int:
    """One conditional UPDATE of rows of `user`."""
    with transaction.atomic(savepoint=False):
        n_marked = rows.filter(read_at__isnull=True).update(read_at=timezone.now())
        if n_marked:
            transaction.on_commit(lambda: _tell_pages(user), robust=True)
    return n_marked


def _tell_pages(user: User) -> None:
    n_unread = selectors.count_unread(user=user)
    push_all(pushes=[(user.uid, {"type": "notification.read", "n_unread": n_unread})])

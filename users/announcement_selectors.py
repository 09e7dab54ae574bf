"""Reads about announcements: what somebody may read, what staff wrote, what is still to be told."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from pairly.common.problems import Forbidden, NotFound

from .models import Announcement, User
from .types import AnnouncementRow, StaffAnnouncementRow

# What staff see of one, in the order of its life.
STATES = ("planned", "current", "past", "withdrawn")


def list_announcements(*, user: User) -> QuerySet[Announcement]:
    """What has been announced to people like `user`, current and past, the newest first; without what was withdrawn."""
    told = Announcement.objects.filter(
        audience__in=audiences_of(user), starts_at__lte=timezone.now(), withdrawn_at__isnull=True
    )
    return told.order_by("-starts_at", "-uid")


def get_announcement(*, user: User, uid: uuid.UUID) -> AnnouncementRow:
    """One of them; raises NotFound, also for what is for others or not out yet."""
    found = list_announcements(user=user).filter(pk=uid).first()
    if found is None:
        raise NotFound
    return row_of(found)


def list_announcement_rows(*, user: User, limit: int, before: uuid.UUID | None = None) -> list[AnnouncementRow]:
    """At most `limit` of them, from after the one that `before` names: one query, two with `before`."""
    rows = _after(list_announcements(user=user), before)
    return [row_of(one) for one in rows[:limit]]


def row_of(announcement: Announcement) -> AnnouncementRow:
    """An announcement as its readers see it."""
    return AnnouncementRow(
        uid=announcement.pk,
        title=announcement.title,
        body=announcement.body,
        starts_at=announcement.starts_at,
        ends_at=announcement.ends_at,
        is_current=announcement.ends_at is None or announcement.ends_at > timezone.now(),
    )


def list_written(*, user: User, limit: int, before: uuid.UUID | None = None) -> list[StaffAnnouncementRow]:
    """Everything that staff wrote, the newest start first: one query, two with `before`. Raises Forbidden."""
    check_may_announce(user=user)
    rows = Announcement.objects.select_related("written_by").order_by("-starts_at", "-uid")
    return [_staff_row(one) for one in _after(rows, before)[:limit]]


def get_written(*, user: User, uid: uuid.UUID) -> StaffAnnouncementRow:
    """One of them. Raises Forbidden or NotFound."""
    check_may_announce(user=user)
    found = Announcement.objects.select_related("written_by").filter(pk=uid).first()
    if found is None:
        raise NotFound
    return _staff_row(found)


def list_to_tell() -> list[uuid.UUID]:
    """Those that are out and whose readers have not all been told, the oldest first."""
    return list(untold().order_by("starts_at", "uid").values_list("pk", flat=True))


def untold() -> QuerySet[Announcement]:
    """Out, neither withdrawn nor over, and not told to the end."""
    now = timezone.now()
    return Announcement.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        starts_at__lte=now,
        withdrawn_at__isnull=True,
        told_at__isnull=True,
    )


def list_readers(*, announcement: Announcement, limit: int) -> list[int]:
    """The next people to tell, by primary key: of the audience, active, beyond `told_up_to`."""
    people = User.objects.filter(is_active=True, pk__gt=announcement.told_up_to)
    if announcement.audience != Announcement.Audience.ALL:
        people = people.filter(role=announcement.audience)
    return list(people.order_by("pk").values_list("pk", flat=True)[:limit])


def audiences_of(user: User) -> tuple[str, str]:
    """Whose announcements somebody reads. The audiences of a role bear its name."""
    return (Announcement.Audience.ALL, str(user.role))


def check_may_announce(*, user: User) -> None:
    """Raise Forbidden unless `user` may write announcements."""
    if not user.has_perm("users.staff_announce"):
        raise Forbidden


def _after(rows: QuerySet[Announcement], before: uuid.UUID | None) -> QuerySet[Announcement]:
    """What comes after the row `before` in the order of the lists; all where there is no such row."""
    at: datetime | None = None
    if before is not None:
        at = Announcement.objects.filter(pk=before).values_list("starts_at", flat=True).first()
    if before is None or at is None:
        return rows
    return rows.filter(Q(starts_at__lt=at) | Q(starts_at=at, pk__lt=before))


def _staff_row(one: Announcement) -> StaffAnnouncementRow:
    now = timezone.now()
    if one.withdrawn_at is not None:
        state = "withdrawn"
    elif one.starts_at > now:
        state = "planned"
    else:
        state = "past" if one.ends_at is not None and one.ends_at <= now else "current"
    return StaffAnnouncementRow(
        uid=one.pk,
        title=one.title,
        body=one.body,
        audience=one.audience,
        audience_name=str(Announcement.Audience(one.audience).label),
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        written_by=one.written_by.name,
        written_at=one.written_at,
        state=state,
        told_at=one.told_at,
    )

"""What staff tell everybody, or one role: publishing, taking back, and telling people one by one.

Telling goes in steps of ANNOUNCEMENT_BATCH people by their id. A step is one transaction that writes the notifications
and how far it came, so a crash loses no step and repeats none; two workers at the same announcement take turns at its
row, and the notification's key makes a person told twice impossible. Who signs up later finds it in the list.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common import after_commit
from pairly.common.problems import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from security.models import AuditEntry
from security.services import audit
from security.types import Client

from .. import announcement_selectors as selectors
from ..constants import (
    ANNOUNCEMENT_BATCH,
    ANNOUNCEMENT_BATCHES,
    ANNOUNCEMENT_BODY_MAX,
    ANNOUNCEMENT_TITLE_MAX,
)
from ..models import Announcement, User
from ..types import AnnouncementRow, SignIn, StaffAnnouncementRow
from . import step_up
from .notifications import Telling, notify_each

SPREAD_TASK = "users.spread_announcements"


def publish(
    *,
    by: User,
    sign_in: SignIn,
    client: Client,
    title: str,
    body: str,
    audience: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    uid: uuid.UUID | None = None,
) -> StaffAnnouncementRow:
    """Announce plain text to `audience`, now or from `starts_at` on, until `ends_at` if there is an end.

    The same `uid` by the same person a second time is answered with the first. Raises Forbidden, StepUpRequired,
    InvalidInput (at /title, /body, /audience or /ends_at), or IdempotencyConflict for somebody else's `uid`.
    """
    _check_may(by, sign_in)
    announcement = _draft(by, title, body, audience, starts_at, ends_at)
    announcement.uid = uid or announcement.uid
    try:
        with transaction.atomic():
            announcement.save(force_insert=True)
            _record("announcement.published", by, sign_in, client, announcement)
            after_commit.enqueue(task=SPREAD_TASK)
    except IntegrityError:
        if not Announcement.objects.filter(pk=announcement.pk, written_by=by).exists():
            raise IdempotencyConflict from None
    return selectors.get_written(user=by, uid=announcement.pk)


def preview(
    *,
    by: User,
    title: str,
    body: str,
    audience: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    uid: uuid.UUID | None = None,
) -> AnnouncementRow:
    """What its readers would see; nothing is written. Raises Forbidden, or InvalidInput as `publish`."""
    selectors.check_may_announce(user=by)
    return selectors.row_of(_draft(by, title, body, audience, starts_at, ends_at))


def withdraw(*, by: User, sign_in: SignIn, client: Client, uid: uuid.UUID) -> StaffAnnouncementRow:
    """Take an announcement back: nobody reads it any more and nobody else is told. What was told stays told.

    Raises Forbidden, StepUpRequired, or NotFound unless it is there and was not withdrawn before.
    """
    _check_may(by, sign_in)
    with transaction.atomic():
        rows = Announcement.objects.filter(pk=uid, withdrawn_at__isnull=True)
        if not rows.update(withdrawn_at=timezone.now()):
            raise NotFound
        _record("announcement.withdrawn", by, sign_in, client, Announcement.objects.get(pk=uid))
    return selectors.get_written(user=by, uid=uid)


def spread_due(*, batches: int = ANNOUNCEMENT_BATCHES) -> int:
    """Tell people of what is out, at most `batches` steps; returns how many were told. Safe to run at any time, also
    twice at once."""
    n_told = n_steps = 0
    for uid in selectors.list_to_tell():
        while n_steps < batches:
            n_steps += 1
            n_now = tell_next(uid=uid)
            if n_now is None:
                break
            n_told += n_now
    if n_steps >= batches and selectors.list_to_tell():
        after_commit.enqueue_now(task=SPREAD_TASK, kwargs={})
    return n_told


def tell_next(*, uid: uuid.UUID, limit: int = ANNOUNCEMENT_BATCH) -> int | None:
    """One step: tell the next `limit` people; returns how many were told. None where there is nothing to do, because
    all are told, it was withdrawn or is over, or another worker is at it."""
    with transaction.atomic():
        announcement = selectors.untold().select_for_update(skip_locked=True).filter(pk=uid).first()
        if announcement is None:
            return None
        people = selectors.list_readers(announcement=announcement, limit=limit)
        payload, key = {"announcement": str(uid)}, f"announcement:{uid}"
        tellings = [Telling(pk, payload=payload, key=key) for pk in people]
        n_told = len(notify_each(kind="announcement", tellings=tellings)) if tellings else 0
        is_done = len(people) < limit
        Announcement.objects.filter(pk=uid).update(
            told_up_to=people[-1] if people else announcement.told_up_to,
            told_at=timezone.now() if is_done else None,
        )
    return n_told


def _check_may(by: User, sign_in: SignIn) -> None:
    selectors.check_may_announce(user=by)
    if not (by.is_active and by.is_staff):
        raise Forbidden
    step_up.require(user=by, sign_in=sign_in)


def _draft(
    by: User, title: str, body: str, audience: str, starts_at: datetime | None, ends_at: datetime | None
) -> Announcement:
    """Not stored yet. Raises InvalidInput for what cannot be announced."""
    now = timezone.now()
    draft = Announcement(
        title=title.strip(),
        body=body.strip().replace("\r\n", "\n"),
        audience=audience,
        starts_at=max(starts_at or now, now),
        ends_at=ends_at,
        written_by=by,
    )
    errors = [
        _row(name, gettext("Write 1 to %(n)d characters.") % {"n": longest})
        for name, text, longest in (
            ("title", draft.title, ANNOUNCEMENT_TITLE_MAX),
            ("body", draft.body, ANNOUNCEMENT_BODY_MAX),
        )
        if not text or len(text) > longest or "\x00" in text
    ]
    if audience not in Announcement.Audience.values:
        errors.append(_row("audience", gettext("Choose who it is for.")))
    if ends_at is not None and ends_at <= draft.starts_at:
        errors.append(_row("ends_at", gettext("The end has to be later than the beginning.")))
    if errors:
        raise InvalidInput(errors=errors)
    return draft


def _record(action: str, by: User, sign_in: SignIn, client: Client, announcement: Announcement) -> None:
    audit.record(
        action=action,
        actor_uid=by.uid,
        by_staff=True,
        severity=AuditEntry.Severity.NOTICE,
        details={"announcement": str(announcement.pk), "audience": announcement.audience},
        family=sign_in.family,
        client=client,
    )


def _row(name: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": "invalid", "detail": detail}

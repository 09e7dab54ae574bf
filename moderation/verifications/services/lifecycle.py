"""What ends by itself: pictures that were kept long enough, approvals whose time is over, requests that a restore
left without their pictures."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from credits.services import caps
from security.services import audit
from users.models import User

from ...certificates.services import revoking
from ...models import Verification
from ...services import vault, work
from .. import selectors
from ..constants import KIND
from . import notices

State = Verification.State


def set_level(*, user: User, level: int, at: datetime) -> None:
    """Write down how well somebody is known, with what follows: their badge, and the ceiling of what they may spend."""
    User.objects.filter(pk=user.pk).update(verification_level=level)
    user.verification_level = level
    caps.refresh(user=user, at=at)


def destroy_files(*, verification: Verification) -> None:
    """Make its pictures unreadable for good, in the caller's transaction; and forget where they were sent from."""
    for row in selectors.list_files(verification=verification).values():
        vault.destroy(file=row.file)
    Verification.objects.filter(pk=verification.pk).update(files_until=None, ip=None)


def destroy_due(*, at: datetime, limit: int = 200) -> int:
    """The job: pictures that have been kept long enough. Returns of how many requests."""
    due = selectors.list_files_due(at=at, limit=limit)
    for verification in due:
        with transaction.atomic():
            destroy_files(verification=verification)
    return len(due)


def end_due(*, at: datetime, limit: int = 200) -> int:
    """The job: approvals whose time is over. Returns how many ended."""
    return sum(end(uid=uid, at=at) for uid in selectors.list_ending(at=at, limit=limit))


@transaction.atomic
def end(*, uid: uuid.UUID, at: datetime) -> bool:
    """End an approval: its holder is not verified any more. Returns whether it was in force."""
    verification = Verification.objects.select_for_update(of=("self",)).select_related("user").get(uid=uid)
    if verification.state != State.APPROVED:
        return False
    verification.state = State.EXPIRED
    verification.save(update_fields=["state"])
    set_level(user=verification.user, level=User.VerificationLevel.NONE, at=at)
    revoking.revoke_all(user=verification.user, because="verification_ended")
    audit.record(action="verification.expired", subject_uid=verification.user.uid)
    notices.tell(verification=verification)
    return True


def close_lost(*, limit: int = 200) -> int:
    """The job: open requests whose pictures nobody can open, as after a restore (ADR 15): they end, and their owners
    are asked for the pictures again. Returns how many."""
    lost = selectors.list_without_keys(limit=limit)
    for verification in lost:
        with transaction.atomic():
            if not Verification.objects.filter(pk=verification.pk, state__in=selectors.OPEN).update(
                state=State.EXPIRED, ip=None
            ):
                continue
            work.close_item(kind=KIND, ref=verification.uid, outcome="files_lost")
            verification.state = State.EXPIRED
            notices.tell(verification=verification)
    return len(lost)

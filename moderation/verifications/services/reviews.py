"""What a reviewer decides, and what follows from it."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from users.models import User

from ...certificates.services import issuing
from ...models import Verification
from .. import selectors
from ..constants import APPROVAL_LASTS, FILES_KEPT, REJECT_REASONS
from ..errors import VerificationNotOpen
from . import lifecycle, notices

State = Verification.State


@transaction.atomic
def approve(*, staff: User, uid: uuid.UUID) -> Verification:
    """Somebody is who they say: their badge, payouts, the higher ceiling, and a certificate. An approval of before ends
    with it. Raises VerificationNotOpen; the table refuses a review of oneself."""
    verification = _lock(uid)
    now = timezone.now()
    Verification.objects.filter(user=verification.user, state=State.APPROVED).update(state=State.EXPIRED)
    _decide(verification, staff, State.APPROVED, valid_until=now + APPROVAL_LASTS)
    lifecycle.set_level(user=verification.user, level=User.VerificationLevel.DOCUMENT, at=now)
    issuing.issue(verification=verification)
    return verification


@transaction.atomic
def reject(*, staff: User, uid: uuid.UUID, reason: str, note: str) -> Verification:
    """Not approved, for one of REJECT_REASONS; its owner reads the reason and the note, may ask again and may appeal.

    Raises VerificationNotOpen, KeyError for an unknown reason.
    """
    verification = _lock(uid)
    verification.reason_code, verification.reason = reason, note.strip()
    assert REJECT_REASONS[reason]
    _decide(verification, staff, State.REJECTED)
    return verification


@transaction.atomic
def overturn(*, staff: User, uid: uuid.UUID) -> Verification:
    """Approve what somebody else had rejected: an appeal was granted. Raises VerificationNotOpen where it is not
    rejected any more, or another request was approved meanwhile."""
    verification = Verification.objects.select_for_update(of=("self",)).select_related("user").get(uid=uid)
    standing = selectors.get_standing(user=verification.user)
    if verification.state != State.REJECTED or standing.approved:
        raise VerificationNotOpen
    now = timezone.now()
    verification.reason_code = verification.reason = ""
    _decide(verification, staff, State.APPROVED, valid_until=now + APPROVAL_LASTS)
    lifecycle.set_level(user=verification.user, level=User.VerificationLevel.DOCUMENT, at=now)
    issuing.issue(verification=verification)
    return verification


def _lock(uid: uuid.UUID) -> Verification:
    rows = Verification.objects.select_for_update(of=("self",)).select_related("user")
    verification = rows.filter(uid=uid, state=State.IN_REVIEW).first()
    if verification is None:
        raise VerificationNotOpen
    return verification


def _decide(verification: Verification, staff: User, state: str, **more: object) -> None:
    now = timezone.now()
    fields = {"state": state, "decided_at": now, "decided_by": staff, "files_until": now + FILES_KEPT, **more}
    for name, value in fields.items():
        setattr(verification, name, value)
    verification.save(update_fields=[*fields, "reason_code", "reason"])
    notices.tell(verification=verification)

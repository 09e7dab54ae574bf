"""Appealing a decision, and talking about it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput
from security.services import audit
from users.models import User

from ... import selectors as work_selectors
from ...errors import CaseNotHeld
from ...models import Appeal, AppealMessage, Sanction, Verification
from ...sanctions import selectors as sanctions
from ...services import trail, work
from ...verifications import selectors as verifications
from .. import selectors
from ..constants import KIND, TEXT_MAX, VERIFICATION_APPEAL_TIME, WORDS_MAX
from ..errors import AppealClosed, AppealMade, CannotAppeal, WaitForAnswer
from . import notices

State = Appeal.State


def appeal_sanction(*, user: User, uid: uuid.UUID, text: str) -> Appeal:
    """Appeal a sanction of one's own, also while suspended. Raises NotFound, InvalidInput (`/text`), AppealMade,
    CannotAppeal (its time is over, or it was lifted)."""
    sanction = sanctions.get_own(user=user, uid=uid)
    if sanction.lifted_at is not None or sanction.appeal_until <= timezone.now():
        raise CannotAppeal
    return _open(user, text, first=sanction.decided_by, sanction=sanction)


def appeal_verification(*, user: User, uid: uuid.UUID, text: str) -> Appeal:
    """Appeal that a request of one's own was not approved. Raises as `appeal_sanction`; CannotAppeal also where one is
    verified meanwhile."""
    verification = verifications.get_own(user=user, uid=uid)
    if verification.state != Verification.State.REJECTED or verifications.get_standing(user=user).approved:
        raise CannotAppeal
    if verification.decided_at is None or verification.decided_at + VERIFICATION_APPEAL_TIME <= timezone.now():
        raise CannotAppeal
    return _open(user, text, first=verification.decided_by, verification=verification)


@transaction.atomic
def say(*, user: User, uid: uuid.UUID, text: str) -> AppealMessage:
    """Add words to an open appeal of one's own. Raises NotFound, AppealClosed, WaitForAnswer, InvalidInput."""
    appeal = _lock(selectors.get_own(user=user, uid=uid))
    return _add(appeal, user, text, is_from_staff=False)


@transaction.atomic
def answer(*, staff: User, uid: uuid.UUID, text: str) -> AppealMessage:
    """Ask or tell the person something, as who works on the case. Raises NotFound, CaseNotHeld, AppealClosed,
    WaitForAnswer, InvalidInput."""
    item = work_selectors.get_item_about(user=staff, kind=KIND, ref=uid)
    if not work.renew(item=item, user=staff):
        raise CaseNotHeld
    appeal = _lock(selectors.find_for_staff(uid=uid))
    said = _add(appeal, staff, text, is_from_staff=True)
    trail.note_deed(
        staff=staff, action="appeal.answered", subject_uid=appeal.user.uid, details={"appeal": str(appeal.uid)}
    )
    notices.tell(appeal=appeal, state="answered", key=str(said.pk))
    return said


def _open(
    user: User,
    text: str,
    *,
    first: User | None,
    sanction: Sanction | None = None,
    verification: Verification | None = None,
) -> Appeal:
    words = _checked(text)
    named: dict[str, Any] = {"sanction": sanction, "verification": verification}
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(user=user, first_decided_by=first, **named)
            AppealMessage.objects.create(appeal=appeal, author=user, is_from_staff=False, text=words)
            work.open_item(kind=KIND, ref=appeal.uid, subject_uid=user.uid, not_by=first)
            details = {"appeal": str(appeal.uid)}
            audit.record(action="appeal.made", actor_uid=user.uid, subject_uid=user.uid, details=details)
    except IntegrityError as error:  # each decision has one appeal
        if "moderation_appeal_" not in str(error) or "_id_key" not in str(error):
            raise
        raise AppealMade from error
    return appeal


def _lock(appeal: Appeal | None) -> Appeal:
    rows = Appeal.objects.select_for_update(of=("self",)).select_related("user")
    found = rows.filter(pk=appeal.pk, state=State.OPEN).first() if appeal else None
    if found is None:
        raise AppealClosed
    return found


def _add(appeal: Appeal, author: User, text: str, *, is_from_staff: bool) -> AppealMessage:
    words = _checked(text)
    if selectors.count_unanswered(appeal=appeal, is_from_staff=is_from_staff) >= WORDS_MAX:
        raise WaitForAnswer
    return AppealMessage.objects.create(appeal=appeal, author=author, is_from_staff=is_from_staff, text=words)


def _checked(text: str) -> str:
    words = text.strip()
    if not words:
        detail = _("Say why you think that the decision is wrong.")
        raise InvalidInput(errors=[{"pointer": "/text", "code": "required", "detail": detail}])
    if len(words) > TEXT_MAX:
        detail = _("Use at most %(n)d characters.") % {"n": TEXT_MAX}
        raise InvalidInput(errors=[{"pointer": "/text", "code": "too_long", "detail": detail}])
    return words

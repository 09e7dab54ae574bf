"""How appeals end. Whoever decided first is refused by the queue, here, and by the table itself."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from pairly.common.problems import Forbidden, NotFound
from users.models import User

from ...models import Appeal, AppealMessage
from ...reports.services import deciding as reports
from ...sanctions.services import imposing
from ...verifications.services import reviews
from ..errors import AnotherPerson, AppealClosed
from . import notices

State = Appeal.State


@transaction.atomic
def grant(*, staff: User, uid: uuid.UUID, note: str) -> Appeal:
    """The decision was wrong: the sanction is lifted, or the verification approved. The person reads `note`; who
    reported hears it too.

    Raises NotFound, AppealClosed, AnotherPerson, Forbidden, SanctionOver, VerificationNotOpen.
    """
    appeal = _lock(staff, uid)
    if appeal.sanction is not None:
        imposing.lift(sanction=appeal.sanction, by=staff)
        if appeal.sanction.case is not None:
            reports.overturn(staff=staff, case=appeal.sanction.case)
    elif appeal.verification is not None:
        reviews.overturn(staff=staff, uid=appeal.verification.uid)
    _close(appeal, staff, State.GRANTED, note)
    return appeal


@transaction.atomic
def refuse(*, staff: User, uid: uuid.UUID, note: str) -> Appeal:
    """The decision stands; the person reads `note`. Raises NotFound, AppealClosed, AnotherPerson, Forbidden."""
    appeal = _lock(staff, uid)
    _close(appeal, staff, State.REFUSED, note)
    return appeal


def _lock(staff: User, uid: uuid.UUID) -> Appeal:
    rows = Appeal.objects.select_for_update(of=("self",))
    appeal = rows.select_related("user", "first_decided_by", "sanction__case", "sanction__user", "verification").filter(
        uid=uid
    )
    found = appeal.first()
    if found is None:
        raise NotFound
    if found.state != State.OPEN:
        raise AppealClosed
    if found.first_decided_by_id == staff.pk:
        raise AnotherPerson
    if found.user_id == staff.pk:
        raise Forbidden
    return found


def _close(appeal: Appeal, staff: User, state: str, note: str) -> None:
    appeal.state, appeal.decided_at, appeal.decided_by = state, timezone.now(), staff
    appeal.save(update_fields=["state", "decided_at", "decided_by"])
    if note.strip():
        AppealMessage.objects.create(appeal=appeal, author=staff, is_from_staff=True, text=note.strip())
    notices.tell(appeal=appeal, state=state)
    notices.tell_first(appeal=appeal)

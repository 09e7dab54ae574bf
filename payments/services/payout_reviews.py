"""What staff says about a payout. Above PAYOUT_TWO_PEOPLE_CENTI one says and another decides; nobody decides on
their own. Constraints of the table say the same (`payout_approved_by_two`, `payout_two_different_people`,
`payout_not_approved_by_oneself`), so no other way leads round them."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.after_commit import enqueue
from pairly.common.problems import InvalidInput, NotFound
from security.services import audit
from users.models import User

from .. import payout_selectors as selectors
from ..constants import PAYOUT_NOTE_MAX, REJECT_REASONS, SECOND_REVIEW_SPAN, SENDING_SPAN
from ..errors import OwnPayout, PayoutNotOpen, SecondPersonNeeded
from ..models import Payout
from . import payout_methods, payout_steps
from .payout_steps import Owner, Status

PERMISSION = "users.staff_review_payouts"


@transaction.atomic
def approve(*, staff: User, uid: uuid.UUID, note: str = "") -> Payout:
    """Say that a payout may be sent: decides it, or, where two are needed and nobody has said so yet, passes it on.

    One conditional UPDATE decides who was first. Raises NotFound (also without the permission), OwnPayout,
    SecondPersonNeeded (the same person twice), PayoutNotOpen.
    """
    payout = _look(staff, uid)
    if payout.approved_by_id == staff.pk and payout.status == Status.REQUESTED:
        raise SecondPersonNeeded
    now = timezone.now()
    waiting = Payout.objects.filter(pk=payout.pk, status=Status.REQUESTED).exclude(user=staff)
    if not payout.needs_two:
        is_mine = waiting.filter(approved_by__isnull=True, needs_two=False).update(
            approved_by=staff, approved_at=now, status=Status.APPROVED
        )
    elif payout.approved_by_id is None:
        is_mine = waiting.filter(approved_by__isnull=True, needs_two=True).update(approved_by=staff, approved_at=now)
    else:
        second = waiting.filter(approved_by__isnull=False, second_approver__isnull=True, needs_two=True)
        is_mine = second.exclude(approved_by=staff).update(second_approver=staff, status=Status.APPROVED)
    if not is_mine:
        raise PayoutNotOpen(payout_status=Payout.objects.values_list("status", flat=True).get(pk=payout.pk))
    payout = payout_steps.hold(uid=uid)
    is_decided = payout.status == Status.APPROVED
    _add_note(payout, note)
    reason = _reason_after_approval(payout) if is_decided else "second_look"
    payout_steps.note(
        payout=payout,
        owner=Owner.PAIRLY,
        reason=reason,
        within=SENDING_SPAN if is_decided else SECOND_REVIEW_SPAN,
        staff=staff,
    )
    _record(payout, staff, "payout.approved" if is_decided else "payout.approved_first", note)
    if is_decided:
        enqueue(task="payments.send_payout", uid=str(payout.uid))
    return payout


def _reason_after_approval(payout: Payout) -> str:
    return "by_hand" if payout.method.kind == "manual" else "approved"


@transaction.atomic
def reject(*, staff: User, uid: uuid.UUID, reason: str, note: str = "") -> Payout:
    """Refuse a payout that has not been sent, one person is enough: the credits are earned again.

    `reason` is one of REJECT_REASONS, which its creator reads. Raises NotFound (also without the permission),
    OwnPayout, InvalidInput (`/reason`), PayoutNotOpen.
    """
    if reason not in REJECT_REASONS:
        detail = _("Choose a reason; its creator reads it")
        raise InvalidInput(errors=[{"pointer": "/reason", "code": "unknown", "detail": detail}])
    _look(staff, uid)
    payout = payout_steps.hold(uid=uid)
    if payout.status not in (Status.REQUESTED, Status.APPROVED):
        raise PayoutNotOpen(payout_status=payout.status)
    now = timezone.now()
    payout_steps.book(payout=payout, step="rejected", at=now)
    payout_steps.move(payout=payout, status=Status.REJECTED, completed_at=now)
    _add_note(payout, note)
    payout_steps.note(payout=payout, owner=Owner.NOBODY, reason=reason, staff=staff)
    _record(payout, staff, "payout.rejected", note)
    return payout


def reveal_details(*, staff: User, uid: uuid.UUID) -> dict[str, str]:
    """The account of a manual payout in the clear, for the person who makes the transfer; its owner sees in the record
    that it was looked at. Only while there is a transfer to make. Raises NotFound, OwnPayout, PayoutNotOpen."""
    payout = _look(staff, uid)
    if payout.status not in (Status.APPROVED, Status.PROCESSING):
        raise PayoutNotOpen(payout_status=payout.status)
    details = payout_methods.open_details(method=payout.method)
    audit.record(
        action="payout.details_viewed",
        actor_uid=staff.uid,
        subject_uid=payout.user.uid,
        by_staff=True,
        is_private_view=True,
        details={"payout": str(payout.uid)},
    )
    return details


def require_reviewer(*, staff: User, payout: Payout) -> None:
    """Raise NotFound without the permission, OwnPayout for one's own."""
    if not staff.is_staff or not staff.has_perm(PERMISSION):
        raise NotFound
    if payout.user_id == staff.pk:
        raise OwnPayout


def _look(staff: User, uid: uuid.UUID) -> Payout:
    payout = selectors.get_for_staff(uid=uid)
    require_reviewer(staff=staff, payout=payout)
    return payout


def _add_note(payout: Payout, note: str) -> None:
    """Notes of several people follow one another."""
    note = note.strip()[:PAYOUT_NOTE_MAX]
    if note:
        payout.admin_notes = f"{payout.admin_notes}\n{note}".strip()
        payout.save(update_fields=["admin_notes"])


def _record(payout: Payout, staff: User, action: str, note: str) -> None:
    audit.record(
        action=action,
        actor_uid=staff.uid,
        subject_uid=payout.user.uid,
        by_staff=True,
        severity=audit.Severity.NOTICE,
        reason=note.strip()[:PAYOUT_NOTE_MAX],
        details={"payout": str(payout.uid), "amount_centi": payout.amount_centi},
    )

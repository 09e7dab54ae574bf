"""The cases of payouts. What happens to the money is the word of `payments.services.payout_reviews`."""

from __future__ import annotations

import uuid

from django.db import transaction

from pairly.common.problems import InvalidInput
from payments.services import payout_by_hand, payout_reviews
from users.models import User
from users.services import step_up
from users.types import SignIn

from .. import selectors
from ..models import WorkItem
from . import work

KIND, PERMISSION = "payout", "users.staff_review_payouts"
Severity = WorkItem.Severity


def open_case(*, uid: uuid.UUID, creator_uid: uuid.UUID, is_high: bool) -> None:
    """Hook of `payments.registry`: put a payout into the queue, in the transaction that sets its money aside."""
    severity = Severity.HIGH if is_high else Severity.NORMAL
    work.open_item(kind=KIND, ref=uid, subject_uid=creator_uid, severity=severity)


def close_case(*, uid: uuid.UUID, outcome: str) -> None:
    """Hook of `payments.registry`: take it off the queue, in the transaction that ends it without staff."""
    work.close_item(kind=KIND, ref=uid, outcome=outcome)


@transaction.atomic
def review(
    *, uid: uuid.UUID, staff: User, decision: str, reason: str = "", code: str = "other", sign_in: SignIn | None = None
) -> WorkItem:
    """Take the case of a payout and decide it, at once: `approve`, or `reject` for one of the queue's reasons (`code`).

    As on the pages: the case is written about, two people for large amounts, a fresh proof. Raises NotFound,
    InvalidInput (`/decision`), StepUpRequired, ReasonMissing, CaseTaken, CaseNotHeld, and what the payout refuses
    with.
    """
    if decision not in ("approve", "reject"):
        raise InvalidInput(errors=[{"pointer": "/decision", "code": "unknown", "detail": "approve or reject"}])
    item = selectors.get_item_about(user=staff, kind=KIND, ref=uid)
    work.take(uid=item.uid, user=staff)
    outcome = "approved" if decision == "approve" else code
    return work.decide(uid=item.uid, user=staff, outcome=outcome, note=reason, sign_in=sign_in)


def reveal_account(*, uid: uuid.UUID, staff: User, sign_in: SignIn) -> dict[str, str]:
    """The account of a transfer by hand, in the clear, against a fresh proof; its owner sees that it was looked at.

    Raises StepUpRequired, and as `payout_reviews.reveal_details`.
    """
    step_up.require(user=staff, sign_in=sign_in)
    return payout_reviews.reveal_details(staff=staff, uid=uid)


def mark_sent(*, uid: uuid.UUID, staff: User, sign_in: SignIn, reference: str) -> None:
    """The transfer was made at the bank. Raises StepUpRequired, and as `payout_by_hand.mark_sent`."""
    step_up.require(user=staff, sign_in=sign_in)
    payout_by_hand.mark_sent(staff=staff, uid=uid, reference=reference)


def mark_returned(*, uid: uuid.UUID, staff: User, sign_in: SignIn, reason: str) -> None:
    """The bank sent it back. Raises StepUpRequired, and as `payout_by_hand.mark_returned`."""
    step_up.require(user=staff, sign_in=sign_in)
    payout_by_hand.mark_returned(staff=staff, uid=uid, reason=reason)

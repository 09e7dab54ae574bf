"""The queue of payouts: somebody looks at each before it leaves, two people at large ones.

What an approval or a refusal does is the word of `payments.services.payout_reviews`; the table itself refuses the
same person twice and the payee.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from payments import payout_review_selectors as selectors
from payments import payout_selectors
from payments.models import Payout
from payments.services import payout_reviews
from users.models import User

from . import queues
from .models import WorkItem
from .services import payouts, work

KIND = payouts.KIND


def load(ref: uuid.UUID) -> dict[str, Any]:
    """Everything about the payout, for the page of its case. Raises NotFound."""
    found = selectors.get_evidence(uid=ref)
    return {"payout": found.payout, "found": found}


def takes_two(ref: uuid.UUID) -> bool:
    """Whether the amount is one that two people have to approve."""
    return payout_selectors.get_for_staff(uid=ref).needs_two


def approve(*, item: WorkItem, staff: User, note: str) -> None:
    """It may leave, or one of the two has said so. The note is for staff alone."""
    payout = payout_reviews.approve(staff=staff, uid=item.ref)
    if payout.status == Payout.Status.REQUESTED:
        work.leave_to_another(item=item, staff=staff)


def reject(*, item: WorkItem, staff: User, note: str, reason: str) -> None:
    """It does not leave; its creator reads the reason and the note."""
    payout_reviews.reject(staff=staff, uid=item.ref, reason=reason, note=note)


def _refusal(outcome: str, label: Any) -> queues.Decision:
    return queues.Decision(
        outcome=outcome, label=label, apply=partial(reject, reason=outcome), needs_proof=True, is_danger=True
    )


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Payouts"),
    permission=payouts.PERMISSION,
    target=timedelta(days=2),
    template="moderation/payout_evidence.html",
    load=load,
    decisions=(
        queues.Decision(
            outcome="approved",
            label=_("Approve"),
            apply=approve,
            takes_two=takes_two,
            on_pass=approve,
            needs_reason=False,
            needs_proof=True,
            key="A",
        ),
        _refusal("account_wrong", _("Refuse: details are wrong")),
        _refusal("account_closed", _("Refuse: account closed")),
        _refusal("account_unknown", _("Refuse: account unknown")),
        _refusal("name_mismatch", _("Refuse: not in their name")),
        _refusal("unusual_payments", _("Refuse: payments are looked at")),
        _refusal("self_dealing", _("Refuse: their own credits")),
        _refusal("other", _("Refuse: another reason")),
    ),
    icon="wallet",
    note_hint=_("If you refuse, the creator reads your reason. If you approve, colleagues read it only."),
)

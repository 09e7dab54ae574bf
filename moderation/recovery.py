"""The queue of lost second factors: two people look at each, and no more than say so here (`users` does the rest)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import NotFound
from users import staff_selectors
from users.models import FactorRecovery, User
from users.services import recoveries as lost_factors

from . import queues
from .models import WorkItem
from .services import recoveries, work

KIND = "factor_recovery"


def load(ref: uuid.UUID) -> dict[str, Any]:
    """The request, for the page of its case. Raises NotFound when it is gone."""
    recovery = staff_selectors.find_recovery(uid=ref)
    if recovery is None:
        raise NotFound
    return {"recovery": recovery, "n_before": staff_selectors.count_recoveries_before(recovery=recovery)}


def approve(*, item: WorkItem, staff: User, note: str) -> None:
    """One of the two approvals; the case stays open until there are both."""
    recovery = lost_factors.approve(staff=staff, uid=item.ref)
    if recovery.second_approver_id is None:
        work.leave_to_another(item=item, staff=staff)


def reject(*, item: WorkItem, staff: User, note: str) -> None:
    """The factor stays; the reason is for staff, the owner is told that they may ask again."""
    lost_factors.reject(staff=staff, uid=item.ref, reason=note)


def open_case(*, recovery: FactorRecovery) -> None:
    """Hook of `users.registry`."""
    recoveries.open_case(kind=KIND, ref=recovery.uid, subject_uid=recovery.user.uid)


def close_case(*, recovery: FactorRecovery) -> None:
    """Hook of `users.registry`: the owner keeps the factor after all."""
    recoveries.close_case(kind=KIND, ref=recovery.uid)


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Lost second factors"),
    permission="users.staff_review_recoveries",
    target=timedelta(hours=24),
    template="moderation/recovery_evidence.html",
    load=load,
    decisions=(
        queues.Decision(
            outcome="approved",
            label=_("Approve"),
            apply=approve,
            takes_two=True,
            on_pass=approve,
            needs_proof=True,
            key="A",
        ),
        queues.Decision(outcome="rejected", label=_("Reject"), apply=reject, is_danger=True, key="R"),
    ),
    icon="key",
)

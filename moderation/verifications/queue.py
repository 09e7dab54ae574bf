"""The queue of verifications: what a reviewer sees of each, and how it is decided."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import NotFound
from users.models import User
from users.registry import names_of

from .. import queues
from ..models import Verification, WorkItem
from ..services import vault
from . import selectors
from .constants import KIND, PERMISSION, REJECT_REASONS
from .services import reviews

_LABELS = {
    "unreadable": _("Cannot be read"),
    "not_a_document": _("No document"),
    "another_person": _("Another person"),
    "other_name": _("Another name or date"),
    "out_of_date": _("Out of date"),
    "altered": _("Altered or a copy"),
    "in_use": _("Used by another account"),
    "under_age": _("Under 18"),
    "other": _("Another reason"),
}
assert set(_LABELS) == set(REJECT_REASONS)


def load(ref: uuid.UUID) -> dict[str, Any]:
    """The request for the page of its case, without its pictures: those are opened one by one. Raises NotFound."""
    verification = selectors.find_for_staff(uid=ref)
    if verification is None:
        raise NotFound
    files = selectors.list_files(verification=verification)
    return {
        "verification": verification,
        "files": [kind for kind, row in files.items() if vault.has_key(file=row.file)],
        "before": selectors.list_own(user=verification.user).exclude(pk=verification.pk)[:10],
    }


def approve(*, item: WorkItem, staff: User, note: str) -> None:
    """The note is for staff alone."""
    reviews.approve(staff=staff, uid=item.ref)


def reject(*, item: WorkItem, staff: User, note: str, reason: str) -> None:
    """Its owner reads the reason and the note."""
    reviews.reject(staff=staff, uid=item.ref, reason=reason, note=note)


def values(*, item: WorkItem, outcome: str) -> dict[str, str]:
    """Of the placeholders in a reason."""
    user = _get(item).user
    return {"handle": names_of(users=[user]).get(user.pk, ""), "reason": str(REJECT_REASONS.get(outcome, ""))}


def letters(*, item: WorkItem, outcome: str, note: str) -> list[queues.Letter]:
    """What stands on the page of their requests."""
    _get(item)
    text = "\n\n".join(words for words in (str(REJECT_REASONS[outcome]), note) if words)
    title = str(Verification.State.REJECTED.label).capitalize()
    return [queues.Letter(where=gettext("On the page of their requests"), title=title, text=text)]


def _get(item: WorkItem) -> Verification:
    verification = selectors.find_for_staff(uid=item.ref)
    if verification is None:
        raise NotFound
    return verification


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Verifications"),
    permission=PERMISSION,
    target=timedelta(hours=24),
    template="moderation/verification_evidence.html",
    load=load,
    decisions=(
        queues.Decision(outcome="approved", label=_("Approve"), apply=approve, needs_reason=False, key="A"),
        *(
            queues.Decision(
                outcome=code,
                label=label,
                apply=partial(reject, reason=code),
                needs_reason=code == "other",
                is_danger=True,
                is_read=True,
                key="R" if code == "unreadable" else "",
            )
            for code, label in _LABELS.items()
        ),
    ),
    icon="verified",
    reasons="verification",
    values=values,
    letters=letters,
    note_hint=_("Who asked reads your note where you do not approve; of an approval only staff read it."),
)

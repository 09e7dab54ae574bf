"""The queue of reports: what staff see of each, and how it is decided."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import NotFound
from users.models import User

from .. import queues
from ..models import Sanction, WorkItem
from ..sanctions import selectors as sanctions
from . import selectors
from .constants import KIND, PERMISSION
from .services import deciding

Kind = Sanction.Kind
WEEK = timedelta(days=7)


def load(ref: uuid.UUID) -> dict[str, Any]:
    """The case with everything that was opened. Raises NotFound."""
    case = selectors.find_for_staff(uid=ref)
    if case is None:
        raise NotFound
    return {"shown": selectors.show_case(case=case), "sanctions": sanctions.list_of_case(case=case)}


def dismiss(*, item: WorkItem, staff: User, note: str) -> None:
    """The note is for staff alone."""
    deciding.dismiss(staff=staff, uid=item.ref)


def uphold(*, item: WorkItem, staff: User, note: str, kind: str, lasts: timedelta | None = None) -> None:
    """The note is what the person reads as the facts."""
    deciding.uphold(staff=staff, uid=item.ref, kind=kind, facts=note, lasts=lasts)


def barred(refs: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Collection[uuid.UUID]]:
    """Who reported it decides nothing about it."""
    return selectors.list_reporter_uids(case_uids=refs)


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Reports"),
    permission=PERMISSION,
    target=timedelta(hours=24),
    template="moderation/report_evidence.html",
    load=load,
    decisions=(
        queues.Decision(outcome="dismissed", label=_("Dismiss"), apply=dismiss, needs_reason=False, key="A"),
        queues.Decision(outcome="warned", label=_("Warn"), apply=partial(uphold, kind=Kind.WARNING), key="R"),
        queues.Decision(outcome="muted", label=_("Mute for 7 days"), apply=partial(uphold, kind=Kind.MUTE, lasts=WEEK)),
        queues.Decision(outcome="hidden", label=_("Hide the profile"), apply=partial(uphold, kind=Kind.HIDE)),
        queues.Decision(
            outcome="removed",
            label=_("Remove the shop item"),
            apply=partial(uphold, kind=Kind.CONTENT_REMOVAL),
            is_danger=True,
        ),
        queues.Decision(
            outcome="suspended",
            label=_("Suspend for 7 days"),
            apply=partial(uphold, kind=Kind.TEMPORARY_BAN, lasts=WEEK),
            is_danger=True,
        ),
        queues.Decision(
            outcome="banned",
            label=_("Suspend for good"),
            apply=partial(uphold, kind=Kind.PERMANENT_BAN),
            is_danger=True,
        ),
    ),
    icon="flag",
    barred=barred,
    bulk=("dismissed",),
    note_hint=_(
        "Unless you dismiss it, the person reads your reason as the facts of the decision. Do not name who reported."
    ),
)

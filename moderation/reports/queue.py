"""The queue of reports: what staff see of each, and how it is decided."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import NotFound
from users.models import User

from .. import queues
from ..models import ReportCase, Sanction, WorkItem
from ..sanctions import selectors as sanctions
from ..sanctions.services import drafts, imposing, statements
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


# What each outcome does, and for how long.
_SANCTIONS: dict[str, tuple[Kind, timedelta | None]] = {
    "warned": (Kind.WARNING, None),
    "muted": (Kind.MUTE, WEEK),
    "hidden": (Kind.HIDE, None),
    "removed": (Kind.CONTENT_REMOVAL, None),
    "suspended": (Kind.TEMPORARY_BAN, WEEK),
    "banned": (Kind.PERMANENT_BAN, None),
}


def values(*, item: WorkItem, outcome: str) -> dict[str, str]:
    """Of the placeholders in a reason."""
    case = _case(item)
    return drafts.values(user=case.subject, rule=deciding.rule_of(case=case), until=_until(outcome))


def letters(*, item: WorkItem, outcome: str, note: str) -> list[queues.Letter]:
    """The statement of reasons, as it would leave."""
    case = _case(item)
    sanction = imposing.draft(
        user=case.subject,
        kind=_SANCTIONS[outcome][0],
        rule=deciding.rule_of(case=case),
        facts=note,
        until=_until(outcome),
        is_automated=False,
    )
    title, text = statements.words(sanction=sanction)
    return [queues.Letter(where=gettext("By mail, and on a page of their account"), title=title, text=text)]


def _case(item: WorkItem) -> ReportCase:
    case = selectors.find_for_staff(uid=item.ref)
    if case is None:
        raise NotFound
    return case


def _until(outcome: str) -> datetime | None:
    lasts = _SANCTIONS[outcome][1]
    return timezone.now() + lasts if lasts else None


def _say(outcome: str, label: Any, *, is_danger: bool = False, key: str = "") -> queues.Decision:
    kind, lasts = _SANCTIONS[outcome]
    return queues.Decision(
        outcome=outcome,
        label=label,
        apply=partial(uphold, kind=kind, lasts=lasts),
        is_danger=is_danger,
        is_read=True,
        key=key,
    )


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Reports"),
    permission=PERMISSION,
    target=timedelta(hours=24),
    template="moderation/report_evidence.html",
    load=load,
    decisions=(
        queues.Decision(outcome="dismissed", label=_("Dismiss"), apply=dismiss, needs_reason=False, key="A"),
        _say("warned", _("Warn"), key="R"),
        _say("muted", _("Mute for 7 days")),
        _say("hidden", _("Hide the profile")),
        _say("removed", _("Remove the shop item"), is_danger=True),
        _say("suspended", _("Suspend for 7 days"), is_danger=True),
        _say("banned", _("Suspend for good"), is_danger=True),
    ),
    icon="flag",
    barred=barred,
    bulk=("dismissed",),
    reasons="report",
    values=values,
    letters=letters,
    note_hint=_(
        "Unless you dismiss it, the person reads your reason as the facts of the decision. Do not name who reported."
    ),
)

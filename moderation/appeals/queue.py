"""The queue of appeals: another person than the first one looks again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import NotFound
from users.models import User
from users.registry import names_of

from .. import queues
from ..models import Appeal, WorkItem
from ..reports import selectors as reports
from ..sanctions import selectors as sanctions
from ..sanctions.services import drafts
from ..verifications.words import reason_of
from . import selectors
from .constants import KIND, PERMISSION, TARGET
from .forms import WordsForm
from .services import deciding, notices


def load(ref: uuid.UUID) -> dict[str, Any]:
    """The appeal, what was said, and the decision that it is about with its evidence. Raises NotFound."""
    appeal = selectors.find_for_staff(uid=ref)
    if appeal is None:
        raise NotFound
    sanction, case = appeal.sanction, appeal.sanction.case if appeal.sanction else None
    return {
        "appeal": appeal,
        "said": selectors.list_messages(appeal=appeal),
        "rule": sanctions.rule_of(sanction=sanction) if sanction else "",
        "reason": reason_of(verification=appeal.verification) if appeal.verification else "",
        "report": {"shown": reports.show_case(case=case)} if case else None,
        "form": WordsForm(auto_id="answer_%s"),
    }


def grant(*, item: WorkItem, staff: User, note: str) -> None:
    """The person reads the note."""
    deciding.grant(staff=staff, uid=item.ref, note=note)


def refuse(*, item: WorkItem, staff: User, note: str) -> None:
    """The person reads the note."""
    deciding.refuse(staff=staff, uid=item.ref, note=note)


def barred(refs: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Collection[uuid.UUID]]:
    """Another person than the first one decides."""
    return selectors.list_first_uids(uids=refs)


def values(*, item: WorkItem, outcome: str) -> dict[str, str]:
    """Of the placeholders in a reason: what the appealed decision says."""
    appeal = _get(item)
    if appeal.sanction:
        return drafts.values(user=appeal.user, rule=appeal.sanction.rule, until=appeal.sanction.until)
    reason = reason_of(verification=appeal.verification) if appeal.verification else ""
    return {"handle": names_of(users=[appeal.user]).get(appeal.user.pk, ""), "reason": reason}


def letters(*, item: WorkItem, outcome: str, note: str) -> list[queues.Letter]:
    """The mail says how it ended; the note is read on the page of the appeal."""
    _get(item)
    title, text = notices.words(state=outcome)
    said = [queues.Letter(where=gettext("On the page of their appeal"), title="Pairly", text=note)] if note else []
    return [queues.Letter(where=gettext("By mail"), title=title, text=text), *said]


def _get(item: WorkItem) -> Appeal:
    appeal = selectors.find_for_staff(uid=item.ref)
    if appeal is None:
        raise NotFound
    return appeal


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Appeals"),
    permission=PERMISSION,
    target=TARGET,
    template="moderation/appeal_evidence.html",
    load=load,
    decisions=(
        queues.Decision(outcome="granted", label=_("Grant: lift the decision"), apply=grant, is_read=True, key="A"),
        queues.Decision(outcome="refused", label=_("The decision stands"), apply=refuse, is_read=True, key="R"),
    ),
    icon="letter",
    barred=barred,
    reasons="appeal",
    values=values,
    letters=letters,
    note_hint=_("Who appealed reads your reason. Write it for them, and do not name who reported."),
)

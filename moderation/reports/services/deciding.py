"""How cases of reports end: for the person, for who reported, and for the evidence."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from pairly.common.problems import Forbidden, NotFound
from users.models import User
from users.services import notifications

from ...models import Report, ReportCase, ReportedMessage, ReportRequest, Sanction
from ...sanctions.constants import SUSPEND
from ...sanctions.services import imposing
from ...services import vault
from .. import selectors
from ..constants import APPEAL_TIME, DISMISSED_KEPT
from ..errors import OwnReport, ReportClosed
from . import attachments

State, Kind = ReportCase.State, Sanction.Kind
BANS = (Kind.TEMPORARY_BAN, Kind.PERMANENT_BAN)
# The rule that a category speaks of (`sanctions.constants.RULES`); the rest is "rules".
RULE_OF = {
    "harassment": "harassment",
    "scam": "fraud",
    "sexual": "sexual_content",
    "minor": "under_age",
    "hate": "hate",
    "self_harm": "self_harm",
    "impersonation": "impersonation",
    "illegal": "illegal_content",
    "copyright": "copyright",
    "spam": "spam",
}


@transaction.atomic
def dismiss(*, staff: User, uid: uuid.UUID) -> ReportCase:
    """No rule was broken. Who reported hears it. Raises NotFound, ReportClosed, OwnReport, Forbidden."""
    case = _lock(staff, uid)
    _close(case, staff, State.DISMISSED, DISMISSED_KEPT)
    return case


@transaction.atomic
def uphold(*, staff: User, uid: uuid.UUID, kind: str, facts: str, lasts: timedelta | None = None) -> Sanction:
    """A rule was broken: impose a sanction of `kind` on the person, for `facts` that they read. Who reported hears it.

    Raises as `dismiss` and `sanctions.services.imposing.impose`; Forbidden also where `staff` may not suspend.
    """
    case = _lock(staff, uid)
    if kind in BANS and not staff.has_perm(SUSPEND):
        raise Forbidden
    is_item = case.target == ReportCase.Target.ITEM
    sanction = imposing.impose(
        user=case.subject,
        kind=kind,
        rule=rule_of(case=case),
        facts=facts,
        is_automated=False,
        by=staff,
        until=timezone.now() + lasts if lasts else None,
        case=case,
        content_ref=case.target_ref if kind == Kind.CONTENT_REMOVAL and is_item else None,
    )
    _close(case, staff, State.UPHELD, APPEAL_TIME)
    return sanction


def rule_of(*, case: ReportCase) -> str:
    """The rule that a sanction of this case names."""
    return RULE_OF.get(_category_of(case), "rules")


@transaction.atomic
def overturn(*, staff: User, case: ReportCase) -> None:
    """An appeal was granted: no rule was broken after all, unless another sanction of the case stands."""
    if Sanction.objects.filter(case=case, lifted_at__isnull=True).exists():
        return
    rows = ReportCase.objects.filter(pk=case.pk, state=State.UPHELD)
    if rows.update(state=State.DISMISSED, decided_at=timezone.now(), decided_by=staff):
        case.refresh_from_db()
        _tell_reporters(case, "overturned")


def forget_due(*, at: datetime, limit: int = 100) -> int:
    """The job: evidence that was kept long enough is destroyed; how the case ended stays. Returns of how many cases."""
    due = selectors.list_evidence_due(at=at, limit=limit)
    for case in due:
        forget(case=case)
    return len(due)


@transaction.atomic
def forget(*, case: ReportCase) -> None:
    """Destroy what was opened and written for a case."""
    attachments.forget(case=case)
    ReportedMessage.objects.filter(report__case=case).update(sealed_body=None, proof={})
    for report in Report.objects.filter(case=case).prefetch_related("files__file"):
        for row in report.files.all():
            vault.destroy(file=row.file)
    ReportRequest.objects.filter(report__case=case).delete()
    Report.objects.filter(case=case).update(details="")
    ReportCase.objects.filter(pk=case.pk).update(evidence_until=None)


def _lock(staff: User, uid: uuid.UUID) -> ReportCase:
    case = ReportCase.objects.select_for_update(of=("self",)).select_related("subject").filter(uid=uid).first()
    if case is None:
        raise NotFound
    if case.state != State.OPEN:
        raise ReportClosed
    if case.subject_id == staff.pk:
        raise Forbidden
    if selectors.is_reporter(case=case, user=staff):
        raise OwnReport
    return case


def _close(case: ReportCase, staff: User, state: str, kept: timedelta) -> None:
    now = timezone.now()
    case.state, case.decided_at, case.decided_by, case.evidence_until = state, now, staff, now + kept
    case.save(update_fields=["state", "decided_at", "decided_by", "evidence_until"])
    _tell_reporters(case, state)


def _tell_reporters(case: ReportCase, outcome: str) -> None:
    tellings = [
        notifications.Telling(
            user_id=user.pk,
            payload={"report": str(uid), "outcome": outcome},
            key=f"report:{uid}:{outcome}",
        )
        for user, uid in selectors.list_reporters(case=case)
    ]
    notifications.notify_each(kind="report", tellings=tellings)


def _category_of(case: ReportCase) -> str:
    """The first thing that was said to be wrong, of the most severe."""
    return str(selectors.list_categories(case=case)[0])

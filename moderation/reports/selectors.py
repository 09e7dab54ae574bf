"""Reads of reports: one's own, or of staff with the permission."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from pairly.common.problems import NotFound
from payments.models import ShopItem
from security import encryption
from users.models import User
from users.registry import names_of

from ..models import (
    Appeal,
    Report,
    ReportCase,
    ReportedAttachment,
    ReportedMessage,
    ReportFile,
    Sanction,
    WorkItem,
)
from ..services import vault
from .constants import APPEAL_KIND, FLAWS, KIND, MESSAGES_MAX, NAME_MAX, SEVERITIES
from .types import Record, ShownAttachment, ShownCase, ShownMessage, ShownReport

State = ReportCase.State
# Controls and marks that turn the direction of text around: a name must not pass for another.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def list_own(*, user: User) -> QuerySet[Report]:
    """What `user` reported, the newest first."""
    return Report.objects.filter(reporter=user).select_related("case__subject").order_by("-pk")


def get_own(*, user: User, uid: uuid.UUID) -> Report:
    """A report of one's own. Raises NotFound."""
    found = list_own(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def count_since(*, user: User, at: datetime) -> int:
    """How many reports `user` made in the day before."""
    return Report.objects.filter(reporter=user, created_at__gt=at - timedelta(days=1)).count()


def list_cases(*, staff: User, state: str = "") -> QuerySet[ReportCase]:
    """Cases, the newest first; never one about `staff`. The caller has asked for the permission."""
    rows = ReportCase.objects.exclude(subject=staff).select_related("subject").prefetch_related("reports")
    return (rows.filter(state=state) if state else rows).order_by("-pk")


def get_case(*, staff: User, uid: uuid.UUID) -> ReportCase:
    """A case that is not about `staff`. Raises NotFound. The caller has asked for the permission."""
    found = list_cases(staff=staff).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def find_for_staff(*, uid: uuid.UUID) -> ReportCase | None:
    """For the page of its case, which has asked who may see it."""
    return ReportCase.objects.select_related("subject", "decided_by").filter(uid=uid).first()


def is_reporter(*, case: ReportCase, user: User) -> bool:
    """Whether `user` reported it."""
    return Report.objects.filter(case=case, reporter=user).exists()


def list_categories(*, case: ReportCase) -> list[str]:
    """What was said to be wrong, the most severe first, then the oldest."""
    rows = list(Report.objects.filter(case=case).order_by("pk").values_list("category", flat=True))
    return sorted(dict.fromkeys(rows), key=lambda code: -SEVERITIES.get(code, 2))


def list_reporters(*, case: ReportCase) -> list[tuple[User, uuid.UUID]]:
    """Who reported it, each with their report."""
    rows = Report.objects.filter(case=case).select_related("reporter").order_by("pk")
    return [(row.reporter, row.uid) for row in rows]


def list_reporter_uids(*, case_uids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Who reported, by case: one query."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    rows = Report.objects.filter(case__uid__in=case_uids).values_list("case__uid", "reporter__uid")
    for case_uid, reporter_uid in rows:
        found.setdefault(case_uid, set()).add(reporter_uid)
    return found


def get_record(*, user: User) -> Record:
    """How the reports of `user` ended."""
    states = Counter(Report.objects.filter(reporter=user).values_list("case__state", flat=True))
    return Record(n_made=sum(states.values()), n_upheld=states[State.UPHELD], n_dismissed=states[State.DISMISSED])


def find_file(*, uid: uuid.UUID) -> ReportFile | None:
    """A picture of a report, by its file."""
    return ReportFile.objects.select_related("file", "report__case__subject").filter(file__uid=uid).first()


def show_case(*, case: ReportCase) -> ShownCase:
    """Everything that was reported, opened; who shows it records the look."""
    reports = [_shown(row, case) for row in case.reports.select_related("reporter").order_by("pk")]
    others = ReportCase.objects.filter(subject=case.subject).exclude(pk=case.pk)
    states = Counter(others.values_list("state", flat=True))
    title = ""
    if case.target == ReportCase.Target.ITEM:
        title = ShopItem.objects.filter(uid=case.target_ref).values_list("title", flat=True).first() or ""
    return ShownCase(
        case=case,
        reports=reports,
        n_upheld=states[State.UPHELD],
        n_dismissed=states[State.DISMISSED],
        before=list(others.order_by("-pk")[:10]),
        item_title=title,
    )


def _shown(report: Report, case: ReportCase) -> ShownReport:
    names = {
        user.uid: name
        for user, name in ((user, names_of(users=[user]).get(user.pk, "")) for user in (report.reporter, case.subject))
    }
    missing = {gap["after_n"]: gap["missing"] for gap in report.gaps}
    messages, before = [], None
    for row in report.messages.prefetch_related("attachments"):
        is_verified = row.verdict == ReportedMessage.Verdict.VERIFIED
        messages.append(_message(report, row, names, missing.get(before, 0) if is_verified and before else 0))
        before = row.n if is_verified else before
    files = [row.file.uid for row in report.files.select_related("file") if vault.has_key(file=row.file)]
    return ShownReport(report=report, record=get_record(user=report.reporter), messages=messages, files=files)


def _message(report: Report, row: ReportedMessage, names: dict[uuid.UUID, str], missing: int) -> ShownMessage:
    body = _open(report, row)
    text = body.get("text") if body else None
    listed = list_attachments(body=body or {})
    return ShownMessage(
        row=row,
        text=text if isinstance(text, str) else None,
        sender=names.get(row.sender_uid, "") if row.sender_uid else "",
        n_attachments=len(listed),
        flaw=_flaw_of(row.flaw),
        missing=missing,
        attachments=[_attachment(one, listed) for one in row.attachments.all()],
    )


def _attachment(row: ReportedAttachment, listed: list[dict[str, Any]]) -> ShownAttachment:
    part = listed[row.place] if row.place < len(listed) else {}
    name, mime = (_UNFIT.sub(" ", str(part.get(key) or ""))[:NAME_MAX].strip() for key in ("name", "mime"))
    return ShownAttachment(row=row, name=name, mime=mime, flaw=_flaw_of(row.flaw))


def _flaw_of(code: str) -> str:
    return str(FLAWS.get(code, code))


def _open(report: Report, row: ReportedMessage) -> dict[str, Any] | None:
    """The body as JSON; what is no JSON is shown as the words it is. None once it is gone."""
    if row.sealed_body is None:
        return None
    try:
        return read_body(raw=encryption.decrypt(stored=bytes(row.sealed_body), place=place_of(report)))
    except encryption.CannotDecrypt:
        return None


def read_body(*, raw: bytes) -> dict[str, Any]:
    """The words of a message as their sender wrote them: JSON, or any text as `text`."""
    text = raw.decode(errors="replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {"text": text}
    return body if isinstance(body, dict) else {"text": text}


def list_attachments(*, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The files that the words name, each with its hash, length and key, and what its sender called it."""
    listed = body.get("att")
    return [one if isinstance(one, dict) else {} for one in listed] if isinstance(listed, list) else []


def find_attachment(*, uid: uuid.UUID) -> ReportedAttachment | None:
    """A file of a reported message; who shows it asks who may see its case."""
    rows = ReportedAttachment.objects.select_related("message__report__case__subject", "message__report__reporter")
    return rows.filter(uid=uid).first()


def find_listed(*, row: ReportedAttachment) -> dict[str, Any] | None:
    """What the words say of a file; None once the evidence is gone."""
    body = _open(row.message.report, row.message)
    listed = list_attachments(body=body) if body else []
    return listed[row.place] if row.place < len(listed) else None


def list_unchecked(*, report_uid: uuid.UUID | None = None, before: datetime | None = None) -> list[ReportedAttachment]:
    """Files that nobody has checked yet: of a report, or since `before`; some of them at a time."""
    rows = ReportedAttachment.objects.select_related("message__report").filter(state=ReportedAttachment.State.WAITING)
    if report_uid is not None:
        rows = rows.filter(message__report__uid=report_uid)
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    return list(rows.order_by("created_at", "pk")[:MESSAGES_MAX])


def holds_case(*, staff: User, case: ReportCase, at: datetime) -> bool:
    """Whether `staff` works right now on the case, or on an appeal against what followed from it."""
    appeals = Appeal.objects.filter(sanction__case=case).values("uid")
    wanted = Q(kind=KIND, ref=case.uid) | Q(kind=APPEAL_KIND, ref__in=appeals)
    held = WorkItem.objects.filter(wanted, taken_by=staff, taken_until__gt=at, decided_at__isnull=True)
    return staff.is_staff and staff.is_active and held.exclude(subject_uid=staff.uid).exists()


def place_of(report: Report) -> str:
    """What the sealed words of a report are bound to."""
    return f"moderation_reportedmessage:{report.uid}:sealed_body"


def list_evidence_due(*, at: datetime, limit: int) -> list[ReportCase]:
    """Decided cases whose evidence was kept long enough, and of which no appeal is open."""
    rows = ReportCase.objects.filter(evidence_until__lte=at)
    appealed = Sanction.objects.filter(case__isnull=False, appeal__state="open").values("case")
    return list(rows.exclude(pk__in=appealed).order_by("evidence_until")[:limit])

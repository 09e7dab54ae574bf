"""Reporting: what several people report of one thing is one case."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput
from profiles import picture_files
from security import encryption
from security.services import audit
from users.models import User

from ...models import Report, ReportCase, ReportedMessage, ReportFile, WorkItem
from ...services import vault, work
from .. import selectors
from ..constants import (
    CRITICAL_TARGET,
    DETAILS_MAX,
    KIND,
    MESSAGES_MAX,
    PICTURES_MAX,
    REPORTS_A_DAY,
    SEVERITIES,
    VIEW_WIDTH_PX,
)
from ..errors import ReportClosed, TooManyReports
from ..types import Aim, Checked
from . import attachments, franking, repeats, targets

Verdict = ReportedMessage.Verdict
_MAGIC = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"RIFF", "image/webp"))


class _Repeat(NamedTuple):
    key: uuid.UUID
    fingerprint: bytes


def submit(
    *,
    reporter: User,
    kind: str,
    target: uuid.UUID,
    category: str,
    details: str = "",
    messages: Sequence[object] = (),
    pictures: Sequence[bytes] = (),
    request_id: uuid.UUID | None = None,
) -> Report:
    """Report the person `target`, messages with the person `target`, or the shop item `target` (`kind` says which).

    Each of `messages` (e2e.md 3) is checked here and now. A case of the same thing that is open takes the report in; a
    second report by the same person adds to their first; the same one sent again with its `request_id` (the client's
    key) adds nothing. Raises NotFound, TooManyReports, Overloaded, IdempotencyConflict, and InvalidInput:
    `/kind`, `/category` unknown, `/details` too_long, required (neither words, messages nor pictures of "other"),
    `/messages` too_many, not_of_this_kind, `/pictures` too_many or as for any picture.
    """
    _check_input(kind, category, details, messages, pictures)
    repeat = None
    if request_id is not None:
        asked: dict[str, Any] = {"kind": kind, "target": target, "category": category, "details": details}
        repeat = _Repeat(request_id, repeats.fingerprint_of(**asked, messages=messages, pictures=pictures))
        if made := repeats.find(reporter=reporter, key=repeat.key, fingerprint=repeat.fingerprint):
            return made
    aim = targets.find_aim(reporter=reporter, kind=kind, ref=target)
    if selectors.count_since(user=reporter, at=timezone.now()) >= REPORTS_A_DAY:
        raise TooManyReports(retry_after_s=24 * 3600)
    mimes = [_inspect(data) for data in pictures]
    checked = _check_messages(aim, reporter, messages)
    kept = list(zip(pictures, mimes, strict=True))
    try:
        return _write(reporter, aim, category, details.strip(), checked, kept, repeat)
    except IntegrityError as error:  # two at once: the tables take one
        if not any(name in str(error) for name in ("report_once_a_case", "report_request_once")):
            raise
        return _write(reporter, aim, category, details.strip(), checked, kept, repeat)


@transaction.atomic
def _write(
    reporter: User,
    aim: Aim,
    category: str,
    details: str,
    checked: list[Checked],
    pictures: list[tuple[bytes, str]],
    repeat: _Repeat | None,
) -> Report:
    case = _lock_case(aim)
    # Asked again under the lock: the same request may have come twice at once.
    if repeat and (made := repeats.find(reporter=reporter, key=repeat.key, fingerprint=repeat.fingerprint)):
        return made
    report = Report.objects.filter(case=case, reporter=reporter).first()
    if report is None:
        report = Report.objects.create(case=case, reporter=reporter, category=category, details=details)
    else:
        _add(report, category, details)
    if repeat:
        repeats.note(report=report, key=repeat.key, fingerprint=repeat.fingerprint)
    _keep_messages(report, checked)
    _keep_pictures(report, pictures)
    _open_work(case, category)
    audit.record(
        action="report.made",
        actor_uid=reporter.uid,
        details={"report": str(report.uid), "target": aim.target, "category": category},
    )
    return report


def _lock_case(aim: Aim) -> ReportCase:
    """The open case of a thing, its row locked: who decides on it waits, and so do others who report it."""
    named: dict[str, Any] = {
        "subject": aim.subject,
        "target": aim.target,
        "target_ref": aim.ref,
        "state": ReportCase.State.OPEN,
    }
    for _try in range(3):
        ReportCase.objects.get_or_create(**named)
        case = ReportCase.objects.select_for_update().filter(**named).first()
        if case is not None:
            return case
    raise ReportClosed


def _add(report: Report, category: str, details: str) -> None:
    if details and details not in report.details:
        joined = "\n\n".join(part for part in (report.details, details) if part)
        if len(joined) > DETAILS_MAX:
            raise _refused("/details", "too_long", _("With what you wrote before this is too long."))
        report.details = joined
    if SEVERITIES.get(category, 2) > SEVERITIES.get(report.category, 2):
        report.category = category
    report.save(update_fields=["details", "category"])


def _keep_messages(report: Report, checked: list[Checked]) -> None:
    known = list(ReportedMessage.objects.filter(report=report).values_list("n", "verdict"))
    verified = {n for n, verdict in known if verdict == Verdict.VERIFIED and n is not None}
    fresh = [row for row in checked if not (row.is_verified and row.n in verified)]
    if len(known) + len(fresh) > MESSAGES_MAX:
        raise _too_many_messages()
    for row in fresh:
        sealed = (
            encryption.encrypt(plaintext=row.body, place=selectors.place_of(report)) if row.body is not None else None
        )
        kept = ReportedMessage.objects.create(
            report=report,
            n=row.n,
            sender_uid=row.sender_uid,
            sent_at=row.sent_at,
            verdict=Verdict.VERIFIED if row.is_verified else Verdict.NOT_VERIFIED,
            flaw=row.flaw,
            sealed_body=sealed,
            proof=row.proof,
        )
        if row.is_verified:
            attachments.keep(report=report, row=kept, checked=row)
    places = [row.n for row in fresh if row.is_verified and row.n is not None]
    report.gaps = franking.list_gaps(ns={*verified, *places})
    report.save(update_fields=["gaps"])


def _keep_pictures(report: Report, pictures: list[tuple[bytes, str]]) -> None:
    if pictures and report.files.count() + len(pictures) > PICTURES_MAX:
        raise _refused("/pictures", "too_many", _("At most %(n)d pictures.") % {"n": PICTURES_MAX})
    for data, mime in pictures:
        ReportFile.objects.create(report=report, file=vault.store(data=data, mime=mime))


def _open_work(case: ReportCase, category: str) -> None:
    severity = WorkItem.Severity(SEVERITIES.get(category, 2))
    due_at = timezone.now() + CRITICAL_TARGET if severity == WorkItem.Severity.CRITICAL else None
    work.open_item(kind=KIND, ref=case.uid, subject_uid=case.subject.uid, severity=severity, due_at=due_at)
    work.raise_severity(kind=KIND, ref=case.uid, severity=severity, due_at=due_at)


def _check_messages(aim: Aim, reporter: User, messages: Sequence[object]) -> list[Checked]:
    if aim.conversation is None:
        return []
    return franking.check_all(
        messages=messages, reporter=reporter.uid, conversation=aim.conversation, users=aim.peer_uids
    )


def _inspect(data: bytes) -> str:
    """The type of a picture that can be decoded. It is kept as it came."""
    try:
        picture_files.read(data=data, max_width=VIEW_WIDTH_PX)
    except InvalidInput as refused:
        for row in refused.errors or []:
            row["pointer"] = "/pictures"
        raise
    return next(mime for magic, mime in _MAGIC if data.startswith(magic))


def _check_input(kind: str, category: str, details: str, messages: Sequence[object], pictures: Sequence[bytes]) -> None:
    if kind not in ReportCase.Target.values:
        raise _refused("/kind", "unknown", _("Report a person, messages or a shop item."))
    if category not in ReportCase.Category.values:
        raise _refused("/category", "unknown", _("Choose what is wrong."))
    if len(details) > DETAILS_MAX:
        raise _refused("/details", "too_long", _("Use at most %(n)d characters.") % {"n": DETAILS_MAX})
    if category == ReportCase.Category.OTHER and not (details.strip() or messages or pictures):
        raise _refused("/details", "required", _("Say in a few words what is wrong."))
    if messages and kind != ReportCase.Target.MESSAGE:
        raise _refused("/messages", "not_of_this_kind", _("Messages belong to a report of messages."))
    if len(messages) > MESSAGES_MAX:
        raise _too_many_messages()
    if len(pictures) > PICTURES_MAX:
        raise _refused("/pictures", "too_many", _("At most %(n)d pictures.") % {"n": PICTURES_MAX})


def _too_many_messages() -> InvalidInput:
    return _refused("/messages", "too_many", _("At most %(n)d messages.") % {"n": MESSAGES_MAX})


def _refused(pointer: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": pointer, "code": code, "detail": detail}])

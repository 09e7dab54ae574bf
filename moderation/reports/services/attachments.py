"""Files of reported messages (e2e.md 3): kept while the evidence is, checked against what the sender signed, and opened
for who works on the case.

The reporter's words hold the key of each file, and their commitment was verified; the signed header holds the hash of
each blob. A file is verified only where the blob of this very message has that hash and opens with that key: neither
the hash nor the key alone says what was sent (AES-GCM opens one blob under two keys).
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from messaging import attachment_selectors
from messaging.protocol.attachments import BadAttachment, open_blob
from messaging.protocol.base64url import BadBase64, b64u_decode, b64u_encode
from messaging.protocol.header import AttachmentRef, parse_header
from messaging.services import attachment_holds
from pairly.common import after_commit
from pairly.common.pictures.pixels import Refused
from pairly.common.problems import NotFound
from profiles import picture_files
from security.types import Client
from users.models import User
from users.types import SignIn

from ... import selectors as work_selectors
from ...errors import FileGone, NotYourCase
from ...models import Report, ReportCase, ReportedAttachment, ReportedMessage
from ...services import marks, trail
from .. import selectors
from ..constants import ENDINGS, KIND, VIEW_WIDTH_PX
from ..errors import AttachmentNotVerified
from ..types import Checked, OpenedFile

State = ReportedAttachment.State
CHECK = "moderation.check_reported_files"
_LOST_AFTER = timedelta(minutes=10)
# What people sent each other may be smaller and longer than what we show of them: previews, screens of a whole page. At
# VIEW_WIDTH_PX wide none is taller than a WebP can be (16383).
_BOUNDS = dataclasses.replace(picture_files.BOUNDS, min_side_px=1, max_ratio=10)
_PICTURE = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP", re.DOTALL)


def keep(*, report: Report, row: ReportedMessage, checked: Checked) -> None:
    """Hold the files of a verified message, in the transaction that writes the report; they are checked after it."""
    header = parse_header(raw=b64u_decode(checked.proof["hdr"]))
    if not header.attachments or checked.body is None:
        return
    listed = selectors.list_attachments(body=selectors.read_body(raw=checked.body))
    does_fit = [(part.get("sha256"), part.get("len")) for part in listed] == _named_by(header.attachments)
    there = attachment_holds.hold(
        user=report.reporter,
        conversation_uid=uuid.UUID(bytes=header.conversation),
        message_id=uuid.UUID(bytes=header.message_id),
        hashes={one.hash for one in header.attachments} if does_fit else (),
        holder=report.uid,
    )
    for place, one in enumerate(header.attachments):
        state = State.WAITING if one.hash in there else State.GONE
        ReportedAttachment.objects.create(
            message=row,
            place=place,
            sha256=one.hash,
            n_bytes=one.length,
            state=state if does_fit else State.NOT_VERIFIED,
            flaw="" if does_fit else "att_mismatch",
        )
    if there:
        after_commit.enqueue(task=CHECK, uid=str(report.uid))


def check_report(*, uid: uuid.UUID) -> int:
    """The job after a report: check what it holds; returns how many files."""
    rows = selectors.list_unchecked(report_uid=uid)
    for row in rows:
        _check(row)
    return len(rows)


def check_lost(*, at: datetime) -> int:
    """The sweep: files whose job was lost."""
    rows = selectors.list_unchecked(before=at - _LOST_AFTER)
    for row in rows:
        _check(row)
    return len(rows)


def forget(*, case: ReportCase) -> None:
    """The evidence of a case goes: let go of its files, in the caller's transaction."""
    ReportedAttachment.objects.filter(message__report__case=case).delete()
    attachment_holds.release(holders=[uid for _user, uid in selectors.list_reporters(case=case)])


def look(*, staff: User, sign_in: SignIn, client: Client, uid: uuid.UUID) -> OpenedFile:
    """One file of a reported message, opened: a picture as WebP with the name of who looks on it, anything else to be
    saved.

    Only while `staff` holds the case, or that of an appeal against it: NotYourCase. Raises NotFound (also where they
    may not see the case), AttachmentNotVerified, FileGone, Overloaded. It is checked anew each time, and the look is
    written down first: its sender reads of it.
    """
    now = timezone.now()
    row = selectors.find_attachment(uid=uid)
    if row is None:
        raise NotFound
    case = row.message.report.case
    item = work_selectors.get_item_about(user=staff, kind=KIND, ref=case.uid)
    if not selectors.holds_case(staff=staff, case=case, at=now):
        raise NotYourCase
    trail.note_view(
        staff=staff,
        sign_in=sign_in,
        client=client,
        action="staff.attachment_viewed",
        subject_uid=row.message.sender_uid,
        details={"kind": KIND, "case": str(item.uid), "attachment": str(uid)},
    )
    data = _check(row)
    if data is None:
        raise FileGone if row.state == State.GONE else AttachmentNotVerified
    return _rendered(row, data, staff.name, now)


def _named_by(attachments: tuple[AttachmentRef, ...]) -> list[tuple[object, object]]:
    return [(b64u_encode(one.hash), one.length) for one in attachments]


def _check(row: ReportedAttachment) -> bytes | None:
    """The verdict, kept in the row; the file where it is verified."""
    if row.flaw == "att_mismatch":
        return None
    try:
        data, state, flaw = _open(row), State.VERIFIED, ""
    except FileNotFoundError:
        data, state, flaw = None, State.GONE, ""
    except _Flaw as error:
        data, state, flaw = None, State.NOT_VERIFIED, str(error)
    if (row.state, row.flaw) != (state, flaw):
        row.state, row.flaw = state, flaw
        ReportedAttachment.objects.filter(pk=row.pk).update(state=state, flaw=flaw)
    return data


class _Flaw(Exception):
    """What does not hold of a file: a code of FLAWS."""


def _open(row: ReportedAttachment) -> bytes:
    blob = attachment_selectors.find_held(holder=row.message.report.uid, sha256=bytes(row.sha256))
    part = selectors.find_listed(row=row)
    if blob is None or part is None:
        raise FileNotFoundError
    sealed = b"".join(blob.read())
    if len(sealed) != row.n_bytes or hashlib.sha256(sealed).digest() != bytes(row.sha256):
        raise _Flaw("blob_changed")
    try:
        return open_blob(blob=sealed, key=b64u_decode(part.get("key")))
    except (BadAttachment, BadBase64) as error:
        raise _Flaw("key_does_not_fit") from error


def _rendered(row: ReportedAttachment, data: bytes, viewer: str, at: datetime) -> OpenedFile:
    """By its bytes, not by what the sender called it: what is no picture of a kind that we decode is never shown."""
    if _PICTURE.match(data):
        try:
            image = picture_files.decoders.read(data=data, max_width=VIEW_WIDTH_PX, bounds=_BOUNDS)
        except Refused:
            pass
        else:
            return OpenedFile(data=marks.mark_for(image=image, viewer=viewer, at=at), is_picture=True, name="")
    listed = selectors.find_listed(row=row) or {}
    ending = ENDINGS.get(str(listed.get("mime")), "bin")
    return OpenedFile(data=data, is_picture=False, name=f"message-{row.message.n}-file-{row.place + 1}.{ending}")

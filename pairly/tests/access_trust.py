"""Reports, sanctions and appeals in the access matrix: the peer reported the owner, who was warned and muted for it."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from messaging import attachment_files
from messaging.client import attachments as sealed_files
from messaging.models import HeldBlob
from messaging.protocol.base64url import b64u_encode
from moderation.appeals.services import appealing
from moderation.models import (
    CannedReason,
    Report,
    ReportedAttachment,
    ReportedMessage,
    Sanction,
    Verification,
    WorkItem,
)
from moderation.reports import selectors
from moderation.reports.services import submitting
from moderation.sanctions.services import imposing
from moderation.services import reasons, work
from moderation.tests.test_verifications import picture
from moderation.verifications.services import reviews
from pairly.testing.people import make_staff
from security import encryption
from users.models import User

if TYPE_CHECKING:
    from .access_setups import Scene

REPORT = {"category": "scam", "details": "Asked for money elsewhere"}
KEPT = {"kind": "report", "language": "en", "title": "Copies", "text": "{handle}, you wrote the same to many."}
WORDS = {"text": "It was not me"}
SUSPEND = {"rule": "spam", "facts": "Wrote the same to many", "scope": "all", "duration_hours": 24, "automated": False}
SUSPEND_FORM = {
    "rule": "spam",
    "facts": "Wrote the same to many",
    "scope": "all",
    "duration": "24",
    "nonce": "00000000-0000-7000-8000-00000000000b",
}


def make_trust(owner: User, peer: User) -> dict[str, Any]:
    """A case about the owner with a picture, a warning that can be appealed, and one that is."""
    first = make_staff("moderator", name="Faye First")
    report = submitting.submit(reporter=peer, kind="user", target=owner.uid, pictures=[picture("seen")], **REPORT)
    open_one, appealed = (_warn(owner, first) for _ in range(2))
    appeal = appealing.appeal_sanction(user=owner, uid=appealed.uid, **WORDS)
    return {
        "report case": report.case.uid,
        "report file": report.files.get().file.uid,
        "report attachment": _reported_file(report).uid,
        "report kind": "user",
        "report queue": "report",
        "report work": WorkItem.objects.get(kind="report", ref=report.case.uid).uid,
        "kept text": reasons.write(user=make_staff("admin"), **{**KEPT, "title": "Advertising"}).uid,
        "sanction": open_one.uid,
        "appeal": appeal.uid,
    }


def _reported_file(report: Report) -> ReportedAttachment:
    """A file that the owner sent, checked, as the report holds it."""
    blob = sealed_files.seal(data=b"A letter", key=b"k" * 32)
    digest, folder = hashlib.sha256(blob).digest(), f"{attachment_files.ROOT}/{uuid.uuid4()}"
    body = {"att": [{"sha256": b64u_encode(digest), "len": len(blob), "key": b64u_encode(b"k" * 32)}]}
    sealed = encryption.encrypt(plaintext=json.dumps(body).encode(), place=selectors.place_of(report))
    message = ReportedMessage.objects.create(
        report=report, n=1, verdict="verified", sealed_body=sealed, sender_uid=report.case.subject.uid
    )
    part = attachment_files.store_part(folder=folder, number=0, data=blob)
    HeldBlob.objects.create(holder=report.uid, folder=folder, sha256=digest, length=len(blob), parts=[part])
    return ReportedAttachment.objects.create(
        message=message, place=0, sha256=digest, n_bytes=len(blob), state="verified"
    )


def _warn(user: User, staff: User) -> Sanction:
    given = {"kind": "warning", "rule": "spam", "facts": "Wrote the same to many", "is_automated": False}
    return imposing.impose(user=user, by=staff, **given)


def report_of_the_peer(scene: Scene) -> dict[str, Any]:
    """The body of the API: the peer, reported."""
    return {"kind": "user", "user_id": str(scene.world.peer.user.uid), **REPORT}


def report_held(scene: Scene) -> None:
    """Its case is worked on by one moderator: nobody else may open its files, whatever they may."""
    item = WorkItem.objects.get(kind="report", ref=scene.world.objects["report case"])
    work.take(uid=item.uid, user=scene.world.people["staff with"].user)


def cases_to_dismiss(scene: Scene) -> dict[str, Any]:
    """All that the page that asks would send."""
    item = WorkItem.objects.get(kind="report", ref=scene.world.objects["report case"])
    run = "00000000-0000-7000-8000-00000000000c"
    return {"item": [str(item.uid)], "action": "dismissed", "note": "Nothing to it", "run": run}


def report_previewed(scene: Scene) -> dict[str, str]:
    """Somebody with the permission works on the case of reports."""
    work.take(uid=scene.world.objects["report work"], user=scene.world.people["staff with"].user)
    return {"note": "Wrote the same to many", "shown": "warned", "step": "preview"}


def reason_retired(scene: Scene) -> None:
    """The text is offered no more."""
    writer = CannedReason.objects.get(uid=scene.world.objects["kept text"]).changed_by
    reasons.retire(user=writer, uid=scene.world.objects["kept text"])


def appeal_held(scene: Scene) -> dict[str, str]:
    """Somebody with the permission works on the appeal."""
    item = WorkItem.objects.get(kind="appeal", ref=scene.world.objects["appeal"])
    work.take(uid=item.uid, user=scene.world.people["staff with"].user)
    return WORDS


def verification_rejected(scene: Scene) -> dict[str, str]:
    """Somebody looked at the owner's verification and did not approve it, and the one before has ended."""
    Verification.objects.filter(user=scene.owner, state="approved").update(state="expired")
    staff = User.objects.get(name="Faye First")
    item = WorkItem.objects.get(kind="verification", ref=scene.world.objects["verification"])
    work.take(uid=item.uid, user=staff)
    reviews.reject(staff=staff, uid=item.ref, reason="unreadable", note="Too dark")
    return WORDS


def peer_suspended(scene: Scene) -> dict[str, Any]:
    """The peer cannot come in, so that they can be let back."""
    first = User.objects.get(name="Faye First")
    until = timezone.now() + timedelta(days=1)
    imposing.impose(
        user=scene.world.peer.user,
        by=first,
        kind="temporary_ban",
        rule="spam",
        facts="x",
        is_automated=False,
        until=until,
    )
    return {"reason": "Somebody else had used the account"}

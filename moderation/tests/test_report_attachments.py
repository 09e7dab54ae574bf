"""Files of reported messages: what was sent and nothing else is shown, to who works on the case, while it is kept."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from messaging.models import HeldBlob
from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.services import attachment_holds, attachment_sweeps
from messaging.services import attachments as chat_files
from messaging.tests.attachment_world import Api, send
from moderation import tasks
from moderation.models import Appeal, ReportedAttachment, Sanction, WorkItem
from moderation.reports import selectors
from moderation.reports.services import attachments, deciding, privacy
from moderation.services import work
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from users.models import User

from .reported_files import Sent, part_of, report, sealed_under, send_files, send_parts, take
from .test_verifications import picture

pytestmark = pytest.mark.django_db
State = ReportedAttachment.State
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    private = settings.STORAGES["private"]
    options = {**private["OPTIONS"], "location": tmp_path}
    settings.STORAGES = {**settings.STORAGES, "private": {**private, "OPTIONS": options}}
    return tmp_path / "attachments"


@pytest.fixture
def letters() -> Letters:
    fan = PenFriend("fan", name="Robin", credits_centi=100_000)
    return Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=5_000))


@pytest.fixture
def moderator() -> User:
    return make_staff("moderator", name="Petra Vogt")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def states() -> list[tuple[str, str]]:
    return [(row.state, row.flaw) for row in ReportedAttachment.objects.order_by("pk")]


def look(staff: User, row: ReportedAttachment | None = None, *, door: str = "/staff/reports/attachments") -> Any:
    row = row or ReportedAttachment.objects.get()
    return sign_in_as(staff).get(f"{door}/{row.uid}")


def checked(made: Any) -> list[tuple[str, str]]:
    tasks.check_reported_files(uid=str(made.uid))
    return states()


def n_looks() -> int:
    return AuditEntry.objects.filter(action="staff.attachment_viewed").count()


# -- what was sent
def test_a_picture_that_was_sent_is_verified_and_shown_with_the_viewers_name(letters, moderator):
    plain = picture("threat") + b"behind the end"
    made = report(letters, send_files(letters, plain, text="look"))
    assert states() == [(State.WAITING, "")]
    assert checked(made) == [(State.VERIFIED, "")]
    take(made, moderator)
    for door in ("/staff/reports/attachments", "/api/v1/admin/reports/attachments"):
        answer = look(moderator, door=door)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
        assert "no-store" in answer.headers["Cache-Control"]
        assert b"behind the end" not in answer.content
        shown, sent = Image.open(io.BytesIO(answer.content)).convert("RGB"), Image.open(io.BytesIO(plain))
        assert shown.size == sent.size
        assert shown.tobytes() != sent.convert("RGB").tobytes()
        # Below the writing the picture is white: what is not are the marks.
        assert shown.crop((0, 60, 900, 600)).convert("L").getextrema()[0] < 200
    [first, _second] = AuditEntry.objects.filter(action="staff.attachment_viewed")
    assert (first.subject_uid, first.is_private_view) == (letters.creator.user.uid, True)
    seen = sign_in_as(letters.creator.user).get("/api/v1/privacy/accesses").json()
    assert "A file that you sent in a conversation" in str(seen)
    assert "Petra" not in str(seen)


@pytest.mark.parametrize("size", [(40, 30), (1, 1), (600, 6_000)])
def test_pictures_that_are_small_or_long_are_shown(letters, moderator, size):
    made = report(letters, send_files(letters, picture("", size=size)))
    take(made, moderator)
    answer = look(moderator)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(answer.content)).size == size


@pytest.mark.parametrize(
    ("plain", "mime", "name"),
    [
        (HTML, "image/jpeg", "message-1-file-1.jpg"),
        (HTML, "text/html", "message-1-file-1.bin"),
        (SVG, "image/svg+xml", "message-1-file-1.bin"),
        (b"%PDF-1.7 ...", "application/pdf", "message-1-file-1.pdf"),
        (b"\xff\xd8\xff\xe0 no picture", "image/jpeg", "message-1-file-1.jpg"),
        (picture("", size=(64, 704)), "image/jpeg", "message-1-file-1.jpg"),
        (b"", "text/plain", "message-1-file-1.txt"),
        (b"x" * (1024 * 1024 + 1), 'x"\r\nSet-Cookie: a=b', "message-1-file-1.bin"),
    ],
)
def test_what_is_no_picture_is_saved_as_bytes_and_never_shown(letters, moderator, plain, mime, name):
    made = report(letters, send_files(letters, plain, mime=mime, name="../../a\u202egpj.html"))
    assert checked(made) == [(State.VERIFIED, "")]
    take(made, moderator)
    answer = look(moderator)
    assert (answer.status_code, answer.content) == (200, plain)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    [shown] = selectors.show_case(case=made.case).reports[0].messages[0].attachments
    assert "\u202e" not in shown.name


def test_every_file_of_the_message_and_of_no_other(letters, moderator):
    first = send_files(letters, b"one", b"two", text="first")
    send_files(letters, b"another", text="second")
    made = report(letters, first)
    assert checked(made) == [(State.VERIFIED, "")] * 2
    assert HeldBlob.objects.filter(holder=made.uid).count() == 2
    take(made, moderator)
    assert [look(moderator, row).content for row in ReportedAttachment.objects.all()] == [b"one", b"two"]


def test_the_case_names_each_file_and_how_it_stands(letters, moderator):
    made = report(letters, send_files(letters, b"one", name="plan.pdf", mime="application/pdf"))
    browser = sign_in_as(moderator)
    item = WorkItem.objects.get(kind="report")
    page = browser.get(f"/staff/cases/{item.uid}/").content.decode()
    assert "plan.pdf" in page
    assert "Not checked yet" in page
    assert "Work on this case to open its files." in page
    assert "/staff/reports/attachments/" not in page
    checked(made)
    take(made, moderator)
    page = browser.get(f"/staff/cases/{item.uid}/").content.decode()
    assert f"/staff/reports/attachments/{ReportedAttachment.objects.get().uid}" in page
    [row] = browser.get(f"/api/v1/admin/reports/{made.case.uid}").json()["evidence"][0]["attachments"]
    assert (row["name"], row["mime"], row["state"], row["flaw"]) == ("plan.pdf", "application/pdf", "verified", "")
    assert "key" not in row


# -- what was not
def refused(letters: Letters, staff: User, made: Any, flaw: str) -> None:
    assert checked(made) == [(State.NOT_VERIFIED, flaw)]
    item = take(made, staff)
    assert look(staff).status_code == 409
    answer = look(staff, door="/api/v1/admin/reports/attachments")
    assert (answer.status_code, answer.json()["code"]) == (409, "attachment_not_verified")
    page = sign_in_as(staff).get(f"/staff/cases/{item.uid}/").content.decode()
    assert "Not verified" in page
    assert "/staff/reports/attachments/" not in page


def altered(path: Path, at: int = 40) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def test_an_altered_blob_is_not_verified(letters, moderator, folder):
    made = report(letters, send_files(letters, b"what was sent, and not something else"))
    altered(files_in(folder)[0])
    refused(letters, moderator, made, "blob_changed")


def test_a_blob_that_is_altered_after_it_was_verified_is_found_when_it_is_opened(letters, moderator, folder):
    made = report(letters, send_files(letters, b"what was sent, and not something else"))
    assert checked(made) == [(State.VERIFIED, "")]
    altered(files_in(folder)[0])
    take(made, moderator)
    assert look(moderator).status_code == 409
    assert states() == [(State.NOT_VERIFIED, "blob_changed")]


def test_a_key_that_does_not_fit_is_not_verified(letters, moderator):
    file = sealed_under(bytes(32), b"plain")
    made = report(letters, send_parts(letters, [file], [part_of(file, b"\1" * 32)]))
    refused(letters, moderator, made, "key_does_not_fit")


@pytest.mark.parametrize("key", ["", "!!", None, 7, b64u_encode(b"short")])
def test_a_key_that_is_none_is_not_verified(letters, moderator, key):
    file = sealed_under(bytes(32), b"plain")
    made = report(letters, send_parts(letters, [file], [{**part_of(file, bytes(32)), "key": key}]))
    refused(letters, moderator, made, "key_does_not_fit")


def test_words_that_name_other_files_than_the_header_verify_none_and_hold_none(letters, moderator):
    file, other = sealed_under(bytes(32), b"harmless"), sealed_under(bytes(32), b"other")
    made = report(letters, send_parts(letters, [file], [part_of(other, bytes(32))]))
    refused(letters, moderator, made, "att_mismatch")
    assert HeldBlob.objects.count() == 0


@pytest.mark.parametrize("parts", [None, [], ["x"], [None], {"a": 1}, [{"sha256": ["x"], "len": {}}]])
def test_words_that_say_nothing_of_the_file_verify_none(letters, moderator, parts):
    made = report(letters, send_parts(letters, [sealed_under(bytes(32), b"x")], parts))
    refused(letters, moderator, made, "att_mismatch")


def test_of_a_message_that_is_not_verified_no_file_is_held(letters, moderator):
    """Another key in the words: then they are not the words that were sent."""
    sent = send_files(letters, b"plain")
    body = b64u_decode(sent.opened["body"]).replace(b'"key":"', b'"key":"A', 1)
    made = report(letters, Sent(sent.message, {**sent.opened, "body": b64u_encode(body)}))
    assert (ReportedAttachment.objects.count(), HeldBlob.objects.count()) == (0, 0)
    take(made, moderator)
    page = sign_in_as(moderator).get(f"/staff/cases/{WorkItem.objects.get(kind='report').uid}/").content.decode()
    assert "The words are not those that were sent" in page
    assert "With 1 attachment, not opened" in page


def test_nobody_holds_files_of_a_conversation_that_is_not_theirs(letters):
    sent = send_files(letters, b"plain")
    stranger = Letters(fan=PenFriend("fan", name="Eve", credits_centi=10_000), creator=letters.creator)
    made = report(stranger, sent, reporter=stranger.fan.user)
    assert (ReportedAttachment.objects.count(), HeldBlob.objects.count()) == (0, 0)
    assert made.messages.get().flaw == "not_participant"


# -- how long
def test_a_message_deleted_after_the_report_keeps_its_file_for_the_case_alone(
    letters, moderator, folder, django_capture_on_commit_callbacks
):
    sent = send_files(letters, b"gone for both of us")
    made = report(letters, sent)
    sha256 = bytes(ReportedAttachment.objects.get().sha256)
    with django_capture_on_commit_callbacks(execute=True):
        send(letters, letters.creator, kind=3, target=sent.message.message_id.bytes)
        attachment_sweeps.expire()
    attachment_sweeps.sweep()
    for friend in (letters.fan, letters.creator):
        assert Api(friend).fetch(letters, sha256).status_code == 404
    assert checked(made) == [(State.VERIFIED, "")]
    take(made, moderator)
    assert look(moderator).content == b"gone for both of us"
    with django_capture_on_commit_callbacks(execute=True):
        case = deciding.dismiss(staff=moderator, uid=made.case.uid)
    assert deciding.forget_due(at=case.evidence_until - timedelta(seconds=1)) == 0
    assert len(files_in(folder)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert deciding.forget_due(at=case.evidence_until) == 1
    assert (files_in(folder), HeldBlob.objects.count(), ReportedAttachment.objects.count()) == ([], 0, 0)


def test_the_end_of_a_case_leaves_the_file_with_its_message(
    letters, moderator, folder, django_capture_on_commit_callbacks
):
    made = report(letters, send_files(letters, b"still ours"))
    sha256 = bytes(ReportedAttachment.objects.get().sha256)
    with django_capture_on_commit_callbacks(execute=True):
        deciding.forget(case=made.case)
    assert HeldBlob.objects.count() == 0
    assert Api(letters.fan).fetch(letters, sha256).getvalue()
    attachment_sweeps.sweep()
    assert len(files_in(folder)) == 1


def test_two_who_hold_one_file_let_go_one_by_one(letters, folder, django_capture_on_commit_callbacks):
    sent = send_files(letters, b"held twice")
    cases = [report(letters, sent, reporter=friend.user).case for friend in (letters.fan, letters.creator)]
    assert HeldBlob.objects.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        send(letters, letters.creator, kind=3, target=sent.message.message_id.bytes)
    for n_files, case in ((1, cases[0]), (0, cases[1])):
        with django_capture_on_commit_callbacks(execute=True):
            deciding.forget(case=case)
        assert len(files_in(folder)) == n_files


def test_a_file_that_was_deleted_before_the_report_is_not_there_any_more(
    letters, moderator, django_capture_on_commit_callbacks
):
    sent = send_files(letters, b"too late")
    with django_capture_on_commit_callbacks(execute=True):
        send(letters, letters.creator, kind=3, target=sent.message.message_id.bytes)
    made = report(letters, sent)
    assert checked(made) == [(State.GONE, "")]
    item = take(made, moderator)
    assert look(moderator, door="/api/v1/admin/reports/attachments").json()["code"] == "file_gone"
    assert "Not there any more" in sign_in_as(moderator).get(f"/staff/cases/{item.uid}/").content.decode()


def test_a_file_that_the_storage_lost_is_not_there_any_more(letters, moderator, folder):
    made = report(letters, send_files(letters, b"lost"))
    files_in(folder)[0].unlink()
    assert checked(made) == [(State.GONE, "")]
    take(made, moderator)
    assert look(moderator).status_code == 410


def test_the_erasure_of_who_was_reported_lets_go(letters, folder, django_capture_on_commit_callbacks):
    sent = send_files(letters, b"mine")
    report(letters, sent)
    with django_capture_on_commit_callbacks(execute=True):
        send(letters, letters.creator, kind=3, target=sent.message.message_id.bytes)
    assert len(files_in(folder)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(user=letters.creator.user)
    assert files_in(folder) == []


def test_a_lost_check_is_made_up_for(letters):
    report(letters, send_files(letters, b"x"))
    assert attachments.check_lost(at=timezone.now()) == 0
    assert attachments.check_lost(at=timezone.now() + timedelta(minutes=11)) == 1
    assert states() == [(State.VERIFIED, "")]


# -- who
@pytest.mark.parametrize("door", ["/staff/reports/attachments", "/api/v1/admin/reports/attachments"])
def test_only_who_works_on_the_case_opens_its_files(letters, moderator, door):
    made = report(letters, send_files(letters, picture("x")))
    checked(made)
    other = make_staff("moderator")
    take(made, other)
    assert look(moderator, door=door).status_code == 403
    people = [letters.fan.user, letters.creator.user, make_user(), make_staff("finance"), make_staff("support")]
    for person in people:
        answer = look(person, door=door)
        assert answer.status_code in (403, 404)
        assert b"WEBP" not in answer.content
    assert Client().get(f"{door}/{uuid.uuid4()}").status_code in (302, 401, 404)
    assert n_looks() == 0
    assert look(other, door=door).status_code == 200
    item = WorkItem.objects.get(kind="report")
    work.release(uid=item.uid, user=other)
    assert look(other, door=door).status_code == 403
    assert n_looks() == 1


def test_who_is_reported_opens_nothing_of_the_case_also_as_staff(letters, moderator):
    made = report(letters, send_files(letters, b"x"))
    for staff in (letters.creator.user, moderator):
        WorkItem.objects.filter(kind="report").update(taken_by=staff, taken_until=timezone.now() + timedelta(hours=1))
    WorkItem.objects.filter(kind="report").update(subject_uid=moderator.uid)
    assert look(moderator).status_code == 404
    assert n_looks() == 0
    assert made.case.subject == letters.creator.user


def test_an_appeal_opens_the_files_to_who_works_on_it(letters, moderator):
    made = report(letters, send_files(letters, b"evidence"))
    checked(made)
    take(made, moderator)
    deciding.uphold(staff=moderator, uid=made.case.uid, kind="warning", facts="You threatened somebody")
    work.close_item(kind="report", ref=made.case.uid, outcome="warned")
    second = make_staff("moderator")
    assert look(second).status_code == 403
    appeal = Appeal.objects.create(user=letters.creator.user, sanction=Sanction.objects.get())
    item, _ = WorkItem.objects.get_or_create(
        kind="appeal", ref=appeal.uid, defaults={"due_at": timezone.now(), "subject_uid": letters.creator.user.uid}
    )
    work.take(uid=item.uid, user=second)
    assert look(second).content == b"evidence"
    assert look(moderator).status_code == 403


# -- the guard
def test_without_the_hold_the_deleted_message_takes_the_evidence_with_it(
    letters, folder, monkeypatch, django_capture_on_commit_callbacks
):
    """The control of what `attachment_holds` is for."""
    sent = send_files(letters, b"x")
    report(letters, sent)
    monkeypatch.setattr(attachment_holds, "is_held", lambda **_: False)
    with django_capture_on_commit_callbacks(execute=True):
        send(letters, letters.creator, kind=3, target=sent.message.message_id.bytes)
    assert files_in(folder) == []
    assert chat_files.erase_of_message(conversation_uid=letters.uid, message_id=sent.message.message_id) == 0

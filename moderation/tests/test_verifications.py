"""A document and a selfie on their way from a person to a reviewer, and to their destruction."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image, ImageDraw

from moderation.errors import FileGone
from moderation.models import Certificate, DocumentHash, FileKey, Verification, VerificationFile, WorkItem
from moderation.services import vault, work
from moderation.verifications.errors import TooManyRequests, VerificationNotOpen, VerificationOpen
from moderation.verifications.services import checking, lifecycle, privacy, requests, reviews
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_staff, make_user, sign_in_as
from security.models import AuditEntry
from security.types import Client as Visitor
from users.models import Notification, Session, User
from users.services import sessions, tokens
from users.types import Method

pytestmark = pytest.mark.django_db


def picture(text: str, *, size: tuple[int, int] = (900, 600), kind: str = "JPEG") -> bytes:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((20, 20), text, fill="black")
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


DOCUMENT, SELFIE = picture("PASSPORT"), picture("face")


@pytest.fixture
def creator() -> User:
    return make_user("creator", name="Mara Lind")


@pytest.fixture
def moderator() -> User:
    return make_staff("moderator", name="Petra Vogt")


def send(user: User, **fields: Any) -> Verification:
    given = {"document": DOCUMENT, "selfie": SELFIE, "document_type": "passport", "has_consented": True}
    return requests.submit(user=user, ip="203.0.113.9", **{**given, **fields})


def sent(user: User) -> Verification:
    """One that waits for a reviewer."""
    verification = send(user)
    assert checking.check(uid=verification.uid)
    verification.refresh_from_db()
    return verification


def case_of(verification: Verification) -> WorkItem:
    return WorkItem.objects.get(kind="verification", ref=verification.uid)


def take(verification: Verification, staff: User) -> WorkItem:
    return work.take(uid=case_of(verification).uid, user=staff)


def file_url(verification: Verification, kind: str = "document") -> str:
    return f"/staff/verifications/{verification.uid}/files/{kind}"


# -- sending it in
def test_what_is_sent_lies_encrypted_is_checked_and_waits_for_a_person(creator):
    verification = sent(creator)
    assert verification.state == "in_review"
    files = {row.kind: row.file for row in VerificationFile.objects.filter(verification=verification)}
    assert {kind: vault.read(file=file) for kind, file in files.items()} == {"document": DOCUMENT, "selfie": SELFIE}
    assert case_of(verification).subject_uid == creator.uid
    told = Notification.objects.filter(user=creator, kind="verification").values_list("payload__state", flat=True)
    assert set(told) == {"submitted", "in_review"}


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"has_consented": False}, "/consent", "required"),
        ({"document_type": "library_card"}, "/document_type", "unknown"),
        ({"document": b"%PDF-1.7 not a picture"}, "/document", "unreadable"),
        ({"selfie": DOCUMENT}, "/selfie", "same"),
        ({"selfie": b""}, "/selfie", "unreadable"),
        ({"document": DOCUMENT[:-2000]}, "/document", "unreadable"),
        ({"document": b"\xff\xd8\xff" + bytes(25 * 1024 * 1024)}, "/document", "too_large"),
    ],
    ids=["no consent", "unknown kind", "no picture", "same twice", "empty", "cut short", "too large"],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_kept(creator, given, pointer, code):
    with pytest.raises(InvalidInput) as refused:
        send(creator, **given)
    assert [(row["pointer"], row["code"]) for row in refused.value.errors] == [(pointer, code)]
    assert (Verification.objects.count(), FileKey.objects.count()) == (0, 0)


def test_a_small_picture_is_refused_with_what_to_do(creator):
    with pytest.raises(InvalidInput) as refused:
        send(creator, document=picture("tiny", size=(300, 300)))
    assert refused.value.errors[0]["code"] == "too_small"
    assert "480" in refused.value.errors[0]["detail"]


def test_one_request_at_a_time_and_three_a_day(creator):
    for _ in range(3):
        verification = send(creator)
        with pytest.raises(VerificationOpen):
            send(creator)
        requests.withdraw(user=creator, uid=verification.uid)
    with pytest.raises(TooManyRequests):
        send(creator)


def test_the_table_refuses_a_second_open_request(creator):
    send(creator)
    with pytest.raises(IntegrityError, match="verification_one_open"), transaction.atomic():
        Verification.objects.create(user=creator, document_type="passport")


def test_checks_that_fail_leave_all_unknown_and_a_person_looks(creator, monkeypatch):
    def broken(*, verification: Verification) -> None:
        raise RuntimeError("a decoder met something new")

    monkeypatch.setattr(checking.evidence, "gather", broken)
    verification = sent(creator)
    assert (verification.state, verification.score) == ("in_review", None)
    assert verification.report["unknown"] == ["all"]


def test_a_request_whose_worker_died_is_handed_over_by_the_sweeper(creator):
    verification = send(creator)
    assert checking.check_lost() == 0  # it may still be at work
    Verification.objects.update(submitted_at=timezone.now() - timedelta(minutes=6))
    assert checking.check_lost() == 1
    assert case_of(verification)
    assert checking.check_lost() == 0


# -- withdrawing it
def test_withdrawing_destroys_the_pictures_and_closes_the_case(creator, django_capture_on_commit_callbacks):
    verification = sent(creator)
    files = [row.file for row in VerificationFile.objects.filter(verification=verification)]
    with django_capture_on_commit_callbacks(execute=True):
        requests.withdraw(user=creator, uid=verification.uid)
    assert FileKey.objects.count() == 0
    for file in files:
        with pytest.raises(FileGone):
            vault.read(file=file)
    assert case_of(verification).outcome == "withdrawn"
    with pytest.raises(VerificationNotOpen):
        requests.withdraw(user=creator, uid=verification.uid)


def test_nobody_elses_request_can_be_withdrawn(creator):
    verification = sent(creator)
    with pytest.raises(NotFound):
        requests.withdraw(user=make_user("fan"), uid=verification.uid)
    assert FileKey.objects.count() == 2


# -- the decision
def decide(moderator: User, verification: Verification, outcome: str, note: str = "") -> WorkItem:
    item = take(verification, moderator)
    return work.decide(uid=item.uid, user=moderator, outcome=outcome, note=note)


def test_an_approval_gives_the_level_and_a_certificate(creator, moderator):
    verification = sent(creator)
    decide(moderator, verification, "approved")
    creator.refresh_from_db()
    verification.refresh_from_db()
    assert creator.verification_level == User.VerificationLevel.DOCUMENT
    assert (verification.state, verification.decided_by) == ("approved", moderator)
    certificate = Certificate.objects.get(user=creator)
    assert certificate.expires_at == verification.valid_until
    assert b"birth" not in bytes(certificate.payload)
    with pytest.raises(VerificationNotOpen):
        reviews.approve(staff=moderator, uid=verification.uid)


def test_a_refusal_says_why_and_leaves_the_level(creator, moderator):
    verification = sent(creator)
    decide(moderator, verification, "another_person", "The faces differ.")
    creator.refresh_from_db()
    assert creator.verification_level == 0
    page = sign_in_as(creator).get("/verification/").content.decode()
    assert "do not show the same person" in page
    assert "The faces differ." in page
    assert send(creator)  # and one may ask again


def test_a_new_approval_replaces_the_one_before(creator, moderator):
    first = sent(creator)
    decide(moderator, first, "approved")
    second = sent(creator)
    decide(moderator, second, "approved")
    states = Verification.objects.filter(user=creator).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["expired", "approved"]
    holding = Certificate.objects.filter(user=creator, revoked_at__isnull=True)
    assert [one.verification_id for one in holding] == [second.pk]


def test_nobody_reviews_themselves():
    moderator = make_staff("moderator")
    verification = sent(moderator)
    assert work.take_next(kind="verification", user=moderator) is None
    with pytest.raises(IntegrityError, match="verification_not_own"), transaction.atomic():
        reviews.approve(staff=moderator, uid=verification.uid)


# -- looking at the files
def test_only_who_works_on_the_case_opens_its_files_and_each_look_is_shown(creator, moderator):
    verification = sent(creator)
    browser = sign_in_as(moderator)
    assert browser.get(file_url(verification)).status_code == 403
    take(verification, moderator)
    answer = browser.get(file_url(verification))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "no-store" in answer["Cache-Control"]
    assert answer.content != DOCUMENT
    looks = AuditEntry.objects.filter(subject_uid=creator.uid, is_private_view=True, action="staff.document_viewed")
    assert [look.actor_uid for look in looks] == [moderator.uid]
    assert "Document" in sign_in_as(creator).get("/account/accesses/").content.decode()


@pytest.mark.parametrize("who", ["owner", "stranger", "finance", "support", "other moderator", "nobody"])
def test_documents_are_for_nobody_else(creator, moderator, who):
    verification = sent(creator)
    take(verification, moderator)
    browsers = {
        "owner": lambda: sign_in_as(creator),
        "stranger": lambda: sign_in_as(make_user("fan")),
        "finance": lambda: sign_in_as(make_staff("finance")),
        "support": lambda: sign_in_as(make_staff("support")),
        "other moderator": lambda: sign_in_as(make_staff("moderator")),
        "nobody": Client,
    }
    answer = browsers[who]().get(file_url(verification))
    expected = 302 if who == "nobody" else 403
    assert answer.status_code == expected
    assert answer["Content-Type"] != "image/webp"
    assert not AuditEntry.objects.filter(action="staff.document_viewed").exists()


def test_the_api_gives_the_case_to_one_reviewer_and_its_files_to_nobody_else(creator, moderator):
    verification = sent(creator)
    taken = call(moderator, "post", "verifications/take-next")
    assert (taken.status_code, taken.json()["id"]) == (200, str(verification.uid))
    other = make_staff("moderator")
    assert call(other, "post", "verifications/take-next").status_code == 204
    refused = call(other, "get", f"verifications/{verification.uid}/files/document")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_case")
    shown = call(moderator, "get", f"verifications/{verification.uid}/files/selfie")
    assert (shown.status_code, shown["Content-Type"], "no-store" in shown["Cache-Control"]) == (200, "image/webp", True)
    looks = AuditEntry.objects.filter(action="staff.document_viewed").values_list("actor_uid", "reason")
    assert list(looks) == [(moderator.uid, "Selfie")]


def call(user: User, method: str, path: str) -> Any:
    """An app of staff that came in with a second factor."""
    started = sessions.start_session(
        user=user, kind=Session.Kind.API, client=Visitor(ip="192.0.2.7"), factor=Method.TOTP
    )
    token = tokens.issue(started=started)["access_token"]
    return getattr(Client(headers={"Authorization": f"Bearer {token}"}), method)(f"/api/v1/admin/{path}")


def test_after_the_decision_the_files_are_closed(creator, moderator):
    verification = sent(creator)
    decide(moderator, verification, "approved")
    assert sign_in_as(moderator).get(file_url(verification)).status_code == 403


def test_a_destroyed_picture_is_gone_for_the_reviewer_too(creator, moderator, django_capture_on_commit_callbacks):
    verification = sent(creator)
    take(verification, moderator)
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.destroy_files(verification=verification)
    assert sign_in_as(moderator).get(file_url(verification)).status_code == 410


# -- what ends by itself
def test_pictures_are_destroyed_thirty_days_after_the_decision(creator, moderator):
    verification = sent(creator)
    decide(moderator, verification, "approved")
    now = timezone.now()
    assert lifecycle.destroy_due(at=now + timedelta(days=29, hours=23)) == 0
    assert FileKey.objects.count() == 2
    assert lifecycle.destroy_due(at=now + timedelta(days=30, minutes=1)) == 1
    assert FileKey.objects.count() == 0
    verification.refresh_from_db()
    assert (verification.state, verification.ip, verification.files_until) == ("approved", None, None)
    assert lifecycle.destroy_due(at=now + timedelta(days=31)) == 0


def test_an_approval_ends_with_the_level(creator, moderator):
    verification = sent(creator)
    decide(moderator, verification, "approved")
    assert lifecycle.end_due(at=timezone.now() + timedelta(days=729)) == 0
    assert lifecycle.end_due(at=timezone.now() + timedelta(days=731)) == 1
    creator.refresh_from_db()
    assert creator.verification_level == 0


def test_after_a_restore_open_requests_end_and_ask_for_the_pictures_again(creator):
    verification = sent(creator)
    assert lifecycle.close_lost() == 0
    FileKey.objects.all().delete()
    assert lifecycle.close_lost() == 1
    verification.refresh_from_db()
    assert verification.state == "expired"
    assert case_of(verification).outcome == "files_lost"
    assert send(creator)


# -- a copy of one's data, and its end
class Copy:
    """What is written into somebody's copy."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def rows(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.found[name] = list(rows)

    def document(self, name: str, document: Mapping[str, Any]) -> None:
        self.found[name] = document

    def file(self, name: str, chunks: Iterable[bytes]) -> None:
        self.found[name] = b"".join(chunks)


def test_a_copy_has_the_requests_and_the_pictures_while_they_can_be_opened(creator):
    verification = sent(creator)
    make_user("fan")
    copy, later = Copy(), Copy()
    privacy.export(user=creator, out=copy)
    folder = f"verifications/{verification.uid}"
    assert [row["uid"] for row in copy.found.pop("verifications/requests")] == [verification.uid]
    assert copy.found == {f"{folder}/document.jpeg": DOCUMENT, f"{folder}/selfie.jpeg": SELFIE}
    requests.withdraw(user=creator, uid=verification.uid)
    privacy.export(user=creator, out=later)
    assert set(later.found) == {"verifications/requests"}


def test_at_the_end_of_an_account_nothing_of_its_documents_can_be_opened(creator):
    verification = sent(creator)
    DocumentHash.objects.create(verification=verification, kind="number", digest=b"x" * 32)
    privacy.erase(user=creator)
    verification.refresh_from_db()
    assert (verification.state, verification.purpose, verification.report) == ("withdrawn", "", {})
    assert (FileKey.objects.count(), DocumentHash.objects.count()) == (0, 0)
    assert case_of(verification).outcome == "erased"


# -- the doors
def test_the_pages_work_without_scripts(creator):
    browser = sign_in_as(creator)
    assert "Get verified" in browser.get("/verification/").content.decode()
    files = {
        "document": SimpleUploadedFile("d.jpg", DOCUMENT, "image/jpeg"),
        "selfie": SimpleUploadedFile("s.jpg", SELFIE, "image/jpeg"),
    }
    answer = browser.post("/verification/new/", {"document_type": "passport", "consent": "on", **files})
    assert (answer.status_code, answer["Location"]) == (302, "/verification/")
    assert "Withdraw" in browser.get("/verification/").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_requests(creator):
    counts = []
    browser = sign_in_as(creator)
    for _ in range(2):
        requests.withdraw(user=creator, uid=send(creator).uid)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/verification/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]

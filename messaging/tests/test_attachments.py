"""Attachments over REST: what is taken, what is refused and changes nothing, and when a blob goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from messaging.errors import MessageRejected
from messaging.models import Attachment, AttachmentUpload, Message
from messaging.services import attachment_sweeps, attachments, privacy
from pairly.testing.buckets import make_bucket, running_server, storages_in
from pairly.testing.pen_friends import Letters, PenFriend
from users.models import Block

from .attachment_world import Api, SealedFile, envelope, sealed, send

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    private = settings.STORAGES["private"]
    options = {**private["OPTIONS"], "location": tmp_path}
    settings.STORAGES = {**settings.STORAGES, "private": {**private, "OPTIONS": options}}
    return tmp_path


@pytest.fixture
def letters() -> Letters:
    fan = PenFriend("fan", name="Robin", credits_centi=100_000)
    return Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=5_000))


@pytest.fixture
def fan(letters: Letters) -> Api:
    return Api(letters.fan)


@pytest.fixture
def creator(letters: Letters) -> Api:
    return Api(letters.creator)


@pytest.fixture
def stranger() -> Api:
    return Api(PenFriend("fan", name="Nobody"))


def files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def codes(answer: Any) -> tuple[int, str]:
    document = answer.json()
    return answer.status_code, (document.get("errors") or [document])[0]["code"]


def test_a_blob_goes_up_in_parts_and_comes_down_for_the_two_alone(
    letters: Letters, fan: Api, creator: Api, stranger: Api
) -> None:
    file = sealed(2 * MIB + 77)
    begun = fan.begin(letters, len(file.blob))
    assert begun.status_code == 201
    document = begun.json()
    assert (document["part_bytes"], document["n_parts"], document["received"]) == (MIB, 3, [])
    uid = document["id"]
    for number in (2, 0):
        assert fan.call("PUT", f"/{uid}/parts/{number}", file.parts[number]).status_code == 204
    assert fan.call("GET", f"/{uid}").json()["received"] == [0, 2]
    early = fan.complete(uid, file.sha256)
    assert (codes(early), early.json()["missing"]) == ((409, "parts_missing"), [1])
    for _ in range(2):  # the answer was lost: it is sent again
        assert fan.call("PUT", f"/{uid}/parts/1", file.parts[1]).status_code == 204
    assert [fan.complete(uid, file.sha256).json()["state"] for _ in range(2)] == ["complete"] * 2
    assert Attachment.objects.get().length == len(file.blob)
    assert codes(fan.call("PUT", f"/{uid}/parts/1", file.parts[1])) == (409, "upload_closed")

    assert creator.fetch(letters, file.sha256).status_code == 404  # no message refers to it yet
    send(letters, letters.fan, file)
    for reader in (fan, creator):
        answer = reader.fetch(letters, file.sha256)
        assert (answer.status_code, answer.getvalue()) == (200, file.blob)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment"
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert stranger.fetch(letters, file.sha256).status_code == 404
    assert codes(fan.call("DELETE", f"/{uid}")) == (409, "attachment_used")


def test_a_stranger_neither_sees_nor_changes_an_upload(letters: Letters, fan: Api, creator: Api, stranger: Api) -> None:
    file = sealed()
    uid = fan.begin(letters, len(file.blob)).json()["id"]
    before = AttachmentUpload.objects.values().get()
    for other in (stranger, creator):
        assert other.call("GET", f"/{uid}").status_code == 404
        assert other.call("PUT", f"/{uid}/parts/0", file.blob).status_code == 404
        assert other.complete(uid, file.sha256).status_code == 404
        assert other.call("DELETE", f"/{uid}").status_code == 404
    assert stranger.begin(letters, 1000).status_code == 404
    assert AttachmentUpload.objects.values().get() == before


def test_ranges_are_answered_as_rfc_9110_has_it(letters: Letters, fan: Api) -> None:
    file = sealed(MIB + 500)
    fan.upload(letters, file)
    n = len(file.blob)
    for wanted, first, last in (
        ("bytes=0-0", 0, 0),
        (f"bytes={MIB - 2}-{MIB + 2}", MIB - 2, MIB + 2),  # across two parts
        (f"bytes={MIB}-", MIB, n - 1),
        ("bytes=-5", n - 5, n - 1),
        (f"bytes=10-{10 * n}", 10, n - 1),
    ):
        answer = fan.fetch(letters, file.sha256, Range=wanted)
        assert (answer.status_code, answer.getvalue()) == (206, file.blob[first : last + 1]), wanted
        assert answer["Content-Range"] == f"bytes {first}-{last}/{n}"
    for beyond in (f"bytes={n}-", "bytes=-0"):
        answer = fan.fetch(letters, file.sha256, Range=beyond)
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{n}")
    for ignored in ("bytes=5-2", "bytes=0-1,3-4", "lines=1-2"):
        assert fan.fetch(letters, file.sha256, Range=ignored).status_code == 200
    other = {"Range": "bytes=0-0", "If-Range": '"another"'}
    assert fan.fetch(letters, file.sha256, **other).status_code == 200


def test_what_does_not_hold_together_is_refused(letters: Letters, fan: Api, settings: Any) -> None:
    for length in (1, 27, 12 + 2 * (MIB + 16) - MIB, settings.ATTACHMENT_MAX_BYTES + 1):
        assert fan.begin(letters, length).status_code == 422, length
    assert codes(fan.begin(letters, settings.ATTACHMENT_MAX_BYTES + 1)) == (422, "too_large")
    file = sealed()
    uid = fan.begin(letters, len(file.blob)).json()["id"]
    for wrong in (file.blob[:-1], file.blob + b"x"):
        assert fan.call("PUT", f"/{uid}/parts/0", wrong).status_code == 422
    assert fan.call("PUT", f"/{uid}/parts/1", b"x").status_code == 404
    assert fan.call("PUT", f"/{uid}/parts/0", {"a": 1}).status_code == 415
    changed = SealedFile(b"", file.blob[:-1] + bytes([file.blob[-1] ^ 1]))
    fan.call("PUT", f"/{uid}/parts/0", changed.blob)
    assert codes(fan.complete(uid, file.sha256)) == (422, "hash")
    fan.call("PUT", f"/{uid}/parts/0", file.blob)  # it can be mended
    assert fan.complete(uid, file.sha256).status_code == 200
    plain = SealedFile(b"", b"<html>" + bytes(200))
    uid = fan.begin(letters, len(plain.blob)).json()["id"]
    fan.call("PUT", f"/{uid}/parts/0", plain.blob)
    assert codes(fan.complete(uid, plain.sha256)) == (422, "format")
    with pytest.raises(MessageRejected, match="att_unknown"):
        send(letters, letters.fan, plain)


def test_only_who_may_write_may_upload(letters: Letters, fan: Api) -> None:
    file = sealed()
    uid = fan.begin(letters, len(file.blob)).json()["id"]
    fan.call("PUT", f"/{uid}/parts/0", file.blob)
    Block.objects.create(blocker=letters.creator.user, blocked=letters.fan.user)
    assert codes(fan.begin(letters, 1000)) == (403, "blocked")
    assert codes(fan.complete(uid, file.sha256)) == (403, "blocked")
    assert not Attachment.objects.exists()


def test_a_day_has_so_many_bytes_and_what_was_called_off_counts_as_far_as_it_came(
    letters: Letters, fan: Api, settings: Any, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ATTACHMENT_DAILY_BYTES = 3 * MIB
    file = sealed(2 * MIB)
    uid = fan.begin(letters, len(file.blob)).json()["id"]
    fan.call("PUT", f"/{uid}/parts/0", file.parts[0])
    assert codes(fan.begin(letters, 2 * MIB)) == (429, "attachment_quota")
    with django_capture_on_commit_callbacks(execute=True):
        assert fan.call("DELETE", f"/{uid}").status_code == 204
    assert fan.call("GET", f"/{uid}").status_code == 404
    assert files_in(folder) == []
    assert fan.begin(letters, 2 * MIB - 100).status_code == 201
    assert fan.begin(letters, 1000).status_code == 429
    AttachmentUpload.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert fan.begin(letters, 1000).status_code == 201


def test_what_no_message_refers_to_is_forgotten_after_a_day_and_the_rest_stays(
    letters: Letters, fan: Api, creator: Api, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    sent, unsent, open_ = sealed(), sealed(), sealed()
    fan.upload(letters, sent)
    fan.upload(letters, unsent)
    uid = fan.begin(letters, len(open_.blob)).json()["id"]
    fan.call("PUT", f"/{uid}/parts/0", open_.blob)
    send(letters, letters.fan, sent)
    assert attachment_sweeps.expire() == 0
    day = timezone.now() - timedelta(hours=25)
    Attachment.objects.update(created_at=day)
    AttachmentUpload.objects.update(created_at=day)
    for n in (2, 2, 0):  # what was closed is deleted with the next run; a third finds nothing
        with django_capture_on_commit_callbacks(execute=True):
            assert attachment_sweeps.expire() == n
    assert len(files_in(folder)) == 1
    assert creator.fetch(letters, sent.sha256).getvalue() == sent.blob
    assert fan.fetch(letters, unsent.sha256).status_code == 404


def test_a_deleted_message_takes_its_files_with_it_at_once_or_after_a_crash(
    letters: Letters, fan: Api, creator: Api, folder: Path, django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    first, second = sealed(), sealed()
    for file in (first, second):
        fan.upload(letters, file)
    one = send(letters, letters.fan, first)
    two = send(letters, letters.fan, second)
    assert attachments.erase_of_message(conversation_uid=letters.uid, message_id=one.message_id) == 0  # still there
    with django_capture_on_commit_callbacks(execute=True):
        send(letters, letters.fan, kind=3, target=one.message_id.bytes)
    assert len(files_in(folder)) == 1
    assert creator.fetch(letters, first.sha256).status_code == 404
    with monkeypatch.context() as crash:
        crash.setattr(attachments, "erase_of_message", lambda **_: 0)
        send(letters, letters.fan, kind=3, target=two.message_id.bytes)
    assert len(files_in(folder)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert attachment_sweeps.sweep()
    assert files_in(folder) == []
    assert Message.objects.count() == 4


def test_files_that_no_row_names_are_swept_and_no_others(letters: Letters, fan: Api, folder: Path) -> None:
    file = sealed()
    fan.upload(letters, file)
    storages["private"].save("attachments/0198c0de-0000-7000-8000-000000000000/0-x", ContentFile(b"left"))
    storages["private"].save("exports/kept.zip", ContentFile(b"kept"))
    assert attachment_sweeps.sweep() == 1
    assert attachment_sweeps.sweep() == 0
    assert len(files_in(folder)) == 2
    assert fan.fetch(letters, file.sha256).status_code == 200


def test_the_same_blob_is_kept_once_and_never_bound_twice(letters: Letters, fan: Api) -> None:
    file = sealed()
    fan.upload(letters, file)
    uid = fan.begin(letters, len(file.blob)).json()["id"]
    fan.call("PUT", f"/{uid}/parts/0", file.blob)
    assert codes(fan.complete(uid, file.sha256)) == (409, "attachment_used")
    assert fan.call("GET", f"/{uid}").json()["state"] == "open"
    assert Attachment.objects.count() == 1


def test_the_copy_of_ones_data_holds_the_blobs_and_erasure_takes_what_was_not_sent(
    letters: Letters, fan: Api, creator: Api, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    sent, unsent = sealed(), sealed()
    for file in (sent, unsent):
        fan.upload(letters, file)
    send(letters, letters.fan, sent)

    class Copy:
        def __init__(self) -> None:
            self.found: dict[str, Any] = {}

        def rows(self, name: str, rows: Any) -> None:
            self.found[name] = list(rows)

        def document(self, name: str, document: Any) -> None:
            self.found[name] = document

        def file(self, name: str, chunks: Any) -> None:
            self.found[name] = b"".join(chunks)

    copy = Copy()
    privacy.export(user=letters.fan.user, out=copy)
    assert [copy.found[f"messages/attachments/{file.sha256.hex()}"] for file in (sent, unsent)] == [
        sent.blob, unsent.blob,
    ]  # fmt: skip
    assert len(copy.found["messages/uploads"]) == 2
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(user=letters.fan.user)
    assert len(files_in(folder)) == 1
    assert creator.fetch(letters, sent.sha256).getvalue() == sent.blob
    assert AttachmentUpload.objects.count() == 1


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_server() as url:
        yield url


def test_in_a_bucket_parts_are_private_encrypted_and_gone_with_the_message(
    letters: Letters, fan: Api, creator: Api, endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    bucket = make_bucket(endpoint)
    settings.STORAGES = {**settings.STORAGES, **storages_in(bucket, monkeypatch)}
    file = sealed(MIB + 9)
    fan.upload(letters, file)
    assert len(bucket.names) == 2
    assert all(name.startswith("private/attachments/") for name in bucket.names)
    described = bucket.describe(sorted(bucket.names)[0])
    assert (described["ServerSideEncryption"], described["CacheControl"]) == ("AES256", "no-store")
    sent = send(letters, letters.fan, file)
    assert (
        creator.fetch(letters, file.sha256, Range=f"bytes={MIB - 1}-{MIB}").getvalue() == file.blob[MIB - 1 : MIB + 1]
    )
    storages["private"].save("attachments/0198c0de-0000-7000-8000-000000000000/0-x", ContentFile(b"left"))
    assert attachment_sweeps.sweep() == 1
    with django_capture_on_commit_callbacks(execute=True):
        send(letters, letters.fan, kind=3, target=sent.message_id.bytes)
    assert bucket.names == set()


def test_a_header_that_names_a_blob_of_the_other_one_is_refused(letters: Letters, fan: Api, creator: Api) -> None:
    file = sealed()
    creator.upload(letters, file)
    with pytest.raises(MessageRejected, match="att_unknown"):
        send(letters, letters.fan, file)
    assert envelope(letters, letters.creator, file)["v"] == 1
    send(letters, letters.creator, file)

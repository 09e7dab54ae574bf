"""Races of attachments, each with a control that shows it with the guard cut out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from credits.services import purchases
from messaging import attachment_selectors
from messaging.errors import QuotaReached
from messaging.models import Attachment, AttachmentUpload, HeldBlob, Message
from messaging.services import attachment_holds, attachment_sweeps, attachments, sending
from pairly.common.ids import uuid7
from pairly.testing.pen_friends import Letters, PenFriend
from users.tests.helpers import at_once

from .attachment_world import Api, SealedFile, envelope, sealed, send

THREADS = 16  # the pool of a process has 20 connections


@pytest.fixture
def letters(committed_db: str, settings: Any, tmp_path: Path) -> Letters:
    private = settings.STORAGES["private"]
    options = {**private["OPTIONS"], "location": tmp_path}
    settings.STORAGES = {**settings.STORAGES, "private": {**private, "OPTIONS": options}}
    fan = PenFriend("fan", name="Robin", credits_centi=100_000)
    return Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=5_000))


def begin_at_once(letters: Letters) -> int:
    """How many of 16 uploads begin where the quota has room for one."""

    def begin(_: int) -> bool:
        try:
            attachments.begin_upload(user=letters.fan.user, conversation_uid=letters.uid, length=1000)
        except QuotaReached:
            return False
        return True

    return sum(at_once(THREADS, begin))


def test_of_16_uploads_with_room_for_one_exactly_one_begins(letters: Letters, settings: Any) -> None:
    settings.ATTACHMENT_DAILY_BYTES = 1500
    assert begin_at_once(letters) == 1
    assert AttachmentUpload.objects.count() == 1


def test_without_the_lock_more_would_begin(letters: Letters, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ATTACHMENT_DAILY_BYTES = 1500
    gate = threading.Barrier(THREADS)
    summed = attachment_selectors.sum_uploaded

    def sum_together(**of: Any) -> int:
        n = summed(**of)
        gate.wait(timeout=60)  # all have looked before one writes
        return n

    monkeypatch.setattr(attachment_selectors, "lock_uploads", lambda **_: None)
    monkeypatch.setattr(attachment_selectors, "sum_uploaded", sum_together)
    assert begin_at_once(letters) == THREADS


def test_16_completions_at_once_keep_one_blob(letters: Letters) -> None:
    file, api = sealed(), Api(letters.fan)
    uid = api.begin(letters, len(file.blob)).json()["id"]
    api.call("PUT", f"/{uid}/parts/0", file.blob)
    done = at_once(
        THREADS, lambda _: attachments.complete_upload(user=letters.fan.user, uid=uid, sha256=file.sha256).state
    )
    assert set(done) == {"complete"}
    assert Attachment.objects.count() == 1


def test_a_part_that_is_sent_anew_while_the_hash_is_taken_is_not_kept_unchecked(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, api = sealed(), Api(letters.fan)
    uid = api.begin(letters, len(file.blob)).json()["id"]
    api.call("PUT", f"/{uid}/parts/0", file.blob)
    check = attachments._check_content

    def check_and_change(upload: AttachmentUpload, sha256: bytes) -> None:
        check(upload, sha256)
        assert api.call("PUT", f"/{uid}/parts/0", bytes(len(file.blob))).status_code == 204

    monkeypatch.setattr(attachments, "_check_content", check_and_change)
    assert api.complete(uid, file.sha256).json()["code"] == "upload_changed"
    assert not Attachment.objects.exists()


# -- a message takes a blob in the moment that it expires ------------------------------------------------------
@contextmanager
def buying(friend: PenFriend) -> Iterator[None]:
    """Another connection gives them credits and does not end its transaction: their account is locked meanwhile."""
    is_locked, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                purchases.record_purchase(
                    user_id=friend.user.pk, op_id=uuid7(), credits_centi=100, currency="USD", amount_minor=1,
                    payment_uid=uuid7(),
                )  # fmt: skip
                is_locked.set()
                is_over.wait(timeout=60)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert is_locked.wait(timeout=30)
        yield
    finally:
        is_over.set()
        thread.join()


def wait_for_waiting(n: int) -> None:
    """Until n connections to this database wait for a lock."""
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= n:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def send_while_it_expires(letters: Letters, *, expire_ends: bool) -> SealedFile:
    """A send that has looked for its blob and has not bound it yet, for the fan's account is held; then the job."""
    file = sealed()
    Api(letters.fan).upload(letters, file)
    Attachment.objects.update(created_at=timezone.now() - timedelta(hours=25))
    written = envelope(letters, letters.fan, file)
    with buying(letters.fan):
        send = in_thread(
            lambda: sending.send_message(user=letters.fan.user, conversation=letters.uid, envelope=written)
        )
        wait_for_waiting(1)
        expire = in_thread(attachment_sweeps.expire)
        if expire_ends:
            expire.join(timeout=60)
        else:
            wait_for_waiting(2)
    send.join(timeout=60)
    expire.join(timeout=60)
    assert Message.objects.count() == 1
    return file


def test_a_blob_that_a_message_is_taking_does_not_expire(letters: Letters) -> None:
    file = send_while_it_expires(letters, expire_ends=False)
    assert Attachment.objects.get().message is not None
    assert Api(letters.creator).fetch(letters, file.sha256).getvalue() == file.blob


def test_without_the_lock_the_message_would_lose_its_blob(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "lock_conversation", lambda **_: None)
    send_while_it_expires(letters, expire_ends=True)
    assert not Attachment.objects.exists()


# -- a message is deleted in the moment that it is reported ----------------------------------------------------
def erase_while_it_is_held(letters: Letters, monkeypatch: pytest.MonkeyPatch, *, erase_ends: bool) -> bool:
    """A report that has found the file and has not noted yet that it holds it; meanwhile the deleted message's files
    are erased. Whether the file is there after."""
    file = sealed()
    Api(letters.fan).upload(letters, file)
    sent = send(letters, letters.fan, file)
    with monkeypatch.context() as crash:  # the words are gone, the file is not yet
        crash.setattr(attachments, "erase_of_message", lambda **_: 0)
        send(letters, letters.fan, kind=3, target=sent.message_id.bytes)
    has_found, may_note, note = threading.Event(), threading.Event(), HeldBlob.objects.get_or_create

    def note_later(**row: Any) -> Any:
        has_found.set()
        may_note.wait(timeout=60)
        return note(**row)

    monkeypatch.setattr(HeldBlob.objects, "get_or_create", note_later)
    place, holder = {"conversation_uid": letters.uid, "message_id": sent.message_id}, uuid7()
    hold = in_thread(
        lambda: attachment_holds.hold(user=letters.creator.user, hashes=[file.sha256], holder=holder, **place)
    )
    assert has_found.wait(timeout=30)
    erase = in_thread(lambda: attachments.erase_of_message(**place))
    if erase_ends:
        erase.join(timeout=60)
    else:
        wait_for_waiting(1)
    may_note.set()
    hold.join(timeout=60)
    erase.join(timeout=60)
    assert not Attachment.objects.exists()
    held = attachment_selectors.find_held(holder=holder, sha256=file.sha256)
    assert held is not None
    try:
        return b"".join(held.read()) == file.blob
    except FileNotFoundError:
        return False


def test_a_file_that_is_being_reported_is_not_erased(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    assert erase_while_it_is_held(letters, monkeypatch, erase_ends=False)
    assert attachment_sweeps.sweep() == 0


def test_without_the_row_lock_the_report_would_hold_nothing(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    assert not erase_while_it_is_held(letters, monkeypatch, erase_ends=True)

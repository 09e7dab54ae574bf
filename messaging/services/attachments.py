"""Attachments: sealed in the browser (e2e section 4), uploaded in parts, bound to the message whose header names them.

The server cannot open them. It checks the format's first bytes, that the length adds up, and the hash of the whole. A
part is stored before the row that names it and deleted after, under a name that is never used again: what a row names
is there and never changes. What a crash leaves in between `attachment_sweeps` finds.
"""

from __future__ import annotations

import hashlib
import uuid
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, MalformedRequest, NotFound
from users.models import User

from .. import attachment_files, attachment_selectors, selectors
from ..attachment_selectors import Blob
from ..constants import ATTACHMENT_KEPT, ATTACHMENT_PART_BYTES
from ..errors import AttachmentUsed, NoContact, PartsMissing, QuotaReached, UploadChanged, UploadClosed
from ..models import Attachment, AttachmentUpload, Conversation
from . import attachment_holds

State = AttachmentUpload.State

# "PLA1", 7 bytes of prefix, 0x14; then chunks of 1 MiB with a tag of 16 bytes each.
_MAGIC, _CHUNK_LOG2, _HEADER, _TAG = b"PLA1", 0x14, 12, 16
_SEALED_CHUNK = (1 << _CHUNK_LOG2) + _TAG


def begin_upload(*, user: User, conversation_uid: uuid.UUID, length: int) -> AttachmentUpload:
    """Begin to upload a sealed blob of `length` bytes for a conversation of the caller's.

    Raises NotFound, NoContact, InvalidInput (`/length`), QuotaReached. One person's uploads begin one after the other,
    so the quota holds.
    """
    place = selectors.get_conversation(user=user, uid=conversation_uid)
    _require_contact(user, place)
    _check_length(length)
    n_parts = -(-length // ATTACHMENT_PART_BYTES)
    with transaction.atomic():
        attachment_selectors.lock_uploads(user=user)
        _require_quota(user, length)
        return AttachmentUpload.objects.create(
            uid=uuid7(), conversation=place, uploader=user, length=length, parts=[""] * n_parts
        )


def put_part(*, user: User, uid: uuid.UUID, number: int, body: IO[bytes], n_bytes: int | None) -> None:
    """Take one part of an upload of the caller's own; sent again it takes the place of the one before.

    `n_bytes` is what the request says of its length, looked at before `body` is read. Raises NotFound, UploadClosed,
    MalformedRequest, InvalidInput. Must not run inside a transaction.
    """
    upload = attachment_selectors.get_upload(user=user, uid=uid)
    if number >= len(upload.parts):
        raise NotFound()
    _require_open(upload)
    wanted = min(ATTACHMENT_PART_BYTES, upload.length - number * ATTACHMENT_PART_BYTES)
    if n_bytes is None:
        raise MalformedRequest(_("Say how long the part is (Content-Length)."))
    if n_bytes != wanted:
        raise InvalidInput(_("This part has to be %(n)d bytes long.") % {"n": wanted})
    data = body.read(wanted)
    if len(data) != wanted:
        raise MalformedRequest(_("The part broke off."))
    name = attachment_files.store_part(folder=upload.folder, number=number, data=data)
    before = _name_part(upload, number, name)
    if before is None:
        attachment_files.delete_part(folder=upload.folder, name=name)
        raise UploadClosed()
    if before:
        attachment_files.delete_part(folder=upload.folder, name=before)


def complete_upload(*, user: User, uid: uuid.UUID, sha256: bytes) -> AttachmentUpload:
    """All parts are there: check the whole and keep it for a message. Repeating it is harmless.

    The hash is taken over the parts as the row names them; the row is changed only if it still names the same ones.
    Raises NotFound, NoContact, PartsMissing, UploadClosed, UploadChanged, AttachmentUsed, InvalidInput (`/sha256`).
    Must not run inside a transaction.
    """
    upload = attachment_selectors.get_upload(user=user, uid=uid)
    if upload.state == State.COMPLETE and bytes(upload.sha256 or b"") == sha256:
        return upload
    _require_open(upload)
    if missing := sorted(set(range(len(upload.parts))) - set(upload.received)):
        raise PartsMissing(missing=missing)
    _require_contact(user, upload.conversation)
    _check_content(upload, sha256)
    return _keep(upload, sha256)


def cancel_upload(*, user: User, uid: uuid.UUID) -> None:
    """Call off an upload of the caller's own that no message refers to; what it stored goes. Raises NotFound, or
    AttachmentUsed. What had arrived still counts against the day's quota."""
    upload = attachment_selectors.get_upload(user=user, uid=uid)
    with transaction.atomic():
        lock_conversation(conversation_id=upload.conversation_id)
        AttachmentUpload.objects.select_for_update(no_key=True).get(pk=upload.pk)  # it may be about to be complete
        blob = Attachment.objects.filter(path=upload.folder)
        if blob.filter(message__isnull=False).exists():
            raise AttachmentUsed()
        blob.delete()
        close_uploads(uids=[upload.pk])


def erase_of_message(*, conversation_uid: uuid.UUID, message_id: uuid.UUID) -> int:
    """Erase the blobs of a message whose words are erased; returns how many. Nothing happens while they are there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ERASE, {"conversation": conversation_uid, "message": message_id})
        paths = [path for (path,) in cursor.fetchall()]
        close_uploads(uids=[attachment_selectors.uid_of(path=path) for path in paths])
    return len(paths)


_ERASE = """
DELETE FROM messaging_attachment a USING messaging_conversation c, messaging_message m
 WHERE c.uid = %(conversation)s::uuid AND a.conversation_id = c.id AND a.message = %(message)s::uuid
   AND m.conversation_id = c.id AND m.id = a.message AND m.ct IS NULL
RETURNING a.path
"""


@transaction.atomic
def forget_unsent(*, user: User) -> None:
    """Erase what somebody uploaded and did not send, and the notes of what they uploaded."""
    sent = Attachment.objects.filter(uploader=user, message__isnull=False).values_list("path", flat=True)
    kept = {attachment_selectors.uid_of(path=path) for path in sent}
    rows = AttachmentUpload.objects.filter(uploader=user).exclude(pk__in=kept)
    close_uploads(uids=list(rows.values_list("pk", flat=True)))
    Attachment.objects.filter(uploader=user, message__isnull=True).delete()
    rows.delete()


def lock_conversation(*, conversation_id: int) -> None:
    """Let no message be sent into it until the transaction ends: `messaging_send` looks whether its blobs are there
    and binds them later, all under this lock."""
    Conversation.objects.select_for_update(no_key=True).only("pk").get(pk=conversation_id)


def close_uploads(*, uids: list[uuid.UUID]) -> None:
    """These hold nothing any more: their files go after the commit, unless a report holds them. The rows stay for the
    quota, with what had arrived."""
    rows = AttachmentUpload.objects.exclude(state=State.CANCELLED).filter(pk__in=uids).order_by("pk")
    for upload in rows.select_for_update(no_key=True):
        upload.length = min(upload.length, len(upload.received) * ATTACHMENT_PART_BYTES)
        upload.state, upload.parts = State.CANCELLED, []
        upload.save(update_fields=["length", "state", "parts"])
        if not attachment_holds.is_held(folder=upload.folder):
            transaction.on_commit(partial(attachment_files.delete_folder, folder=upload.folder), robust=True)


def _require_contact(user: User, place: Conversation) -> None:
    peer_id = place.high_id if place.low_id == user.pk else place.low_id
    if not selectors.may_contact(writer_id=user.pk, reader_id=peer_id):
        raise NoContact()


def _check_length(length: int) -> None:
    if length > settings.ATTACHMENT_MAX_BYTES:
        most = settings.ATTACHMENT_MAX_BYTES // 1024 // 1024
        raise _refused("length", "too_large", _("Choose a file of at most %(most)d MiB.") % {"most": most})
    body = length - _HEADER
    rest = body % _SEALED_CHUNK
    # The last chunk holds a tag and, unless the file is empty, at least one byte more.
    if body < _TAG or 0 < rest < _TAG + (body > _SEALED_CHUNK):
        raise _refused("length", "format", _("No sealed file has this length."))


def _require_quota(user: User, length: int) -> None:
    used = attachment_selectors.sum_uploaded(user=user, since=timezone.now() - ATTACHMENT_KEPT)
    if used + length > settings.ATTACHMENT_DAILY_BYTES:
        raise QuotaReached(_("Try again tomorrow."), retry_after_s=3_600)


def _require_open(upload: AttachmentUpload) -> None:
    if upload.state != State.OPEN:
        raise UploadClosed()


@transaction.atomic
def _name_part(upload: AttachmentUpload, number: int, name: str) -> str | None:
    """Let the row name a part that is stored; returns the name before it, None where the upload is over."""
    row = AttachmentUpload.objects.select_for_update(no_key=True).filter(pk=upload.pk, state=State.OPEN).first()
    if row is None:
        return None
    before, row.parts[number] = row.parts[number], name
    row.save(update_fields=["parts"])
    return before


def _check_content(upload: AttachmentUpload, sha256: bytes) -> None:
    blob = Blob(sha256=sha256, length=upload.length, folder=upload.folder, parts=upload.parts)
    digest, head = hashlib.sha256(), b""
    try:
        for data in blob.read():
            head = head or data[:_HEADER]
            digest.update(data)
    except FileNotFoundError as error:  # sent anew just now
        raise UploadChanged() from error
    if head[:4] != _MAGIC or head[_HEADER - 1] != _CHUNK_LOG2:
        raise _refused("sha256", "format", _("This is no sealed file."))
    if digest.digest() != sha256:
        raise _refused("sha256", "hash", _("What arrived is not what was sent; send it again."))


@transaction.atomic
def _keep(upload: AttachmentUpload, sha256: bytes) -> AttachmentUpload:
    rows = AttachmentUpload.objects.filter(pk=upload.pk, state=State.OPEN, parts=upload.parts)
    if not rows.update(state=State.COMPLETE, sha256=sha256):
        upload.refresh_from_db()
        if upload.state == State.COMPLETE and bytes(upload.sha256 or b"") == sha256:  # asked twice at once
            return upload
        raise UploadChanged()
    upload.state, upload.sha256 = State.COMPLETE, sha256
    values: list[Any] = [upload.conversation_id, upload.uploader_id, sha256, upload.length, upload.folder]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        if cursor.rowcount == 0:  # a fresh key makes every blob another one: this one was uploaded before
            raise AttachmentUsed()
    return upload


_INSERT = """
INSERT INTO messaging_attachment (conversation_id, uploader, sha256, length, path)
VALUES (%s::bigint, %s::bigint, %s::bytea, %s::bigint, %s::text) ON CONFLICT DO NOTHING
"""


def _refused(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])

"""Reading attachments: one's own uploads, and the blobs of one's conversations."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum

from pairly.common.problems import NotFound
from users.models import User

from . import attachment_files, selectors
from .constants import ATTACHMENT_PART_BYTES
from .models import Attachment, AttachmentUpload, HeldBlob

State = AttachmentUpload.State


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A sealed file as it is stored: `parts` of ATTACHMENT_PART_BYTES each, the last one shorter."""

    sha256: bytes
    length: int
    folder: str
    parts: list[str]

    def read(self, *, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Its bytes from `first` to `last`, both included, a part at a time. Raises FileNotFoundError."""
        last = self.length - 1 if last is None else last
        for number in range(first // ATTACHMENT_PART_BYTES, last // ATTACHMENT_PART_BYTES + 1):
            data = attachment_files.read_part(folder=self.folder, name=self.parts[number])
            start = number * ATTACHMENT_PART_BYTES
            yield data[max(0, first - start) : last - start + 1]


def get_upload(*, user: User, uid: uuid.UUID) -> AttachmentUpload:
    """An upload of the caller's own that was not called off. Raises NotFound."""
    found = AttachmentUpload.objects.filter(pk=uid, uploader=user).exclude(state=State.CANCELLED).first()
    if found is None:
        raise NotFound()
    return found


def lock_uploads(*, user: User) -> None:
    """One new upload of a person at a time, until the transaction ends."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def sum_uploaded(*, user: User, since: datetime) -> int:
    """Bytes of all uploads that the caller began since then."""
    rows = AttachmentUpload.objects.filter(uploader=user, created_at__gt=since)
    return rows.aggregate(total=Sum("length"))["total"] or 0


def get_blob(*, user: User, conversation_uid: uuid.UUID, sha256: bytes) -> Blob:
    """A blob of one of the caller's conversations: their own, or one that a message refers to. Raises NotFound."""
    place = selectors.get_conversation(user=user, uid=conversation_uid)
    seen = Q(uploader=user) | Q(message__isnull=False)
    row = Attachment.objects.filter(seen, conversation=place, sha256=sha256).order_by("pk").first()
    if row is None:
        raise NotFound()
    return _blob(row)


def find_held(*, holder: uuid.UUID, sha256: bytes) -> Blob | None:
    """A blob that is kept for `holder` (`attachment_holds`), whose service has found out who may see it."""
    row = HeldBlob.objects.filter(holder=holder, sha256=sha256).order_by("pk").first()
    return Blob(sha256=bytes(row.sha256), length=row.length, folder=row.folder, parts=row.parts) if row else None


def iterate_blobs(*, user: User) -> Iterator[Blob]:
    """All that somebody uploaded and that is there."""
    for row in Attachment.objects.filter(uploader=user).order_by("pk").iterator(chunk_size=500):
        yield _blob(row)


def uid_of(*, path: str) -> uuid.UUID:
    """The upload that a blob's `path` is the folder of."""
    return uuid.UUID(path.rpartition("/")[2])


def _blob(row: Attachment) -> Blob:
    upload = AttachmentUpload.objects.filter(pk=uid_of(path=row.path), state=State.COMPLETE).first()
    if upload is None:  # erased a moment ago
        raise NotFound()
    return Blob(sha256=bytes(row.sha256), length=row.length, folder=row.path, parts=upload.parts)

"""What nobody needs any more of attachments: uploads that were not finished, blobs of no message, files of no row.

Every job here may be killed anywhere and run twice. Rows go first and files after the commit, so a row's files are
always there; a file that is left behind is found by `sweep`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import structlog
from django.db import connection, transaction
from django.utils import timezone

from .. import attachment_files
from ..attachment_selectors import uid_of
from ..constants import ATTACHMENT_KEPT
from ..models import Attachment, AttachmentUpload, HeldBlob
from . import attachments

log = structlog.get_logger(__name__)

State = AttachmentUpload.State
_BATCH = 500


def expire() -> int:
    """Forget uploads and blobs that are ATTACHMENT_KEPT old and that no message refers to; returns how many."""
    before = timezone.now() - ATTACHMENT_KEPT
    n = _expire_uploads(before) + _expire_blobs(before)
    if n:
        log.info("attachments_expired", n=n)
    return n


def sweep() -> int:
    """Erase blobs of deleted messages that a crash left, and files that no row names; returns how many."""
    n = _erase_deleted() + _delete_strays()
    if n:
        log.info("attachments_swept", n=n)
    return n


def _expire_blobs(before: datetime) -> int:
    old = Attachment.objects.filter(message__isnull=True, created_at__lt=before)
    places = list(old.values_list("conversation_id", flat=True).distinct()[:_BATCH])
    return sum(_expire_in(place, before) for place in places)


@transaction.atomic
def _expire_in(conversation_id: int, before: datetime) -> int:
    attachments.lock_conversation(conversation_id=conversation_id)
    # Asked anew under the lock: a message may have taken one since.
    old = Attachment.objects.filter(conversation_id=conversation_id, message__isnull=True, created_at__lt=before)
    found = dict(old.values_list("pk", "path"))
    Attachment.objects.filter(pk__in=found).delete()
    attachments.close_uploads(uids=[uid_of(path=path) for path in found.values()])
    return len(found)


def _expire_uploads(before: datetime) -> int:
    """Those that are open are closed, those that are closed are deleted with the next run."""
    rows = AttachmentUpload.objects.filter(created_at__lt=before)
    n, _ = rows.filter(state=State.CANCELLED).delete()
    with transaction.atomic():
        still_open = rows.filter(state=State.OPEN).select_for_update(no_key=True, skip_locked=True)
        uids = list(still_open.values_list("pk", flat=True)[:_BATCH])
        attachments.close_uploads(uids=uids)
    return n + len(uids)


def _erase_deleted() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DELETED)
        found = cursor.fetchall()
    return sum(attachments.erase_of_message(conversation_uid=place, message_id=message) for place, message in found)


_DELETED = """
SELECT DISTINCT c.uid, a.message FROM messaging_attachment a
  JOIN messaging_conversation c ON c.id = a.conversation_id
  JOIN messaging_message m ON m.conversation_id = a.conversation_id AND m.id = a.message
 WHERE m.ct IS NULL
"""


def _delete_strays() -> int:
    """Folders first, rows after: an upload has its row before it has a folder."""
    n = 0
    folders: Iterator[uuid.UUID] = attachment_files.list_folders()
    while uids := list(islice(folders, _BATCH)):
        named = AttachmentUpload.objects.filter(pk__in=uids).exclude(state=State.CANCELLED)
        kept = set(named.values_list("pk", flat=True))
        held = HeldBlob.objects.filter(folder__in=[f"{attachment_files.ROOT}/{uid}" for uid in uids])
        kept |= {uid_of(path=path) for path in held.values_list("folder", flat=True)}
        for uid in uids:
            if uid not in kept:
                attachment_files.delete_folder(folder=f"{attachment_files.ROOT}/{uid}")
                n += 1
    return n

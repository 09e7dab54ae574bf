"""Blobs that must outlive their message for a while: somebody reported it, and staff have to see what was sent.

Who deletes the message, or whose account goes, takes the blob from both who wrote with each other; what is held is
read by its holder alone, and goes when the last holder lets go.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from functools import partial

from django.db import transaction

from users.models import User

from .. import attachment_files, attachment_selectors, selectors
from ..models import Attachment, AttachmentUpload, HeldBlob


@transaction.atomic
def hold(
    *, user: User, conversation_uid: uuid.UUID, message_id: uuid.UUID, hashes: Collection[bytes], holder: uuid.UUID
) -> set[bytes]:
    """Keep those of the blobs `hashes` that this message of a conversation of `user`'s refers to, for `holder`.

    Returns which of them are there. Raises NotFound where `user` takes no part in the conversation.
    """
    place = selectors.get_conversation(user=user, uid=conversation_uid)
    rows = Attachment.objects.filter(conversation=place, message=message_id, sha256__in=list(hashes)).order_by("pk")
    held = set()
    # Whoever erases one waits for this transaction, and sees then that it is held.
    for row in rows.select_for_update(of=("self",)):
        upload = AttachmentUpload.objects.filter(
            pk=attachment_selectors.uid_of(path=row.path), state=AttachmentUpload.State.COMPLETE
        ).first()
        if upload is None:
            continue
        HeldBlob.objects.get_or_create(
            holder=holder,
            folder=row.path,
            defaults={"sha256": bytes(row.sha256), "length": row.length, "parts": upload.parts},
        )
        held.add(bytes(row.sha256))
    return held


@transaction.atomic
def release(*, holders: Collection[uuid.UUID]) -> int:
    """Let go of all that these hold; returns how many. What nothing else keeps is deleted after the commit; where two
    let go at once `attachment_sweeps.sweep` does it."""
    rows = HeldBlob.objects.filter(holder__in=list(holders))
    folders = set(rows.values_list("folder", flat=True))
    n, _ = rows.delete()
    for folder in folders:
        if not is_held(folder=folder) and not Attachment.objects.filter(path=folder).exists():
            transaction.on_commit(partial(attachment_files.delete_folder, folder=folder), robust=True)
    return n


def is_held(*, folder: str) -> bool:
    """Whether somebody still needs what lies in it."""
    return HeldBlob.objects.filter(folder=folder).exists()

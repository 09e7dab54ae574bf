"""A person's conversations and keys in the copy of their data, and what of them ends with the account.

Messages stay: each is the other person's too, sealed for both, and part of a chain that breaks without it. Public
keys and the key log stay with them, or nobody could check who wrote what.
"""

from __future__ import annotations

from django.db.models import Q

from users.models import Session, User
from users.types import ExportWriter

from .. import selectors
from ..models import Attachment, Conversation, Key, KeyBackup, KeyStatement, SessionDevice

_PLACE = ("uid", "low_uid", "high_uid", "n", "created_at")


def export(*, user: User, out: ExportWriter) -> None:
    """Who one writes with and when, every message as it is stored, the keys and their backup."""
    places = Conversation.objects.filter(Q(low=user) | Q(high=user)).order_by("pk")
    out.rows("messages/conversations", places.values(*_PLACE).iterator(chunk_size=1000))
    for pk, uid in places.values_list("pk", "uid"):
        out.rows(f"messages/{uid}", selectors.iterate_stored_messages(conversation_id=pk, user_id=user.pk))
    out.rows(
        "messages/attachments",
        Attachment.objects.filter(uploader=user).order_by("pk").values("sha256", "length", "created_at"),
    )
    keys = Key.objects.filter(user=user).order_by("created_ms")
    out.rows("keys/keys", keys.values("kid", "role", "alg", "public", "active", "label", "created_ms", "revoked_at"))
    log = KeyStatement.objects.filter(user=user).order_by("log_no", "seq")
    out.rows("keys/key-log", log.values("log_no", "seq", "statement", "sig", "public", "log_hash", "created_at"))
    backup = selectors.find_backup(user=user)
    if backup is not None:
        out.document("keys/backup", {"version": backup.version, "file": backup.file, "updated_at": backup.updated_at})


def erase(*, user: User) -> None:
    """The wrapped keys, the names of devices, and which sign-in spoke for which device. Runs before the sign-ins go."""
    KeyBackup.objects.filter(user=user).delete()
    SessionDevice.objects.filter(
        Q(key__user=user) | Q(family__in=Session.objects.filter(user=user).values("pk"))
    ).delete()
    Key.objects.filter(user=user).update(label="")

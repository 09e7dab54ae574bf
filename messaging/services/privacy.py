"""A person's conversations and keys in the copy of their data, and what of them ends with the account.

Messages and their files stay: each is the other person's too, sealed for both, and part of a chain that breaks without
it. Files that were not sent go. Public keys and the key log stay with them, or nobody could check who wrote what.
"""

from __future__ import annotations

from contextlib import suppress

from django.db.models import Case, F, Q, TextField, Value, When

from users.models import Session, User
from users.types import ExportWriter

from .. import attachment_selectors, key_selectors, selectors
from ..models import (
    AnswerDispute,
    Attachment,
    AttachmentUpload,
    Conversation,
    DeviceApproval,
    Key,
    KeyBackup,
    KeyStatement,
    Plan,
    SealedText,
    SessionDevice,
)
from . import attachments

_DISPUTE = (
    "is_mine", "message_ns", "reply_n", "amount_centi", "sent_at", "answered_at", "reason", "own_words", "state",
    "created_at", "decided_at", "decision",
)  # fmt: skip
_PLACE = ("uid", "low_uid", "high_uid", "n", "created_at")


def export(*, user: User, out: ExportWriter) -> None:
    """Who one writes with and when, every message as it is stored, the keys and their backup."""
    places = Conversation.objects.filter(Q(low=user) | Q(high=user)).order_by("pk")
    # What the other one made of a request is not one's own to know.
    own = {
        "request": Case(When(low=user, then="low_request"), default="high_request"),
        "free_for_the_other_by": Case(When(low=user, then="high_free_by"), default="low_free_by"),
    }
    out.rows("messages/conversations", places.values(*_PLACE, **own).iterator(chunk_size=1000))
    for pk, uid in places.values_list("pk", "uid"):
        out.rows(f"messages/{uid}", selectors.iterate_stored_messages(conversation_id=pk, user_id=user.pk))
    out.rows(
        "messages/attachments",
        Attachment.objects.filter(uploader=user).order_by("pk").values("sha256", "length", "created_at"),
    )
    texts = SealedText.objects.filter(user=user).order_by("position", "pk")
    out.rows("messages/kept-texts", texts.values("uid", "box", "position", "updated_at"))
    plans = Plan.objects.filter(user=user).order_by("pk")
    out.rows("messages/planned", plans.values("uid", "kind", "state", "audience", "box", "send_at", "ended_at"))
    disputes = AnswerDispute.objects.filter(Q(fan=user) | Q(creator=user)).order_by("pk")
    own_words = Case(When(fan=user, then=F("words")), default=Value(""), output_field=TextField())
    facts = disputes.annotate(own_words=own_words, is_mine=Q(fan=user)).values(*_DISPUTE)
    out.rows("messages/disputes-about-answers", facts)
    uploads = AttachmentUpload.objects.filter(uploader=user).order_by("pk")
    out.rows("messages/uploads", uploads.values("uid", "length", "state", "created_at"))
    for blob in attachment_selectors.iterate_blobs(user=user):
        with suppress(FileNotFoundError):  # erased while we read
            out.file(f"messages/attachments/{blob.sha256.hex()}", blob.read())
    keys = Key.objects.filter(user=user).order_by("created_ms")
    out.rows("keys/keys", keys.values("kid", "role", "alg", "public", "active", "label", "created_ms", "revoked_at"))
    log = KeyStatement.objects.filter(user=user).order_by("log_no", "seq")
    out.rows("keys/key-log", log.values("log_no", "seq", "statement", "sig", "public", "log_hash", "created_at"))
    asked = DeviceApproval.objects.filter(user=user).order_by("created_at")
    out.rows("keys/device-approvals", asked.values("uid", "label", "device", "state", "created_at", "decided_at"))
    backup = key_selectors.find_backup(user=user)
    if backup is not None:
        out.document("keys/backup", {"version": backup.version, "file": backup.file, "updated_at": backup.updated_at})


def erase(*, user: User) -> None:
    """The wrapped keys, kept and planned texts, unsent files, the names of devices and their requests, and which
    sign-in spoke for which device. Runs before the sign-ins go."""
    attachments.forget_unsent(user=user)
    KeyBackup.objects.filter(user=user).delete()
    DeviceApproval.objects.filter(user=user).delete()
    SessionDevice.objects.filter(
        Q(key__user=user) | Q(family__in=Session.objects.filter(user=user).values("pk"))
    ).delete()
    SealedText.objects.filter(user=user).delete()
    Plan.objects.filter(user=user).delete()
    Key.objects.filter(user=user).update(label="")
    AnswerDispute.objects.filter(fan=user).update(words="")

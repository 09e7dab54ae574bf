"""A creator who sends a fan files in the chat, and the fan who reports them, for the tests of reported attachments."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from messaging.client import attachments as sealed_files
from messaging.client.sealing import AttachmentRef, seal, text_body
from messaging.protocol.base64url import b64u_encode
from messaging.services import sending
from messaging.tests.attachment_world import Api, SealedFile
from messaging.types import SentMessage
from moderation.models import Report, WorkItem
from moderation.reports.services import submitting
from moderation.services import work
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.pen_friends import Letters, PenFriend
from users.models import User


@dataclass(frozen=True)
class Sent:
    """What a message's reader hands over to report it, and the server's word of it."""

    message: SentMessage
    opened: dict[str, Any]


def sealed_under(key: bytes, plain: bytes) -> SealedFile:
    return SealedFile(plain, sealed_files.seal(data=plain, key=key))


def part_of(file: SealedFile, key: bytes, *, name: str = "photo.jpg", mime: str = "image/jpeg") -> dict[str, Any]:
    """What the words say of a file."""
    return {"sha256": b64u_encode(file.sha256), "len": len(file.blob), "key": b64u_encode(key), "mime": mime,
            "name": name}  # fmt: skip


def send_files(letters: Letters, *plains: bytes, text: str = "", writer: PenFriend | None = None, **named: Any) -> Sent:
    """The creator, or `writer`, sends these files, each under a key of its own; `named` is what its words say of
    each."""
    keys = [os.urandom(32) for _ in plains]
    files = [sealed_under(key, plain) for key, plain in zip(keys, plains, strict=True)]
    parts = [part_of(file, key, **named) for key, file in zip(keys, files, strict=True)]
    return send_parts(letters, files, parts, text=text, writer=writer)


def send_parts(
    letters: Letters, files: list[SealedFile], parts: Any, *, text: str = "", writer: PenFriend | None = None
) -> Sent:
    """The same with words that may say anything."""
    writer = writer or letters.creator
    for file in files:
        Api(writer).upload(letters, file)
    side, body, drawn = letters._caught_up(writer), text_body(text, att=parts), []

    def random(n: int) -> bytes:
        drawn.append(os.urandom(n))
        return drawn[-1]

    envelope = seal(
        device=side.me.device, body=body, kind=1, conversation=side.id, message_id=uuid7().bytes,
        sender=side.me.user, recipient=side.peer, sent_ms=now_ms(), seq=side.next_seq, seen_n=side.n,
        seen_head=side.head, price_centi=0, random=random,
        recipients=[friend.identity.encryption[-1].public for friend in letters._sides],
        attachments=tuple(AttachmentRef(hash=file.sha256, length=len(file.blob)) for file in files),
    )  # fmt: skip
    sent = sending.send_message(user=writer.user, conversation=letters.uid, envelope=envelope)
    side.sent(envelope=envelope, srv=dict(sent.srv))
    opened = {name: envelope[name] for name in ("hdr", "sig")} | {
        name: sent.srv[name] for name in ("n", "recv_ms", "head", "skid", "receipt")
    }  # fmt: skip
    return Sent(sent, {**opened, "kf": b64u_encode(drawn[0]), "body": b64u_encode(body)})


def report(letters: Letters, *sent: Sent, reporter: User | None = None) -> Report:
    peer = letters.creator.user if reporter in (None, letters.fan.user) else letters.fan.user
    return submitting.submit(
        reporter=reporter or letters.fan.user, kind="message", target=peer.uid, category="sexual",
        messages=[one.opened for one in sent],
    )  # fmt: skip


def take(report: Report, staff: User) -> WorkItem:
    item = WorkItem.objects.get(kind="report", ref=report.case.uid)
    work.take(uid=item.uid, user=staff)
    return item

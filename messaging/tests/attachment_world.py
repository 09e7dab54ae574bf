"""Two people, a third, and files sealed for the two, for the tests of attachments."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Any

from django.test import Client

from messaging import selectors
from messaging.client import attachments as sealed_files
from messaging.client.sealing import AttachmentRef, seal
from messaging.constants import ATTACHMENT_PART_BYTES
from messaging.protocol.base64url import b64u_encode
from messaging.services import sending
from messaging.types import SentMessage
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.pen_friends import Letters, PenFriend
from users.services import tokens
from users.tests.helpers import bearer, start_api


@dataclass(frozen=True)
class SealedFile:
    plain: bytes
    blob: bytes

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.blob).digest()

    @property
    def parts(self) -> list[bytes]:
        return [self.blob[at : at + ATTACHMENT_PART_BYTES] for at in range(0, len(self.blob), ATTACHMENT_PART_BYTES)]


def sealed(n_bytes: int = 1000) -> SealedFile:
    plain = os.urandom(n_bytes)
    return SealedFile(plain, sealed_files.seal(data=plain, key=os.urandom(32)))


class Api:
    """One person at the REST door."""

    def __init__(self, friend: PenFriend) -> None:
        token = tokens.issue(started=start_api(friend.user))["access_token"]
        self._client, self._headers = Client(), bearer(token)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        extra = {} if body is None else {"data": body, "content_type": kind}
        send = getattr(self._client, method.lower())
        return send(f"/api/v1/attachments{path}", **extra, **self._headers, headers=headers)

    def begin(self, letters: Letters, length: int) -> Any:
        return self.call("POST", "", {"conversation": str(letters.uid), "length": length})

    def upload(self, letters: Letters, file: SealedFile) -> str:
        """Everything up to and with `complete`; the upload's id."""
        uid = self.begin(letters, len(file.blob)).json()["id"]
        for number, part in enumerate(file.parts):
            assert self.call("PUT", f"/{uid}/parts/{number}", part).status_code == 204
        answer = self.complete(uid, file.sha256)
        assert answer.status_code == 200, answer.content
        return uid

    def complete(self, uid: str, sha256: bytes) -> Any:
        return self.call("POST", f"/{uid}/complete", {"sha256": b64u_encode(sha256)})

    def fetch(self, letters: Letters, sha256: bytes, **headers: str) -> Any:
        return self.call("GET", f"/blobs/{letters.uid}/{b64u_encode(sha256)}", **headers)


def _price(letters: Letters, writer: PenFriend) -> int:
    place = selectors.get_conversation(user=writer.user, uid=letters.uid)
    return selectors.price_for(user=writer.user, conversation=place)[0]


def envelope(
    letters: Letters, writer: PenFriend, *files: SealedFile, kind: int = 1, target: bytes | None = None
) -> dict[str, Any]:
    """A message of the writer whose header names these files; its body is nobody's business here."""
    side = letters._caught_up(writer)
    return seal(
        device=side.me.device, body=b"{}", kind=kind, conversation=side.id, message_id=uuid7().bytes,
        sender=side.me.user, recipient=side.peer, sent_ms=now_ms(), seq=side.next_seq, seen_n=side.n,
        seen_head=side.head, price_centi=_price(letters, writer) if kind == 1 else 0,
        recipients=[friend.identity.encryption[-1].public for friend in letters._sides], target=target,
        attachments=tuple(AttachmentRef(hash=file.sha256, length=len(file.blob)) for file in files),
    )  # fmt: skip


def send(
    letters: Letters, writer: PenFriend, *files: SealedFile, kind: int = 1, target: bytes | None = None
) -> SentMessage:
    written = envelope(letters, writer, *files, kind=kind, target=target)
    sent = sending.send_message(user=writer.user, conversation=letters.uid, envelope=written)
    letters._sides[writer].sent(envelope=written, srv=dict(sent.srv))
    return sent

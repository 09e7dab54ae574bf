"""A device's view of one conversation: what it has verified and what it writes next."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from messaging.protocol.base64url import b64u_decode
from messaging.protocol.chain import first_head
from messaging.protocol.labels import sha256

from .identity import Identity, Random
from .opening import Opened, open_message, verify_place
from .sealing import seal, text_body


@dataclass
class Conversation:
    """`head` and `n` are verified; `next_seq` is this device's. Ids are 16 raw bytes."""

    id: bytes
    me: Identity
    peer: bytes
    server_keys: dict[bytes, bytes]
    n: int = 0
    next_seq: int = 1
    head: bytes = b""
    seen_ids: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.head = self.head or first_head(conversation=self.id, users=(self.me.user, self.peer))

    def write(
        self,
        *,
        text: str,
        message_id: bytes,
        price_centi: int,
        recipients: list[bytes],
        now_ms: int,
        kind: int = 1,
        target: bytes | None = None,
        random: Random = os.urandom,
    ) -> dict[str, Any]:
        """The envelope of the next message. Write again with the same `message_id` after a 409."""
        return seal(
            device=self.me.device,
            body=text_body(text),
            kind=kind,
            conversation=self.id,
            message_id=message_id,
            sender=self.me.user,
            recipient=self.peer,
            sent_ms=now_ms,
            seq=self.next_seq,
            seen_n=self.n,
            seen_head=self.head,
            price_centi=price_centi,
            recipients=recipients,
            target=target,
            random=random,
        )

    def sent(self, *, envelope: dict[str, Any], srv: dict[str, Any]) -> None:
        """The server accepted what we wrote: verify its place and move on. Raises CannotVerify."""
        self._move(envelope, srv)
        self.next_seq += 1

    def receive(
        self,
        *,
        envelope: dict[str, Any],
        srv: dict[str, Any],
        find_device_key: Callable[[bytes], bytes | None],
        sender: bytes | None = None,
    ) -> Opened:
        """Verify, open and move on. Raises CannotVerify, also for a message id seen before."""
        opened = open_message(
            data=envelope,
            srv=srv,
            conversation=self.id,
            sender=sender or self.peer,
            previous=self.head,
            keys=self.me.encryption,
            find_device_key=find_device_key,
            find_server_key=self.server_keys.get,
        )
        self.seen_ids.add(opened.envelope.header.message_id)
        self.n, self.head = opened.n, opened.head
        return opened

    def _move(self, envelope: dict[str, Any], srv: dict[str, Any]) -> None:
        self.head = verify_place(
            srv=srv,
            conversation=self.id,
            previous=self.head,
            hdr_hash=sha256(b64u_decode(envelope["hdr"])),
            sig=b64u_decode(envelope["sig"]),
            find_server_key=self.server_keys.get,
        )
        self.n = srv["n"]

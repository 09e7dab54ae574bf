"""A device's view of one conversation: what it has verified and what it writes next."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from messaging.protocol.base64url import BadBase64, b64u_decode
from messaging.protocol.chain import first_head
from messaging.protocol.header import AttachmentRef, Header, HeaderInvalid, parse_header
from messaging.protocol.labels import label, sha256

from .chain_memory import ChainMemory, check_frame
from .identity import Identity, Random
from .opening import Opened, open_message, verify_place
from .people import Person
from .problems import CannotVerify
from .sealing import seal, text_body

DELETION = 3


@dataclass(slots=True)
class Message:
    """A message as it is shown. `text` and `body` are None when it did not verify (`problem` says why: show "cannot
    verify"), when its words are gone (`is_erased`), and for a deletion. `target`: what kinds 2 to 4 are about."""

    id: bytes
    n: int
    kind: int
    is_mine: bool
    recv_ms: int
    seen_n: int
    price_centi: int
    target: bytes | None
    row: Mapping[str, Any]
    text: str | None = None
    body: dict[str, Any] | None = None
    opened: Opened | None = None
    problem: str | None = None
    is_erased: bool = False

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """Its files as its body names them; hash and length are those of the signed header."""
        return list((self.body or {}).get("att") or [])


@dataclass
class Conversation:
    """`head` and `n` are verified; `next_seq` is this device's. Ids are 16 raw bytes. `alarm` is the code of a lie of
    the server: nothing is taken from it or sent any more."""

    id: bytes
    me: Identity
    peer: bytes
    server_keys: dict[bytes, bytes]
    n: int = 0
    next_seq: int = 1
    head: bytes = b""
    seen_ids: set[bytes] = field(default_factory=set)
    memory: ChainMemory = field(default_factory=ChainMemory)
    messages: list[Message] = field(default_factory=list)
    unread: list[Message] = field(default_factory=list)
    alarm: str | None = None

    def __post_init__(self) -> None:
        self.head = self.head or self.start
        self.memory.begin(self.n, self.head)

    @property
    def start(self) -> bytes:
        """H_0."""
        return first_head(conversation=self.id, users=(self.me.user, self.peer))

    def write(
        self,
        *,
        text: str = "",
        body: bytes | None = None,
        message_id: bytes,
        price_centi: int,
        recipients: list[bytes],
        now_ms: int,
        kind: int = 1,
        target: bytes | None = None,
        attachments: tuple[AttachmentRef, ...] = (),
        random: Random = os.urandom,
    ) -> dict[str, Any]:
        """The envelope of the next message. Write again with the same `message_id` after a 409. `body` (JSON) takes
        the place of `text`."""
        return seal(
            device=self.me.device,
            body=text_body(text) if body is None else body,
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
            attachments=attachments,
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
        """Verify, open and move on. Raises CannotVerify, also for a message id seen before. `find_device_key` is on
        the caller: `absorb` takes key logs and checks all there is to check."""
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
        if opened.envelope.header.message_id in self.seen_ids:
            raise CannotVerify("duplicate_msg_id")
        self._note(opened.envelope.header, opened.n, opened.head)
        return opened

    def _move(self, envelope: Mapping[str, Any], srv: dict[str, Any]) -> None:
        hdr = b64u_decode(envelope["hdr"])
        head = self._verify_place(envelope, srv, hdr)
        self._note(parse_header(raw=hdr), srv["n"], head)

    def _verify_place(self, envelope: Mapping[str, Any], srv: dict[str, Any], hdr: bytes) -> bytes:
        return verify_place(
            srv=srv,
            conversation=self.id,
            previous=self.head,
            hdr_hash=sha256(hdr),
            sig=b64u_decode(envelope["sig"]),
            find_server_key=self.server_keys.get,
        )

    def _note(self, header: Header, n: int, head: bytes) -> None:
        self.seen_ids.add(header.message_id)
        self.memory.note(header, n, head)
        self.n, self.head = n, head

    # -- with verified people -------------------------------------------------------------------------------------
    def absorb(self, *, row: Mapping[str, Any], mine: Person, theirs: Person | None) -> Message | None:
        """A row of the history or a pushed one, in the order of docs/encryption.md. None for one that is here already.

        What is wrong with its words is in the message's `problem`; CannotVerify for what is wrong with its place, and
        then the conversation is over (`alarm`): `chain_mismatch`, `receipt_invalid`, `duplicate_msg_id`, `seq`,
        `history_fork`, `seen_head`, `malformed`."""
        if self.alarm:
            raise CannotVerify(self.alarm)
        try:
            return self._absorb(row, mine, theirs)
        except CannotVerify as error:
            self.alarm = error.code
            raise
        except (BadBase64, KeyError, TypeError, ValueError, OverflowError) as error:
            self.alarm = "malformed"
            raise CannotVerify("malformed") from error

    def _absorb(self, row: Mapping[str, Any], mine: Person, theirs: Person | None) -> Message | None:
        envelope, srv = row["envelope"], dict(row["srv"])
        if type(srv["n"]) is not int:
            raise CannotVerify("malformed")
        if srv["n"] <= self.n:
            known = self.memory.head_at(srv["n"])
            if known is not None and known != b64u_decode(srv["head"]):
                raise CannotVerify("history_fork")
            return None
        if srv["n"] != self.n + 1:
            raise CannotVerify("chain_mismatch")
        hdr = b64u_decode(envelope["hdr"])
        head = self._verify_place(envelope, srv, hdr)
        try:
            header = parse_header(raw=hdr)
        except HeaderInvalid as error:
            raise CannotVerify(error.code) from error
        self.memory.count(header, srv["n"])
        self.memory.pass_(srv["n"], head)
        previous = self.head
        self._note(header, srv["n"], head)
        if header.device_kid == self.me.device.kid:
            self.next_seq = max(self.next_seq, header.seq + 1)
        message = self._open(row, header, previous, mine, theirs)
        self.messages.append(message)
        return message

    def _open(
        self, row: Mapping[str, Any], header: Header, previous: bytes, mine: Person, theirs: Person | None
    ) -> Message:
        srv, is_mine = row["srv"], header.sender == self.me.user
        message = Message(
            id=header.message_id, n=srv["n"], kind=header.kind, is_mine=is_mine, recv_ms=srv["recv_ms"],
            seen_n=header.seen_n, price_centi=header.price_centi, target=header.target, row=row,
            is_erased=row["envelope"]["ct"] == "",
        )  # fmt: skip
        try:
            if header.conversation != self.id:
                raise CannotVerify("conv_mismatch")
            check_frame(header=header, recv_ms=srv["recv_ms"], me=self.me.user, peer=self.peer)
            writer = mine if is_mine else theirs
            if writer is None:
                raise CannotVerify("sig_key_unknown")
            public = writer.device_key(kid=header.device_kid, recv_ms=srv["recv_ms"])
            self._open_sealed(message, header, public, previous)
        except CannotVerify as error:
            message.problem = error.code
            message.text = message.body = message.opened = None
            return message
        self.memory.claim(header, message.n)
        return message

    def _open_sealed(self, message: Message, header: Header, public: bytes, previous: bytes) -> None:
        """Fill in what was sealed; of what was erased the signature is left to check."""
        envelope = message.row["envelope"]
        if message.is_erased:
            try:
                signed = label("msg") + b64u_decode(envelope["hdr"])
                Ed25519PublicKey.from_public_bytes(public).verify(b64u_decode(envelope["sig"]), signed)
            except InvalidSignature as error:
                raise CannotVerify("sig_invalid") from error
            return
        opened = open_message(
            data=envelope,
            srv=dict(message.row["srv"]),
            conversation=self.id,
            sender=header.sender,
            previous=previous,
            keys=self.me.encryption,
            find_device_key={header.device_kid: public}.get,
            find_server_key=self.server_keys.get,
        )
        message.opened, message.body = opened, _read_body(opened)
        message.text = None if header.kind == DELETION else message.body.get("text", "")

    def tell_silent_erasures(self) -> None:
        """Once all that the server has is here: words that went without a deletion by who wrote them were taken away
        by the server, `erased_by_server`."""
        deleted = {(one.target, one.is_mine) for one in self.messages if one.kind == DELETION and not one.problem}
        for one in self.messages:
            if one.is_erased and one.problem is None and one.kind != DELETION and (one.id, one.is_mine) not in deleted:
                one.problem = "erased_by_server"


def _read_body(opened: Opened) -> dict[str, Any]:
    try:
        content = opened.content
    except (ValueError, RecursionError) as error:
        raise CannotVerify("malformed") from error
    if not isinstance(content, dict) or not isinstance(content.get("text", ""), str):
        raise CannotVerify("malformed")
    return content

"""The signed header of a message (e2e section 2.1): 231 + 64 n + 40 m bytes, 16 more for kinds 2 to 4."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

MAGIC = b"PLY1"
SUITE = 1
CONTEXT_LENGTH = 102
CURRENCY = b"CRD"
NO_CURRENCY = b"\x00\x00\x00"
MAX_BOXES = 8
MAX_ATTACHMENTS = 8
KINDS = (1, 2, 3, 4, 5)
KINDS_WITH_TARGET = (2, 3, 4)
_FIXED = 231
_BOX = 64
_ATTACHMENT = 40
_TARGET = 16


class HeaderInvalid(ValueError):
    """The header cannot be accepted; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class BoxRef:
    """A recipient key and the hash of the box sealed to it."""

    kid: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """Hash and length of an encrypted blob."""

    hash: bytes
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The fields in wire order. Ids are 16 raw bytes, hashes and kids 32, times milliseconds."""

    kind: int
    conversation: bytes
    message_id: bytes
    sender: bytes
    recipient: bytes
    device_kid: bytes
    sent_ms: int
    seq: int
    seen_n: int
    seen_head: bytes
    price_centi: int
    commit: bytes
    ct_hash: bytes
    boxes: tuple[BoxRef, ...]
    attachments: tuple[AttachmentRef, ...] = ()
    target: bytes | None = None
    currency: bytes = NO_CURRENCY
    suite: int = SUITE

    @property
    def context(self) -> bytes:
        """`ctx` = header[0:102]: who, where, when; bound into every layer of the seal."""
        return context_of(
            kind=self.kind,
            conversation=self.conversation,
            message_id=self.message_id,
            sender=self.sender,
            recipient=self.recipient,
            device_kid=self.device_kid,
        )

    def encode(self) -> bytes:
        """The bytes that are signed and transported."""
        parts = [
            self.context,
            self.sent_ms.to_bytes(8, "big"),
            self.seq.to_bytes(8, "big"),
            self.seen_n.to_bytes(8, "big"),
            self.seen_head,
            self.price_centi.to_bytes(4, "big"),
            self.currency,
            self.commit,
            self.ct_hash,
            bytes([len(self.boxes)]),
            *(box.kid + box.hash for box in self.boxes),
            bytes([len(self.attachments)]),
            *(att.hash + att.length.to_bytes(8, "big") for att in self.attachments),
            self.target or b"",
        ]
        return b"".join(parts)


def context_of(
    *, kind: int, conversation: bytes, message_id: bytes, sender: bytes, recipient: bytes, device_kid: bytes
) -> bytes:
    """The first 102 bytes of a header."""
    return MAGIC + bytes([SUITE, kind]) + conversation + message_id + sender + recipient + device_kid


def parse_header(*, raw: bytes) -> Header:
    """Parse a header; raises HeaderInvalid with the first code of e2e section 2.4 that applies."""
    if len(raw) < _FIXED:
        raise HeaderInvalid("hdr_length")
    if raw[:4] != MAGIC:
        raise HeaderInvalid("hdr_magic")
    if raw[4] != SUITE:
        raise HeaderInvalid("suite_unknown")
    kind = raw[5]
    if kind not in KINDS:
        raise HeaderInvalid("kind_unknown")
    boxes, attachments = _refs(raw)
    after = _FIXED + _BOX * len(boxes) + _ATTACHMENT * len(attachments)
    if len(raw) != after + (_TARGET if kind in KINDS_WITH_TARGET else 0):
        raise HeaderInvalid("hdr_length")
    kids = [box.kid for box in boxes]
    if any(a >= b for a, b in pairwise(kids)):
        raise HeaderInvalid("rcpt_order")
    return Header(
        kind=kind,
        conversation=raw[6:22],
        message_id=raw[22:38],
        sender=raw[38:54],
        recipient=raw[54:70],
        device_kid=raw[70:102],
        sent_ms=int.from_bytes(raw[102:110], "big"),
        seq=int.from_bytes(raw[110:118], "big"),
        seen_n=int.from_bytes(raw[118:126], "big"),
        seen_head=raw[126:158],
        price_centi=int.from_bytes(raw[158:162], "big"),
        currency=raw[162:165],
        commit=raw[165:197],
        ct_hash=raw[197:229],
        boxes=boxes,
        attachments=attachments,
        target=raw[after:] or None,
    )


def _refs(raw: bytes) -> tuple[tuple[BoxRef, ...], tuple[AttachmentRef, ...]]:
    n_boxes = raw[229]
    if not 1 <= n_boxes <= MAX_BOXES:
        raise HeaderInvalid("rcpt_count")
    at = 230 + _BOX * n_boxes
    if len(raw) <= at:
        raise HeaderInvalid("hdr_length")
    n_attachments = raw[at]
    if n_attachments > MAX_ATTACHMENTS:
        raise HeaderInvalid("att_count")
    if len(raw) < at + 1 + _ATTACHMENT * n_attachments:
        raise HeaderInvalid("hdr_length")
    boxes = tuple(BoxRef(raw[i : i + 32], raw[i + 32 : i + 64]) for i in range(230, at, _BOX))
    first, last = at + 1, at + 1 + _ATTACHMENT * n_attachments
    attachments = tuple(
        AttachmentRef(raw[i : i + 32], int.from_bytes(raw[i + 32 : i + 40], "big"))
        for i in range(first, last, _ATTACHMENT)
    )
    return boxes, attachments

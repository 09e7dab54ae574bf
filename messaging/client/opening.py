"""Opening a message: every check of e2e section 2.6, or no content at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from messaging.envelopes import Envelope, EnvelopeRejected, check_envelope
from messaging.protocol.base64url import BadBase64, b64u_decode
from messaging.protocol.chain import next_head, receipt_message
from messaging.protocol.labels import label

from .identity import EncryptionKey
from .problems import CannotVerify as CannotVerify


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A verified message; `head` is the chain after it."""

    envelope: Envelope
    body: bytes
    frank_key: bytes
    n: int
    recv_ms: int
    head: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The body as JSON: untrusted words of the other person, to be shown as text alone."""
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def text(self) -> str:
        """The text of a text message."""
        return str(self.content.get("text", ""))


def open_message(
    *,
    data: object,
    srv: dict[str, Any],
    conversation: bytes,
    sender: bytes,
    previous: bytes,
    keys: list[EncryptionKey],
    find_device_key: Callable[[bytes], bytes | None],
    find_server_key: Callable[[bytes], bytes | None],
) -> Opened:
    """Verify and decrypt one message that follows `previous` (the chain head before it).

    `find_device_key` looks in the sender's verified key log (only keys valid at `recv_ms`), `find_server_key` in
    the pinned server keys. Raises CannotVerify.
    """
    try:
        checked = check_envelope(data=data, conversation=conversation, sender=sender, find_device_key=find_device_key)
    except EnvelopeRejected as error:
        raise CannotVerify(error.code) from error
    frank_key, body = _decrypt(checked, keys)
    commit = hmac.new(frank_key, label("frank") + checked.header.context + body, hashlib.sha256).digest()
    if not hmac.compare_digest(commit, checked.header.commit):
        raise CannotVerify("commit_mismatch")
    _check_attachments(checked, body)
    head = verify_place(
        srv=srv, conversation=conversation, previous=previous, hdr_hash=checked.hdr_hash, sig=checked.sig,
        find_server_key=find_server_key,
    )  # fmt: skip
    return Opened(envelope=checked, body=body, frank_key=frank_key, n=srv["n"], recv_ms=srv["recv_ms"], head=head)


def _decrypt(checked: Envelope, keys: list[EncryptionKey]) -> tuple[bytes, bytes]:
    ctx = checked.header.context
    mine = {key.kid: key for key in keys}
    for ref, box in zip(checked.header.boxes, checked.boxes, strict=True):
        if (key := mine.get(ref.kid)) is None:
            continue
        try:
            content_key = key.open_box(box=box, info=label("box") + ctx + ref.kid)
            plaintext = AESGCM(content_key).decrypt(checked.ct[:12], checked.ct[12:], label("body") + ctx)
        except (InvalidTag, ValueError) as error:
            raise CannotVerify("decrypt_failed") from error
        length = int.from_bytes(plaintext[32:36], "big")
        if 36 + length > len(plaintext) or any(plaintext[36 + length :]):
            raise CannotVerify("bad_padding")
        return plaintext[:32], plaintext[36 : 36 + length]
    raise CannotVerify("no_box_for_me")


def _check_attachments(checked: Envelope, body: bytes) -> None:
    """The list inside must be the list outside: order, hash, length."""
    try:
        inside = json.loads(body).get("att") or []
        listed = [(b64u_decode(row["sha256"]), row["len"]) for row in inside]
    except (ValueError, KeyError, TypeError, AttributeError, BadBase64) as error:
        raise CannotVerify("att_mismatch") from error
    if listed != [(att.hash, att.length) for att in checked.header.attachments]:
        raise CannotVerify("att_mismatch")


def verify_place(
    *,
    srv: dict[str, Any],
    conversation: bytes,
    previous: bytes,
    hdr_hash: bytes,
    sig: bytes,
    find_server_key: Callable[[bytes], bytes | None],
) -> bytes:
    """Check chain and receipt; returns the new head. Raises CannotVerify('chain_mismatch' | 'receipt_invalid')."""
    head = next_head(previous=previous, n=srv["n"], recv_ms=srv["recv_ms"], hdr_hash=hdr_hash, sig=sig)
    if b64u_decode(srv["prev"]) != previous or b64u_decode(srv["head"]) != head:
        raise CannotVerify("chain_mismatch")
    public = find_server_key(b64u_decode(srv["skid"]))
    message = receipt_message(
        conversation=conversation, n=srv["n"], recv_ms=srv["recv_ms"], hdr_hash=hdr_hash, head=head
    )
    try:
        if public is None:
            raise CannotVerify("receipt_invalid")
        Ed25519PublicKey.from_public_bytes(public).verify(b64u_decode(srv["receipt"]), message)
    except InvalidSignature as error:
        raise CannotVerify("receipt_invalid") from error
    return head

"""Sealing a message (e2e section 2.2)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from messaging.protocol.base64url import b64u_encode
from messaging.protocol.header import CURRENCY, NO_CURRENCY, AttachmentRef, BoxRef, Header, context_of
from messaging.protocol.keys import ALG_XWING, key_id
from messaging.protocol.labels import label, sha256

from .identity import Random, SigningKey, seal_box


def pad(data: bytes) -> bytes:
    """Zeros up to 256, 512, 1024 or a multiple of 1024 bytes."""
    size = next((b for b in (256, 512) if len(data) <= b), -(-len(data) // 1024) * 1024)
    return data.ljust(size, b"\x00")


def text_body(text: str, **more: Any) -> bytes:
    """The body of a text message (kinds 1, 2, 5); `more`: `re` (a message id, base64url), `att`, `auto`."""
    return _body({"t": "text", "text": text, **more})


def reaction_body(emoji: str) -> bytes:
    """The body of a reaction (kind 4); "" takes it back."""
    return _body({"t": "reaction", "text": emoji})


NO_BODY = b"{}"  # of a deletion, kind 3


def _body(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def seal(
    *,
    device: SigningKey,
    body: bytes,
    kind: int,
    conversation: bytes,
    message_id: bytes,
    sender: bytes,
    recipient: bytes,
    sent_ms: int,
    seq: int,
    seen_n: int,
    seen_head: bytes,
    price_centi: int,
    recipients: list[bytes],
    attachments: tuple[AttachmentRef, ...] = (),
    target: bytes | None = None,
    random: Random = os.urandom,
) -> dict[str, Any]:
    """The envelope (section 2.3) of `body` for `recipients`, X-Wing public keys of both users."""
    ctx = context_of(
        kind=kind,
        conversation=conversation,
        message_id=message_id,
        sender=sender,
        recipient=recipient,
        device_kid=device.kid,
    )
    frank_key, content_key, nonce = random(32), random(32), random(12)
    commit = hmac.new(frank_key, label("frank") + ctx + body, hashlib.sha256).digest()
    plaintext = pad(frank_key + len(body).to_bytes(4, "big") + body)
    ct = nonce + AESGCM(content_key).encrypt(nonce, plaintext, label("body") + ctx)
    sealed = sorted(
        (kid, seal_box(public=public, content_key=content_key, info=label("box") + ctx + kid))
        for public in recipients
        for kid in [key_id(alg=ALG_XWING, public=public)]
    )
    hdr = Header(
        kind=kind,
        conversation=conversation,
        message_id=message_id,
        sender=sender,
        recipient=recipient,
        device_kid=device.kid,
        sent_ms=sent_ms,
        seq=seq,
        seen_n=seen_n,
        seen_head=seen_head,
        price_centi=price_centi,
        currency=CURRENCY if price_centi else NO_CURRENCY,
        commit=commit,
        ct_hash=sha256(ct),
        boxes=tuple(BoxRef(kid, sha256(box)) for kid, box in sealed),
        attachments=attachments,
        target=target,
    ).encode()
    return {
        "v": 1,
        "hdr": b64u_encode(hdr),
        "sig": b64u_encode(device.sign(label("msg") + hdr)),
        "ct": b64u_encode(ct),
        "boxes": [b64u_encode(box) for _, box in sealed],
    }

"""Verifiable reports (e2e section 3): opening one message to a third party, and checking what was opened."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from messaging.protocol.base64url import BadBase64, b64u_decode, b64u_encode
from messaging.protocol.chain import receipt_message
from messaging.protocol.header import HeaderInvalid, parse_header
from messaging.protocol.labels import label, sha256

from .opening import Opened


def make_report(*, opened: Opened, srv: dict[str, Any]) -> dict[str, Any]:
    """What the reporter hands over: this message, and nothing of any other."""
    return {
        "hdr": b64u_encode(opened.envelope.hdr),
        "sig": b64u_encode(opened.envelope.sig),
        "n": srv["n"],
        "recv_ms": srv["recv_ms"],
        "head": srv["head"],
        "skid": srv["skid"],
        "receipt": srv["receipt"],
        "kf": b64u_encode(opened.frank_key),
        "body": b64u_encode(opened.body),
    }


def is_verified(
    *,
    report: dict[str, Any],
    reporter: bytes,
    server_public: bytes,
    find_device_key: Callable[[bytes], bytes | None],
) -> bool:
    """Whether receipt, signature and commitment hold and the reporter took part."""
    try:
        hdr, sig, body = (b64u_decode(report[name]) for name in ("hdr", "sig", "body"))
        header = parse_header(raw=hdr)
        device = find_device_key(header.device_kid)
        if device is None or reporter not in (header.sender, header.recipient):
            return False
        message = receipt_message(
            conversation=header.conversation,
            n=report["n"],
            recv_ms=report["recv_ms"],
            hdr_hash=sha256(hdr),
            head=b64u_decode(report["head"]),
        )
        Ed25519PublicKey.from_public_bytes(server_public).verify(b64u_decode(report["receipt"]), message)
        Ed25519PublicKey.from_public_bytes(device).verify(sig, label("msg") + hdr)
        commit = hmac.new(b64u_decode(report["kf"]), label("frank") + header.context + body, hashlib.sha256).digest()
    except (BadBase64, HeaderInvalid, InvalidSignature, KeyError):
        return False
    return hmac.compare_digest(commit, header.commit)

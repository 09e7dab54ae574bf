"""The stateless half of accepting a message (e2e section 2.4): structure, hashes, signature. No decryption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .protocol.base64url import BadBase64, b64u_decode
from .protocol.header import CURRENCY, MAX_BOXES, NO_CURRENCY, Header, HeaderInvalid, parse_header
from .protocol.labels import label, sha256

FIELDS = {"v", "hdr", "sig", "ct", "boxes"}
BOX_LENGTH = 1168
CT_OVERHEAD = 12 + 16  # nonce and GCM tag
CT_MAX = 64 * 1024
_SMALL_BUCKETS = (256, 512)
_MAX_TEXT = 2 * CT_MAX


class EnvelopeRejected(ValueError):
    """The envelope is refused; `code` is the protocol's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A checked envelope: bytes as they were signed and sent, and the parsed header."""

    header: Header
    hdr: bytes
    hdr_hash: bytes
    sig: bytes
    ct: bytes
    boxes: tuple[bytes, ...]


def check_envelope(
    *, data: object, conversation: bytes, sender: bytes, find_device_key: Callable[[bytes], bytes | None]
) -> Envelope:
    """Check `data` (parsed JSON) in the protocol's order; raise EnvelopeRejected with the first code that applies.

    `conversation` and `sender` are the 16-byte ids that the request is about. `find_device_key` gives the
    Ed25519 public key of one of the sender's device keys, active or revoked, or None.
    """
    hdr, sig, ct, boxes = _decode(data)
    try:
        header = parse_header(raw=hdr)
    except HeaderInvalid as error:
        raise EnvelopeRejected(error.code) from error
    if header.conversation != conversation:
        raise EnvelopeRejected("conv_mismatch")
    if header.sender != sender:
        raise EnvelopeRejected("sender_mismatch")
    _check_hashes(header=header, ct=ct, boxes=boxes)
    public = find_device_key(header.device_kid)
    if public is None:
        raise EnvelopeRejected("sig_key_unknown")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(sig, label("msg") + hdr)
    except InvalidSignature as error:
        raise EnvelopeRejected("sig_invalid") from error
    # Signed nonsense: no number of the protocol reaches 2**63, and a price names its unit.
    if header.currency != (CURRENCY if header.price_centi else NO_CURRENCY):
        raise EnvelopeRejected("envelope_fields")
    if max(header.seq, header.seen_n, header.sent_ms) >= 2**63:
        raise EnvelopeRejected("envelope_fields")
    return Envelope(header=header, hdr=hdr, hdr_hash=sha256(hdr), sig=sig, ct=ct, boxes=boxes)


def _decode(data: object) -> tuple[bytes, bytes, bytes, tuple[bytes, ...]]:
    if not isinstance(data, dict) or set(data) != FIELDS:
        raise EnvelopeRejected("envelope_fields")
    boxes = data["boxes"]
    if data["v"] != 1 or isinstance(data["v"], bool | float) or not isinstance(boxes, list):
        raise EnvelopeRejected("envelope_fields")
    texts = [data["hdr"], data["sig"], data["ct"], *boxes]
    if len(boxes) > MAX_BOXES or any(not isinstance(text, str) or len(text) > _MAX_TEXT for text in texts):
        raise EnvelopeRejected("envelope_fields")
    try:
        hdr, sig, ct, *raw_boxes = [b64u_decode(text) for text in texts]
    except BadBase64 as error:
        raise EnvelopeRejected("bad_base64") from error
    return hdr, sig, ct, tuple(raw_boxes)


def _check_hashes(*, header: Header, ct: bytes, boxes: tuple[bytes, ...]) -> None:
    padded = len(ct) - CT_OVERHEAD
    if len(ct) > CT_MAX or not (padded in _SMALL_BUCKETS or (padded > 0 and padded % 1024 == 0)):
        raise EnvelopeRejected("ct_length")
    if sha256(ct) != header.ct_hash:
        raise EnvelopeRejected("ct_hash")
    if len(boxes) != len(header.boxes):
        raise EnvelopeRejected("rcpt_count")
    if any(len(box) != BOX_LENGTH for box in boxes):
        raise EnvelopeRejected("box_length")
    if any(sha256(box) != ref.hash for box, ref in zip(boxes, header.boxes, strict=True)):
        raise EnvelopeRejected("box_hash")

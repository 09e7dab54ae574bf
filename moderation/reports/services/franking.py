"""Checking what a reporter opened of an encrypted conversation (e2e.md 3): was it sent, by whom, in these words?"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from messaging import key_selectors, server_keys
from messaging.protocol.base64url import BadBase64, b64u_decode, b64u_encode
from messaging.protocol.chain import receipt_message
from messaging.protocol.header import Header, HeaderInvalid, parse_header
from messaging.protocol.labels import label, sha256
from messaging.receipts import ServerKey
from pairly.common.clock import from_ms

from ..types import Checked

_LENGTHS = {"sig": 64, "head": 32, "receipt": 64, "kf": 32}
_PROOF = ("hdr", "sig", "head", "receipt", "kf")
_MAX = 2**63 - 1
# The largest time that a date can tell: 31 December 9999.
_MAX_MS = 253_402_300_799_000
BODY_MAX = 64 * 1024


class _Flaw(Exception):
    """The first thing that does not hold."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_all(
    *,
    messages: Iterable[object],
    reporter: uuid.UUID,
    conversation: uuid.UUID,
    users: frozenset[uuid.UUID],
    keys: tuple[ServerKey, ...] | None = None,
) -> list[Checked]:
    """A verdict on each of `messages` (reports of e2e.md 3) of a conversation of `users`, in the order of the chain.

    A place of the chain is verified once: what comes for it again is a duplicate. `keys`: the server's receipt keys.
    """
    known = server_keys.list_server_keys() if keys is None else keys
    rows, seen = [], set()
    for message in messages:
        row = check(message=message, reporter=reporter, conversation=conversation, users=users, keys=known)
        if row.is_verified and row.n in seen:
            row = Checked(flaw="duplicate", n=row.n, sender_uid=row.sender_uid, sent_at=row.sent_at, proof=row.proof)
        elif row.is_verified:
            seen.add(row.n)
        rows.append(row)
    return sorted(rows, key=lambda row: (row.n is None, row.n or 0))


def check(
    *,
    message: object,
    reporter: uuid.UUID,
    conversation: uuid.UUID,
    users: frozenset[uuid.UUID],
    keys: tuple[ServerKey, ...],
) -> Checked:
    """The verdict on one message: `flaw` names the first thing that does not hold, of FLAWS. Never raises."""
    known: dict[str, Any] = {}
    try:
        _check(message, reporter, conversation, users, keys, known)
    except _Flaw as flaw:
        return Checked(flaw=flaw.code, **known)
    return Checked(flaw="", **known)


def list_gaps(*, ns: Iterable[int]) -> list[dict[str, int]]:
    """Between the places `ns` of verified messages: after which one how many are missing."""
    places = sorted(set(ns))
    pairs = pairwise(places)
    return [{"after_n": low, "missing": high - low - 1} for low, high in pairs if high - low > 1]


def _check(
    message: object,
    reporter: uuid.UUID,
    conversation: uuid.UUID,
    users: frozenset[uuid.UUID],
    keys: tuple[ServerKey, ...],
    known: dict[str, Any],
) -> None:
    raw = _read(message)
    known["body"], known["proof"] = raw["body"], _proof_of(raw)
    try:
        header = parse_header(raw=raw["hdr"])
    except HeaderInvalid as error:
        raise _Flaw("malformed") from error
    sender, recipient = uuid.UUID(bytes=header.sender), uuid.UUID(bytes=header.recipient)
    if reporter not in (sender, recipient) or reporter not in users:
        raise _Flaw("not_participant")
    if header.conversation != conversation.bytes or {sender, recipient} != users:
        raise _Flaw("other_conversation")
    _check_receipt(raw, header, keys)
    # From here on the place in the chain is the server's own word.
    known |= {"n": raw["n"], "sent_at": from_ms(raw["recv_ms"])}
    _check_sender(raw, header, sender)
    known["sender_uid"] = sender
    commit = hmac.new(raw["kf"], label("frank") + header.context + raw["body"], hashlib.sha256).digest()
    if not hmac.compare_digest(commit, header.commit):
        raise _Flaw("commit_mismatch")


def _read(message: object) -> dict[str, Any]:
    if not isinstance(message, Mapping):
        raise _Flaw("malformed")
    try:
        raw: dict[str, Any] = {name: b64u_decode(message.get(name)) for name in (*_PROOF, "body")}
        skid = message.get("skid")
        raw["skid"] = None if skid is None else b64u_decode(skid)
    except BadBase64 as error:
        raise _Flaw("malformed") from error
    for name, most in (("n", _MAX), ("recv_ms", _MAX_MS)):
        value = message.get(name)
        if type(value) is not int or not 0 < value <= most:  # a bool is an int too
            raise _Flaw("malformed")
        raw[name] = value
    if any(len(raw[name]) != length for name, length in _LENGTHS.items()) or len(raw["body"]) > BODY_MAX:
        raise _Flaw("malformed")
    return raw


def _proof_of(raw: dict[str, Any]) -> dict[str, Any]:
    """What shows its place and its writer. Not the key of the commitment: with it, short words could be guessed."""
    texts = {name: b64u_encode(raw[name]) for name in _PROOF if name != "kf"}
    skid = {"skid": b64u_encode(raw["skid"])} if raw["skid"] is not None else {}
    return {**texts, **skid, "n": raw["n"], "recv_ms": raw["recv_ms"]}


def _check_receipt(raw: dict[str, Any], header: Header, keys: tuple[ServerKey, ...]) -> None:
    named = [key for key in keys if raw["skid"] in (None, key.skid)]
    if not named:
        raise _Flaw("receipt_key_unknown")
    signed = receipt_message(
        conversation=header.conversation,
        n=raw["n"],
        recv_ms=raw["recv_ms"],
        hdr_hash=sha256(raw["hdr"]),
        head=raw["head"],
    )
    if not any(_is_signed(public=key.public, sig=raw["receipt"], message=signed) for key in named):
        raise _Flaw("receipt_invalid")


def _check_sender(raw: dict[str, Any], header: Header, sender: uuid.UUID) -> None:
    key = key_selectors.find_device_key_of(kid=header.device_kid, user_uid=sender)
    if key is None:
        raise _Flaw("sender_key_unknown")
    if key.revoked_at is not None and key.revoked_at < from_ms(raw["recv_ms"]):
        raise _Flaw("sender_key_revoked")
    if not _is_signed(public=bytes(key.public), sig=raw["sig"], message=label("msg") + raw["hdr"]):
        raise _Flaw("sig_invalid")


def _is_signed(*, public: bytes, sig: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(sig, message)
    except InvalidSignature:
        return False
    return True

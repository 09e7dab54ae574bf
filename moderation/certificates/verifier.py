"""Checks a certificate of Pairly without Pairly: `python -m moderation.certificates.verifier FILE --keys keys.json`.

Needs Python and the package `cryptography`, nothing else; the file may be copied and run alone. FILE is the JSON of a
certificate (`-`: standard input), keys.json what `/.well-known/pairly-certificates` answered and revoked.json what
`/.well-known/pairly-certificates/revoked` did. What a certificate says is read from the signed bytes alone.

Ends with 0: it holds. 1: it does not, the first word says why. 2: a file cannot be read. 3: signature and dates are
right, but whether it was taken back is not known, as no list was given.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CONTEXT = b"pairly/certificate/1\0"
ISSUER = "pairly"
EXIT = {"valid": 0, "unreadable": 2, "revocation_unknown": 3}
_MEMBERS = {"v", "iss", "code", "level", "user_id", "name", "identity", "issued_at", "expires_at"}


class Unreadable(Exception):
    """A file is not what it has to be."""


def check(
    certificate: object,
    *,
    keys: object,
    at: datetime,
    revoked: object | None = None,
    on: str = "",
) -> tuple[str, dict[str, Any]]:
    """The verdict and what the certificate says, which is empty unless its signature is right.

    Verdicts: `valid`, `revocation_unknown` (no list was given), `unknown_key`, `altered`, `not_yet`, `expired`,
    `revoked`, `other_account` (it is not about the account `on`). Raises Unreadable.
    """
    payload, signature = (_decoded(_member(certificate, name)) for name in ("payload", "signature"))
    public = _public_keys(keys).get(_member(certificate, "kid"))
    if public is None:
        return "unknown_key", {}
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, CONTEXT + payload)
    except (InvalidSignature, ValueError):
        return "altered", {}
    says = _statement(payload)
    return _standing(says, at=at, revoked=_revoked(revoked), on=on), says


def _standing(says: Mapping[str, Any], *, at: datetime, revoked: Collection[str] | None, on: str) -> str:
    if on and on != says["user_id"]:
        return "other_account"
    if revoked is not None and hashlib.sha256(says["code"].encode()).hexdigest() in revoked:
        return "revoked"
    if at < _time(says["issued_at"]):
        return "not_yet"
    if at >= _time(says["expires_at"]):
        return "expired"
    return "revocation_unknown" if revoked is None else "valid"


def _statement(payload: bytes) -> dict[str, Any]:
    try:
        says = json.loads(payload)
    except ValueError as error:
        raise Unreadable("what is signed is not JSON") from error
    if not isinstance(says, dict) or not says.keys() >= _MEMBERS or says["iss"] != ISSUER or says["v"] != 1:
        raise Unreadable("what is signed is no certificate of version 1")
    return says


def _public_keys(document: object) -> dict[str, bytes]:
    rows = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise Unreadable("the keys are not a document with `keys`")
    return {_member(row, "kid"): _decoded(_member(row, "public")) for row in rows}


def _revoked(document: object | None) -> set[str] | None:
    if document is None:
        return None
    rows = document.get("revoked") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise Unreadable("the list is not a document with `revoked`")
    return set(rows)


def _member(document: object, name: str) -> str:
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, str) or not value:
        raise Unreadable(f"`{name}` is missing")
    return value


def _decoded(text: str) -> bytes:
    """Base64url without padding, in the one way there is to write it (RFC 4648, section 3.5)."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("not Base64url") from error
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
        raise Unreadable("not Base64url as it has to be written")
    return data


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unreadable("a time cannot be read") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns how it ends."""
    parser = argparse.ArgumentParser(prog="verifier", description="Checks a certificate of Pairly without a network.")
    parser.add_argument("file", help="the certificate's JSON; - reads standard input")
    parser.add_argument("--keys", required=True, help="what /.well-known/pairly-certificates answered")
    parser.add_argument("--revoked", help="what /.well-known/pairly-certificates/revoked answered")
    parser.add_argument("--on", default="", help="the id of the account it has to be about")
    parser.add_argument("--at", default="", help="the time to ask about, as 2027-01-31T12:00:00+00:00; now unless told")
    given = parser.parse_args(arguments)
    try:
        verdict, says = check(
            _load(given.file),
            keys=_load(given.keys),
            revoked=_load(given.revoked) if given.revoked else None,
            at=_time(given.at) if given.at else datetime.now(UTC),
            on=given.on,
        )
    except Unreadable as error:
        print("unreadable:", error, file=sys.stderr)
        return EXIT["unreadable"]
    print(verdict)
    for name in ("name", "user_id", "level", "identity", "issued_at", "expires_at", "code") if says else ():
        print(f"{name}: {json.dumps(says[name])}")
    return EXIT.get(verdict, 1)


def _load(path: str) -> object:
    try:
        return json.loads(sys.stdin.read() if path == "-" else Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read as JSON") from error


if __name__ == "__main__":
    raise SystemExit(main())

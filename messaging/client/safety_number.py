"""The safety number of two people: 60 digits that change only with an identity key (e2e section 4)."""

from __future__ import annotations

import hashlib

ROUNDS = 5200


def fingerprint(*, identity: bytes, user: bytes) -> str:
    """30 digits of one person: 5200 rounds of SHA-512 over identity key and user id."""
    digest = b"\x00\x00" + identity + user
    for _ in range(ROUNDS):
        digest = hashlib.sha512(digest + identity).digest()
    groups = (int.from_bytes(digest[i : i + 5], "big") % 100_000 for i in range(0, 30, 5))
    return "".join(f"{group:05d}" for group in groups)


def safety_number(*, people: list[tuple[bytes, bytes]]) -> str:
    """The 60 digits of two (identity key, user id) pairs, in either order."""
    return "".join(sorted(fingerprint(identity=identity, user=user) for identity, user in people))

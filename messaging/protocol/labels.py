"""Domain separation: L(x) = "pairly/e2e/1/" + x + 0x00, and H = SHA-256 (e2e section 1)."""

from __future__ import annotations

import hashlib

PREFIX = b"pairly/e2e/1/"


def label(name: str) -> bytes:
    """L(name)."""
    return PREFIX + name.encode("ascii") + b"\x00"


def sha256(data: bytes) -> bytes:
    """H(data), 32 bytes."""
    return hashlib.sha256(data).digest()

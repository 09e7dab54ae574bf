"""The hash chain of a conversation and what a receipt signs (e2e section 2.5)."""

from __future__ import annotations

from .labels import label, sha256


def first_head(*, conversation: bytes, users: tuple[bytes, bytes]) -> bytes:
    """H_0 = H(L("chain0") || conv || min(user) || max(user)); ids of 16 bytes."""
    return sha256(label("chain0") + conversation + min(users) + max(users))


def next_head(*, previous: bytes, n: int, recv_ms: int, hdr_hash: bytes, sig: bytes) -> bytes:
    """H_n from H_{n-1}."""
    place = n.to_bytes(8, "big") + recv_ms.to_bytes(8, "big")
    return sha256(label("chain") + previous + place + hdr_hash + sig)


def receipt_message(*, conversation: bytes, n: int, recv_ms: int, hdr_hash: bytes, head: bytes) -> bytes:
    """The bytes under the server's Ed25519 signature."""
    place = n.to_bytes(8, "big") + recv_ms.to_bytes(8, "big")
    return label("receipt") + conversation + place + hdr_hash + head

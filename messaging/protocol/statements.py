"""Key statements: the entries of a user's append-only key log (e2e section 1)."""

from __future__ import annotations

from dataclasses import dataclass

from .labels import label, sha256

LENGTH = 134
ZERO_HASH = bytes(32)
REVOCATION = 0x80


class StatementInvalid(ValueError):
    """The statement cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """134 bytes on the wire. `role` without the revocation bit."""

    role: int
    is_revocation: bool = False
    alg: int
    user: bytes
    subject_kid: bytes
    signer_kid: bytes
    created_ms: int
    rotate_after_ms: int
    seq: int
    prev_hash: bytes

    def encode(self) -> bytes:
        """The bytes that are signed under L("key")."""
        role = self.role | (REVOCATION if self.is_revocation else 0)
        times = self.created_ms.to_bytes(8, "big") + self.rotate_after_ms.to_bytes(8, "big")
        keys = self.subject_kid + self.signer_kid
        return bytes([role, self.alg]) + self.user + keys + times + self.seq.to_bytes(4, "big") + self.prev_hash


def parse_statement(*, raw: bytes) -> Statement:
    """Parse a statement; raises StatementInvalid('stmt_length')."""
    if len(raw) != LENGTH:
        raise StatementInvalid("stmt_length")
    return Statement(
        role=raw[0] & ~REVOCATION,
        is_revocation=bool(raw[0] & REVOCATION),
        alg=raw[1],
        user=raw[2:18],
        subject_kid=raw[18:50],
        signer_kid=raw[50:82],
        created_ms=int.from_bytes(raw[82:90], "big"),
        rotate_after_ms=int.from_bytes(raw[90:98], "big"),
        seq=int.from_bytes(raw[98:102], "big"),
        prev_hash=raw[102:134],
    )


def signed_bytes(*, statement: bytes) -> bytes:
    """What the signer of a statement signs."""
    return label("key") + statement


def log_hash(*, statement: bytes, sig: bytes) -> bytes:
    """H(L("keylog") || statement || sig): the `prev_hash` of the next entry."""
    return sha256(label("keylog") + statement + sig)

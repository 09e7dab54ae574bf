"""Server receipts: Ed25519 over a message's place in the chain (e2e section 2.5). Deterministic (RFC 8032)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .protocol.chain import receipt_message
from .protocol.keys import ALG_ED25519, key_id


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerKey:
    """A receipt key; `skid` is its kid."""

    skid: bytes
    public: bytes
    seed: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> ServerKey:
        """The key of a 32-byte seed; raises ValueError for another length."""
        public = _private(seed).public_key().public_bytes_raw()
        return cls(skid=key_id(alg=ALG_ED25519, public=public), public=public, seed=seed)


@lru_cache(maxsize=16)
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign_receipt(*, seed: bytes, conversation: bytes, n: int, recv_ms: int, hdr_hash: bytes, head: bytes) -> bytes:
    """The 64-byte receipt of message n."""
    message = receipt_message(conversation=conversation, n=n, recv_ms=recv_ms, hdr_hash=hdr_hash, head=head)
    return _private(seed).sign(message)

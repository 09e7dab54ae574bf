"""Attachments (e2e section 4): a fresh key per file. Opening is the protocol's: who checks reports does it too."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from messaging.protocol.attachments import CHUNK, CHUNK_LOG2, MAGIC, TAG, BadAttachment, nonce_of, open_blob
from messaging.protocol.labels import label

from .identity import Random

__all__ = ["CHUNK", "CHUNK_LOG2", "MAGIC", "TAG", "BadAttachment", "open_blob", "seal"]


def seal(*, data: bytes, key: bytes, prefix: bytes | None = None, random: Random = os.urandom) -> bytes:
    """The blob of `data` under a fresh 32-byte key; an empty file is one empty last chunk."""
    prefix = prefix or random(7)
    n_chunks = max(1, -(-len(data) // CHUNK))
    aes = AESGCM(key)
    chunks = (
        aes.encrypt(nonce_of(prefix, i, i == n_chunks - 1), data[i * CHUNK : (i + 1) * CHUNK], label("att"))
        for i in range(n_chunks)
    )
    return MAGIC + prefix + bytes([CHUNK_LOG2]) + b"".join(chunks)

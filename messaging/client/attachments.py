"""Attachments (e2e section 4): chunks of 1 MiB under AES-256-GCM in the STREAM construction, a fresh key per file."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from messaging.protocol.labels import label

from .identity import Random

MAGIC = b"PLA1"
CHUNK_LOG2 = 0x14
CHUNK = 1 << CHUNK_LOG2
TAG = 16
_HEADER = len(MAGIC) + 7 + 1


class BadAttachment(ValueError):
    """The blob is not what the message promised: changed, cut, reordered, or for another key."""


def _nonce(prefix: bytes, index: int, is_last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + bytes([is_last])


def seal(*, data: bytes, key: bytes, prefix: bytes | None = None, random: Random = os.urandom) -> bytes:
    """The blob of `data` under a fresh 32-byte key; an empty file is one empty last chunk."""
    prefix = prefix or random(7)
    n_chunks = max(1, -(-len(data) // CHUNK))
    aes = AESGCM(key)
    chunks = (
        aes.encrypt(_nonce(prefix, i, i == n_chunks - 1), data[i * CHUNK : (i + 1) * CHUNK], label("att"))
        for i in range(n_chunks)
    )
    return MAGIC + prefix + bytes([CHUNK_LOG2]) + b"".join(chunks)


def open_blob(*, blob: bytes, key: bytes) -> bytes:
    """The file. Raises BadAttachment for anything but the whole blob in order."""
    if blob[:4] != MAGIC or len(blob) < _HEADER + TAG or blob[11] != CHUNK_LOG2:
        raise BadAttachment("not an attachment")
    prefix, body = blob[4:11], blob[_HEADER:]
    n_chunks = -(-len(body) // (CHUNK + TAG))
    aes = AESGCM(key)
    try:
        return b"".join(
            aes.decrypt(
                _nonce(prefix, i, i == n_chunks - 1), body[i * (CHUNK + TAG) : (i + 1) * (CHUNK + TAG)], label("att")
            )
            for i in range(n_chunks)
        )
    except (InvalidTag, ValueError) as error:
        raise BadAttachment("a chunk does not open") from error

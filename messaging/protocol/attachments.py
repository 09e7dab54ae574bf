"""The form of sealed files (e2e section 4): chunks of 1 MiB under AES-256-GCM in the STREAM construction."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .labels import label

MAGIC = b"PLA1"
CHUNK_LOG2 = 0x14
CHUNK = 1 << CHUNK_LOG2
TAG = 16
HEADER = len(MAGIC) + 7 + 1


class BadAttachment(ValueError):
    """The blob is not what the message promised: changed, cut, reordered, or for another key."""


def nonce_of(prefix: bytes, index: int, is_last: bool) -> bytes:
    """The nonce of chunk `index`."""
    return prefix + index.to_bytes(4, "big") + bytes([is_last])


def open_blob(*, blob: bytes, key: bytes) -> bytes:
    """The file. Raises BadAttachment for anything but the whole blob in order."""
    if blob[:4] != MAGIC or len(blob) < HEADER + TAG or blob[11] != CHUNK_LOG2:
        raise BadAttachment("not an attachment")
    prefix, body = blob[4:11], memoryview(blob)[HEADER:]
    n_chunks = -(-len(body) // (CHUNK + TAG))
    try:
        aes = AESGCM(key)
        return b"".join(
            aes.decrypt(
                nonce_of(prefix, i, i == n_chunks - 1), body[i * (CHUNK + TAG) : (i + 1) * (CHUNK + TAG)], label("att")
            )
            for i in range(n_chunks)
        )
    except (InvalidTag, ValueError) as error:
        raise BadAttachment("a chunk does not open") from error

"""How large and how slow a request may be. Decided at the end of its headers, before any of its body is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pairly.settings import environment

MB = 1_000_000
MULTIPART_OVERHEAD_BYTES = 64_000
JSON_PART_BYTES = environment.JSON_BODY_MAX_BYTES
# The path without /api or /api/v1; a file comes as multipart/form-data. Everything else is JSON or a form of ours.
_MOUNT = re.compile(rb"^/api(?:/v1)?/")
_FILES: tuple[tuple[bytes, int], ...] = (
    (b"media/upload-", 10 * MB),
    (b"shop/items/", 10 * MB),  # what is sold
    (b"verifications", 2 * 25 * MB),  # document and selfie
    (b"reports", 5 * 10 * MB + JSON_PART_BYTES),  # screenshots, and messages as JSON
)
_PAGES: tuple[tuple[re.Pattern[bytes], int], ...] = (
    (re.compile(rb"/profile/pictures/"), 10 * MB),
    (re.compile(rb"/shop/items/[^/]+/pictures/"), 10 * MB),
    (re.compile(rb"/verification/new/"), 2 * 25 * MB),
    (re.compile(rb"/report/.+"), 5 * 10 * MB),  # screenshots; what it is about follows in the path
)
_PARTS = (b"attachments/", 1024 * 1024)  # of sealed files, as messaging.constants.ATTACHMENT_PART_BYTES
_WEBHOOKS = (b"payments/webhook", 256_000)  # as payments.constants.WEBHOOK_MAX_BYTES
# A connection that sends less for long is not a slow network, it is a siege.
BODY_MIN_BYTES_PER_SECOND = 20_000


@dataclass(frozen=True)
class Patience:
    """Seconds: for all headers, for a body (and more by its size), between two requests on one connection, for a socket
    to take what waits for it."""

    headers_s: float = environment.SERVER_HEADERS_SECONDS
    body_s: float = environment.SERVER_BODY_SECONDS
    keep_alive_s: float = environment.SERVER_KEEP_ALIVE_SECONDS
    reader_s: float = environment.SERVER_READER_SECONDS

    def for_body(self, n_bytes: int) -> float:
        """Seconds for a body of `n_bytes`."""
        return self.body_s + n_bytes / BODY_MIN_BYTES_PER_SECOND


def body_max_bytes(*, uri: bytes, content_type: bytes) -> int:
    """The most bytes that the body of a request to `uri` (as sent, with its query) may have."""
    path = uri.split(b"?", 1)[0]
    mount = _MOUNT.match(path)
    name = path[mount.end() :] if mount else b""
    if name.startswith(_WEBHOOKS[0]):
        return _WEBHOOKS[1]
    if content_type.lower().startswith(b"multipart/form-data"):
        for prefix, n_bytes in _FILES:
            if name.startswith(prefix):
                return n_bytes + MULTIPART_OVERHEAD_BYTES
        for page, n_bytes in _PAGES:
            if page.fullmatch(path):
                return n_bytes + MULTIPART_OVERHEAD_BYTES
    if name.startswith(_PARTS[0]) and content_type.lower() == b"application/octet-stream":
        return _PARTS[1]
    return environment.JSON_BODY_MAX_BYTES

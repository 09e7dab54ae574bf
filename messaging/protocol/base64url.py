"""base64url without padding and with canonical trailing bits (RFC 4648 section 5, e2e section 1)."""

from __future__ import annotations

import base64
import binascii


class BadBase64(ValueError):
    """Not the one canonical encoding of any bytes."""


def b64u_encode(raw: bytes) -> str:
    """The canonical text of `raw`."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def b64u_decode(text: object) -> bytes:
    """The bytes of a canonical text; raises BadBase64 for padding, other alphabets or loose trailing bits."""
    if not isinstance(text, str) or not text.isascii():
        raise BadBase64("not ASCII text")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadBase64("not base64url") from error
    if b64u_encode(raw) != text:
        raise BadBase64("not canonical")
    return raw

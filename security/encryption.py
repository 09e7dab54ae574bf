"""Fields encrypted at rest: AES-256-GCM (NIST SP 800-38D), bound to the place they stand in.

FIELD_ENCRYPTION_KEY is "kid:key,kid:key", each key 32 bytes in base64url: the first encrypts, all decrypt, so a
key is replaced without losing a field. A stored field is `kid length (1) || kid || nonce (12) || ciphertext and tag`.
"""

from __future__ import annotations

import base64
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_NONCE_BYTES = 12


class CannotDecrypt(Exception):
    """Another key, another place, or altered bytes."""


def encrypt(*, plaintext: bytes, place: str) -> bytes:
    """The field's bytes; `place` is "table:user:field" and must be the same when it is read."""
    kid, cipher = next(iter(_ciphers(settings.FIELD_ENCRYPTION_KEY).items()))
    nonce = os.urandom(_NONCE_BYTES)
    return bytes([len(kid)]) + kid + nonce + cipher.encrypt(nonce, plaintext, _bound(kid, place))


def decrypt(*, stored: bytes, place: str) -> bytes:
    """The plaintext of a field; raises CannotDecrypt."""
    n = stored[0] if stored else 0
    kid, nonce, sealed = stored[1 : 1 + n], stored[1 + n : 1 + n + _NONCE_BYTES], stored[1 + n + _NONCE_BYTES :]
    cipher = _ciphers(settings.FIELD_ENCRYPTION_KEY).get(kid)
    if cipher is None or len(nonce) < _NONCE_BYTES:
        raise CannotDecrypt
    try:
        return cipher.decrypt(nonce, sealed, _bound(kid, place))
    except InvalidTag as error:
        raise CannotDecrypt from error


def _bound(kid: bytes, place: str) -> bytes:
    return kid + b"\n" + place.encode()


@cache
def _ciphers(value: str) -> dict[bytes, AESGCM]:
    ciphers = {}
    for part in value.split(","):
        kid, _, key = part.strip().partition(":")
        try:
            raw = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        except ValueError:
            raw = b""
        if not kid or len(kid) > 32 or len(raw) != 32:
            raise ImproperlyConfigured('FIELD_ENCRYPTION_KEY must be "kid:key,...", each key 32 bytes in base64url')
        ciphers[kid.encode()] = AESGCM(raw)
    return ciphers

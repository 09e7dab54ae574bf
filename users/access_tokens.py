"""Access tokens: JWT, HS256, key id in the header (RFC 7519, RFC 7515). A codec: whether the sign-in still
lives is the database's word, not the token's.

JWT_SECRET is "kid:secret,kid:secret": the first signs, all verify, so a key is replaced without signing
anyone out.
"""

from __future__ import annotations

import time
import uuid
from functools import cache
from typing import NamedTuple

import jwt
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .constants import ISSUER

_ALGORITHM = "HS256"
_TYPE = "at+jwt"  # RFC 9068 section 2.1
_SECRET_MIN_BYTES = 32


class Claims(NamedTuple):
    """What an access token says: the person's public id and the family of the sign-in."""

    user_id: uuid.UUID
    family: uuid.UUID


class BadToken(Exception):
    """Not one of our access tokens, or past its time."""


def issue(*, user_id: uuid.UUID, family: uuid.UUID, now_s: int | None = None) -> str:
    """An access token for ACCESS_TOKEN_MINUTES."""
    kid, secret = next(iter(_keys(settings.JWT_SECRET).items()))
    issued_s = int(time.time()) if now_s is None else now_s
    claims = {
        "iss": ISSUER,
        "sub": str(user_id),
        "sid": str(family),
        "iat": issued_s,
        "exp": issued_s + lifetime_s(),
    }
    return jwt.encode(claims, secret, algorithm=_ALGORITHM, headers={"kid": kid, "typ": _TYPE})


def read(*, token: str) -> Claims:
    """The claims of a token; raises BadToken unless signature, algorithm, key id, type, issuer and time are
    right."""
    try:
        header = jwt.get_unverified_header(token)
        secret = _keys(settings.JWT_SECRET).get(str(header.get("kid")))
        if secret is None or header.get("typ") != _TYPE:
            raise BadToken
        claims = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "iat", "iss", "sub", "sid"], "strict_aud": False},
        )
        return Claims(user_id=uuid.UUID(claims["sub"]), family=uuid.UUID(claims["sid"]))
    except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
        raise BadToken from error


def lifetime_s() -> int:
    """Seconds an access token lives."""
    return int(settings.ACCESS_TOKEN_MINUTES) * 60


@cache
def _keys(value: str) -> dict[str, bytes]:
    keys = {}
    for part in value.split(","):
        kid, _, secret = part.strip().partition(":")
        if not kid or len(secret.encode()) < _SECRET_MIN_BYTES:
            raise ImproperlyConfigured('JWT_SECRET must be "kid:secret,...", each secret of 32 bytes or more')
        keys[kid] = secret.encode()
    return keys

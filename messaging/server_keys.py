"""The server's receipt keys: Ed25519 seeds from E2E_SERVER_KEYS, the first signs, all are published."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from .protocol.base64url import b64u_decode
from .receipts import ServerKey


@cache
def list_server_keys() -> tuple[ServerKey, ...]:
    """Every key this server signs or has signed with, the current one first."""
    seeds = [part.strip() for part in settings.E2E_SERVER_KEYS.split(",") if part.strip()]
    return tuple(ServerKey.from_seed(b64u_decode(seed)) for seed in seeds)


def current() -> ServerKey:
    """The key that signs new receipts."""
    return list_server_keys()[0]


def get_server_key(*, skid: bytes) -> ServerKey:
    """The key of a stored row; raises LookupError once that key was destroyed."""
    for key in list_server_keys():
        if key.skid == skid:
            return key
    raise LookupError("no such server key")

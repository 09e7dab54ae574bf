"""Secrets of a fresh machine: made once, kept in VAR_DIR/secrets.env, readable by their owner only."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def _b64u(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


# The order of the curve P-256 (FIPS 186-5): a private key is a number below it.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


_MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "JWT_SECRET": lambda: f"k{secrets.token_hex(4)}:{secrets.token_urlsafe(48)}",
    "E2E_SERVER_KEYS": lambda: _b64u(secrets.token_bytes(32)),
    "FIELD_ENCRYPTION_KEY": lambda: f"f{secrets.token_hex(4)}:{_b64u(secrets.token_bytes(32))}",
    "WEB_PUSH_KEY": lambda: _b64u((1 + secrets.randbelow(_P256_ORDER - 1)).to_bytes(32, "big")),
    "STRIPE_WEBHOOK_SECRET": lambda: f"whsec_{secrets.token_hex(24)}",
    "RAZORPAY_WEBHOOK_SECRET": lambda: secrets.token_hex(24),
}


def ensure(var_dir: Path) -> dict[str, str]:
    """The generated secrets, making the missing ones. Safe when two processes start at once."""
    var_dir.mkdir(parents=True, exist_ok=True)
    path = var_dir / "secrets.env"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)
        missing = {name: make() for name, make in _MAKERS.items() if name not in found}
        file.seek(0, os.SEEK_END)
        file.write("".join(f"{name}={value}\n" for name, value in missing.items()))
    return {**found, **missing}

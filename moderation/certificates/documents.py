"""Certificates and keys as JSON, and as a picture to scan."""

from __future__ import annotations

import base64
import io
from datetime import datetime
from functools import lru_cache
from typing import Any

import qrcode
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from . import selectors
from .constants import ISSUER
from .types import Published


def document_of(*, found: Published, at: datetime, on: str = "") -> dict[str, Any]:
    """A certificate for programs. `payload` and `signature` are what counts; the rest repeats it for reading.

    `matches` is whether it is about the account `on`, null where none was named.
    """
    says = found.says
    return {
        "code": found.code,
        "url": url_of(code=found.code),
        "state": found.state(at=at),
        "revoked_at": found.revoked_at,
        "reason": found.revoked_because,
        "matches": is_about(found=found, on=on) if on else None,
        **{name: says.get(name) for name in ("level", "user_id", "name", "identity", "issued_at", "expires_at")},
        "alg": "Ed25519",
        "kid": found.kid,
        "payload": _b64u(found.payload),
        "signature": _b64u(found.signature),
        "does_not_prove": gettext("Who is typing at this moment: somebody else may use a verified account."),
    }


def is_about(*, found: Published, on: str) -> bool:
    """Whether it is about the account whose id is `on`; what is no id of anybody is another's."""
    return found.says.get("user_id") == on.strip().lower()


def keys_document() -> dict[str, Any]:
    """Every public key that certificates are signed with, the newest first."""
    keys = [
        {"kid": row.kid, "alg": "Ed25519", "public": _b64u(bytes(row.public)), "created_at": row.created_at.isoformat()}
        for row in selectors.list_keys()
    ]
    return {"issuer": ISSUER, "keys": keys}


def revoked_document(*, at: datetime) -> dict[str, Any]:
    """SHA-256 of the codes of certificates that were taken back, for who checks without asking us about each."""
    return {
        "issuer": ISSUER,
        "at": at.replace(second=0, microsecond=0).isoformat(),
        "revoked": selectors.list_revoked(),
    }


def url_of(*, code: str) -> str:
    """The address of a certificate's page, with its host."""
    return f"{settings.PUBLIC_URL}{reverse('trust:certificate', args=[code])}"


@lru_cache(maxsize=512)
def qr_of(*, code: str) -> str:
    """The address as a QR code: PNG in Base64, for a `data:` address."""
    picture = io.BytesIO()
    qrcode.make(url_of(code=code), box_size=6, border=3).save(picture)
    return base64.b64encode(picture.getvalue()).decode()


def _b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")

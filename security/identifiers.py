"""What the sign-in log and the limits know an account by: a keyed hash of its normalised e-mail address. And what the
reported events know a device, a network address or a card by: keyed hashes that cannot be guessed back."""

from __future__ import annotations

import unicodedata

from django.utils.crypto import salted_hmac


def normalise(*, identifier: str) -> str:
    """One spelling of an e-mail address: NFKC, trimmed, lower case."""
    return unicodedata.normalize("NFKC", identifier).strip().lower()


def keyed_hash(*, identifier: str) -> bytes:
    """HMAC-SHA256 of the normalised identifier under the site's secret, 32 bytes."""
    return salted_hmac("security.identifier", normalise(identifier=identifier), algorithm="sha256").digest()


def keyed(*, what: str, value: str) -> bytes | None:
    """HMAC-SHA256 of a device's fingerprint, a network address or a provider's name of a card, 32 bytes: the same one
    of two accounts shows, and two kinds are never equal. None for an empty value: unknown is like nothing."""
    return salted_hmac(f"security.event.{what}", value, algorithm="sha256").digest() if value else None

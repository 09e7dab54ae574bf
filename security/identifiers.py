"""What the sign-in log and the limits know an account by: a keyed hash of its normalised e-mail address."""

from __future__ import annotations

import unicodedata

from django.utils.crypto import salted_hmac


def normalise(*, identifier: str) -> str:
    """One spelling of an e-mail address: NFKC, trimmed, lower case."""
    return unicodedata.normalize("NFKC", identifier).strip().lower()


def keyed_hash(*, identifier: str) -> bytes:
    """HMAC-SHA256 of the normalised identifier under the site's secret, 32 bytes."""
    return salted_hmac("security.identifier", normalise(identifier=identifier), algorithm="sha256").digest()

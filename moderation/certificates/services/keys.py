"""Keys that certificates are signed with: made here, their seeds encrypted at rest, their public halves published."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from security import encryption

from ...models import CertificateKey


@transaction.atomic
def current() -> CertificateKey:
    """The newest key; the first one is made when it is first needed, once however many ask for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('moderation.certificate_key', 0))")
    return CertificateKey.objects.order_by("-created_at").first() or make()


def make() -> CertificateKey:
    """One more key, which signs from now on. Those before stay published."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    kid = hashlib.sha256(public).hexdigest()[:16]
    sealed = encryption.encrypt(plaintext=private.private_bytes_raw(), place=_place(kid))
    return CertificateKey.objects.create(kid=kid, public=public, sealed_seed=sealed)


def sign(*, key: CertificateKey, data: bytes) -> bytes:
    """Ed25519 (RFC 8032)."""
    seed = encryption.decrypt(stored=bytes(key.sealed_seed), place=_place(key.kid))
    return Ed25519PrivateKey.from_private_bytes(seed).sign(data)


def _place(kid: str) -> str:
    return f"moderation_certificatekey:{kid}:seed"

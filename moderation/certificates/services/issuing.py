"""Giving certificates out, and taking them back."""

from __future__ import annotations

import base64
import json
import secrets
import uuid

from django.db import transaction
from django.utils import timezone

from messaging import key_selectors
from security.services import audit
from users.models import User
from users.registry import names_of

from ...models import Certificate, Verification
from ..constants import CODE_BYTES, CONTEXT, ISSUER
from . import keys


@transaction.atomic
def issue(*, verification: Verification) -> Certificate:
    """A certificate about the holder of an approved verification, as long as that lasts; older ones are revoked.

    It says: level, the account and what it is called, the fingerprint of its chat identity where it has one, when it
    was issued and until when it holds. No legal name, no birth date, no number.
    """
    assert verification.valid_until is not None
    user, now = verification.user, timezone.now().replace(microsecond=0)
    revoke_all(user=user, because="replaced")
    code = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
    key = keys.current()
    payload = _payload(code=code, user=user, issued_at=now.isoformat(), expires_at=verification.valid_until.isoformat())
    certificate = Certificate.objects.create(
        code=code,
        user=user,
        verification=verification,
        level=Certificate.Level.SELFIE,
        key=key,
        payload=payload,
        signature=keys.sign(key=key, data=CONTEXT + payload),
        issued_at=now,
        expires_at=verification.valid_until,
    )
    audit.record(action="certificate.issued", subject_uid=user.uid, details={"code": code})
    return certificate


def revoke_all(*, user: User, because: str) -> int:
    """Take back every certificate of an account that holds. Returns how many."""
    rows = Certificate.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=timezone.now())
    return sum(revoke(uid=uid, because=because) for uid in rows.values_list("uid", flat=True))


def revoke(*, uid: uuid.UUID, because: str) -> bool:
    """Take one back, for good; `because` is a code that its page shows. Returns whether it had held until now."""
    rows = Certificate.objects.filter(uid=uid, revoked_at__isnull=True)
    return rows.update(revoked_at=timezone.now(), revoked_because=because) > 0


def _payload(*, code: str, user: User, issued_at: str, expires_at: str) -> bytes:
    says = {
        "v": 1,
        "iss": ISSUER,
        "code": code,
        "level": str(Certificate.Level.SELFIE),
        "user_id": str(user.uid),
        "name": names_of(users=[user])[user.pk],
        "identity": key_selectors.find_identity_fingerprint(user=user),
        "issued_at": issued_at,
        "expires_at": expires_at,
    }
    return json.dumps(says, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

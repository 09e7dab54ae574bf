"""Giving certificates out."""

from __future__ import annotations

import base64
import json
import secrets

from django.db import transaction
from django.utils import timezone

from messaging import key_selectors
from security.services import audit
from users.models import User
from users.registry import names_of

from ...events import certificate_changed
from ...models import Certificate, Verification
from .. import selectors
from ..constants import CERTIFICATES_A_DAY, CODE_BYTES, CONTEXT, ISSUER, REISSUED_AFTER
from ..errors import NotVerified, TooManyCertificates
from . import keys
from .revoking import revoke_all

_DAY_S = 24 * 3600


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
    dates = {"issued_at": now.isoformat(), "expires_at": verification.valid_until.isoformat()}
    payload = _as_bytes({"v": 1, "iss": ISSUER, "code": code, **_statement(user), **dates})
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
    certificate_changed(certificate=certificate, event="certificate.issued")
    return certificate


@transaction.atomic
def renew(*, user: User) -> tuple[Certificate, bool]:
    """A certificate that says what is true today: with the present name and chat identity, or after one was taken back.

    The one in force is given again where it is younger than REISSUED_AFTER and says the same; the second value is
    whether a new one was made. Raises NotVerified, TooManyCertificates.
    """
    verification = selectors.find_approved(user=user, for_update=True)
    if verification is None:
        raise NotVerified
    now = timezone.now()
    held = selectors.find_in_force(user=user)
    if held and held.issued_at > now - REISSUED_AFTER and _says(held, _statement(user)):
        return held, False
    if selectors.count_since(user=user, at=now - REISSUED_AFTER) >= CERTIFICATES_A_DAY:
        raise TooManyCertificates(retry_after_s=_DAY_S)
    return issue(verification=verification), True


def _statement(user: User) -> dict[str, str | None]:
    """What a certificate would say of somebody now."""
    return {
        "level": str(Certificate.Level.SELFIE),
        "user_id": str(user.uid),
        "name": names_of(users=[user])[user.pk],
        "identity": key_selectors.find_identity_fingerprint(user=user),
    }


def _says(certificate: Certificate, statement: dict[str, str | None]) -> bool:
    said: dict[str, str | None] = json.loads(bytes(certificate.payload))
    return statement.items() <= said.items()


def _as_bytes(says: dict[str, object]) -> bytes:
    return json.dumps(says, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

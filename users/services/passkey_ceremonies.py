"""What a browser signs with a passkey, and whether it did (Web Authentication Level 3, sections 7.1 and 7.2).

django-otp-webauthn and py_webauthn do all that is cryptography. Ours are the challenges: in PostgreSQL, because
Redis may be away; bound to where they were begun; used once by one conditional UPDATE (ASVS 6.7.2).
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm as UnsupportedKey
from django.db import DataError, IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnUserHandle
from django_otp_webauthn.utils import get_credential_model
from webauthn import base64url_to_bytes, verify_authentication_response
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, WebAuthnException
from webauthn.helpers.structs import UserVerificationRequirement

from ..constants import CREDENTIAL_ID_MAX, PASSKEY_CEREMONY_LIFE
from ..errors import PasskeyCeremonyOver, PasskeyRefused
from ..models import PasskeyCeremony, User
from ..types import Ceremony

Purpose = PasskeyCeremony.Purpose

# All that the libraries raise for what a client may send; a database that is away is none of it.
_REFUSALS = (
    WebAuthnException,
    OTPWebAuthnApiError,
    InvalidSignature,
    UnsupportedKey,
    IntegrityError,
    DataError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)


class ClonedPasskey(PasskeyRefused):
    """All is right but the count of signatures, which went back: there is a copy of the key (section 6.1.1)."""

    def __init__(self, *, passkey_id: int) -> None:
        super().__init__()
        self.passkey_id = passkey_id


def begin_registration(*, user: User, bound_to: uuid.UUID) -> Ceremony:
    """Ask for a new passkey that the device verifies its owner for, and that it finds without being told a name."""
    options, state = _Helper().register_begin(user)
    return _begin(Purpose.REGISTER, options, state, user=user, bound_to=bound_to)


def begin_proof(*, purpose: Purpose, user: User | None = None, bound_to: uuid.UUID | None = None) -> Ceremony:
    """Ask for a signature: of one of `user`'s passkeys, or of whichever the device has for this site."""
    options, state = _Helper().authenticate_begin(user, require_user_verification=True)
    return _begin(purpose, options, state, user=user, bound_to=bound_to)


def use(*, state: str, purpose: Purpose, user: User | None = None, bound_to: uuid.UUID | None = None) -> dict[str, Any]:
    """Use a ceremony up, whatever becomes of it, and give what was asked. Raises PasskeyCeremonyOver.

    Raises RuntimeError inside an open transaction: a refusal must not bring the challenge back.
    """
    token_sha256 = hashlib.sha256(state.encode(errors="replace")).digest()
    rows = PasskeyCeremony.objects.filter(token_sha256=token_sha256, purpose=purpose, user=user, bound_to=bound_to)
    with transaction.atomic(durable=True):
        if not _use_up(rows):
            raise PasskeyCeremonyOver
        asked: dict[str, Any] = rows.values_list("state", flat=True).get()
    return asked


def register(*, user: User, asked: dict[str, Any], credential: dict[str, Any]) -> Any:
    """Check and store a new passkey, as part of the caller's transaction. Raises PasskeyRefused."""
    data = _clean(credential, "attestationObject", "transports")
    with _refusing():
        made = _Helper().register_complete(user, asked, data)
        if len(made.credential_id) > CREDENTIAL_ID_MAX:
            raise PasskeyRefused
    return made


def verify(*, user: User, asked: dict[str, Any], credential: dict[str, Any], names_user: bool = False) -> Any:
    """Check a signature of one of `user`'s passkeys and note its use; gives the passkey.

    Part of the caller's transaction, which holds the account, so that answers take turns: of two with one count
    the second is refused. `names_user`: the answer itself has to name the account, where nobody did before.
    Raises PasskeyRefused, or ClonedPasskey, which is one.
    """
    data = _clean(credential, "authenticatorData", "signature", "userHandle")
    with _refusing():
        parsed = parse_authentication_credential_json(data)
        found = _get(user, parsed.raw_id)
        handle = parsed.response.user_handle
        if (names_user or handle) and not _is_handle_of(user, handle):
            raise PasskeyRefused
        try:
            return _Helper().authenticate_complete(user, asked, data)
        except InvalidAuthenticationResponse as error:
            if _is_only_the_count_wrong(found, asked, parsed):
                raise ClonedPasskey(passkey_id=found.pk) from error
            raise


def credential_id_of(credential: dict[str, Any]) -> bytes:
    """The id that the device keeps the passkey under. Raises PasskeyRefused."""
    with _refusing():
        return bytes(base64url_to_bytes(credential["rawId"]))


class _Helper(WebAuthnHelper):  # type: ignore[misc]  # untyped
    """The library's, which reads everything from the settings and needs no request for it."""

    def __init__(self) -> None:
        super().__init__(request=None)

    def get_credential_display_name(self, user: User) -> str:
        return user.name

    def get_generate_registration_options_kwargs(self, *, user: User) -> dict[str, Any]:
        """A passkey stands for both factors here, so the device has to verify who uses it."""
        kwargs: dict[str, Any] = super().get_generate_registration_options_kwargs(user=user)
        kwargs["authenticator_selection"].user_verification = UserVerificationRequirement.REQUIRED
        return kwargs


def _begin(
    purpose: Purpose, options: dict[str, Any], state: dict[str, Any], *, user: User | None, bound_to: uuid.UUID | None
) -> Ceremony:
    token, now = secrets.token_urlsafe(32), timezone.now()
    PasskeyCeremony.objects.filter(expires_at__lt=now).delete()
    PasskeyCeremony.objects.create(
        token_sha256=hashlib.sha256(token.encode()).digest(),
        purpose=purpose,
        user=user,
        bound_to=bound_to,
        state=state,
        expires_at=now + PASSKEY_CEREMONY_LIFE,
    )
    return Ceremony(options=options, state=token)


def _use_up(rows: QuerySet[PasskeyCeremony]) -> bool:
    now = timezone.now()
    return bool(rows.filter(used_at__isnull=True, expires_at__gt=now).update(used_at=now))


@contextmanager
def _refusing() -> Iterator[None]:
    """What the libraries cannot read or do not accept is one refusal; a half-made row is undone."""
    try:
        with transaction.atomic():
            yield
    except _REFUSALS as error:
        raise PasskeyRefused from error


def _clean(credential: dict[str, Any], *members: str) -> dict[str, Any]:
    """The members that count (PublicKeyCredential.toJSON), of the one extension that was asked for `rk` alone."""
    given = _object(credential.get("response"))
    extensions = _object(credential.get("clientExtensionResults"))
    is_resident = _object(extensions.get("credProps")).get("rk")
    return {
        **{name: credential.get(name) for name in ("id", "rawId", "type")},
        "response": {name: given[name] for name in ("clientDataJSON", *members) if name in given},
        "clientExtensionResults": {"credProps": {"rk": is_resident}} if isinstance(is_resident, bool) else {},
    }


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _get(user: User, credential_id: bytes) -> Any:
    model = get_credential_model()
    hashed = model.get_credential_id_sha256(credential_id)
    found = model.objects.filter(user=user, confirmed=True, credential_id_sha256=hashed).first()
    if found is None:
        raise PasskeyRefused
    return found


def _is_handle_of(user: User, handle: bytes | None) -> bool:
    return bool(handle) and WebAuthnUserHandle.objects.filter(user=user, handle_hex=bytes(handle or b"").hex()).exists()


def _is_only_the_count_wrong(found: Any, asked: dict[str, Any], parsed: Any) -> bool:
    """The library looks at the count before the signature, and a wrong signature proves no copy."""
    helper = _Helper()
    try:
        verified = verify_authentication_response(
            credential=parsed,
            credential_current_sign_count=0,
            credential_public_key=found.public_key,
            expected_challenge=base64url_to_bytes(asked["challenge"]),
            expected_rp_id=helper.get_relying_party_domain(),
            expected_origin=helper.get_allowed_origins(),
            require_user_verification=True,
        )
    except InvalidAuthenticationResponse:
        return False
    return bool(verified.new_sign_count <= found.sign_count)

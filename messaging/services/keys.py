"""The key log: enrolling and revoking keys by signed statements (e2e section 1)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction
from django.utils import timezone

from pairly.common.after_commit import push
from users.models import User
from users.services import sessions

from .. import events, selectors
from ..constants import MAX_DEVICES
from ..errors import MessageRejected
from ..models import Key, KeyStatement, SessionDevice
from ..protocol.base64url import BadBase64, b64u_decode
from ..protocol.keys import KeyInvalid, check_public_key, key_id
from ..protocol.labels import label
from ..protocol.statements import ZERO_HASH, Statement, StatementInvalid, log_hash, parse_statement

ALG_OF_ROLE = {1: 0x01, 2: 0x01, 3: 0x02}


@dataclass(frozen=True, kw_only=True, slots=True)
class LogHead:
    """Where a user's key log stands."""

    seq: int
    log_hash: bytes


@transaction.atomic
def add_statement(*, user: User, family: uuid.UUID, statement: str, sig: str, public: str, label_: str = "") -> LogHead:
    """Append one statement to the log of `user` and put it into force.

    `statement`, `sig`, `public` are unpadded base64url; a revocation carries `public` "". Enrolling a device key
    binds the session family to it; a new encryption key retires the one before. The user's log is locked for
    the transaction. Raises MessageRejected with the codes of e2e section 1.
    """
    raw, signature, public_key = (_decode(part) for part in (statement, sig, public))
    parsed = _parse(raw)
    selectors.lock_key_log(user_id=user.pk)
    _check_place(user=user, parsed=parsed)
    if parsed.is_revocation:
        _revoke(user=user, parsed=parsed, raw=raw, signature=signature, public_key=public_key)
    else:
        _enrol(
            user=user, family=family, parsed=parsed, raw=raw, signature=signature, public_key=public_key, name=label_
        )
    digest = log_hash(statement=raw, sig=signature)
    KeyStatement.objects.create(
        user=user, seq=parsed.seq, statement=raw, sig=signature, public=public_key, log_hash=digest
    )
    for peer_uid in (user.uid, *selectors.list_peer_uids(user=user)):
        push(user_id=peer_uid, event=events.key_changed(user_id=user.uid))
    return LogHead(seq=parsed.seq, log_hash=digest)


def bind_session(*, user: User, family: uuid.UUID, kid: bytes, sig: bytes) -> None:
    """Let this sign-in speak for an existing key device that proves itself.

    `sig` = Ed25519(device key, L("bind") || session family 16 bytes || kid). Raises MessageRejected.
    """
    public = selectors.find_device_key(kid=kid, user_id=user.pk)
    if public is None:
        raise MessageRejected(code="sig_key_unknown")
    if not selectors.is_key_active(kid=kid):
        raise MessageRejected(code="sig_key_revoked")
    _verify(public=public, signature=sig, message=label("bind") + family.bytes + kid)
    SessionDevice.objects.update_or_create(family=family, defaults={"key_id": kid})


def _decode(text: str) -> bytes:
    try:
        return b64u_decode(text)
    except BadBase64 as error:
        raise MessageRejected(code="bad_base64") from error


def _parse(raw: bytes) -> Statement:
    try:
        return parse_statement(raw=raw)
    except StatementInvalid as error:
        raise MessageRejected(code=error.code) from error


def _check_place(*, user: User, parsed: Statement) -> None:
    if parsed.user != user.uid.bytes:
        raise MessageRejected(code="stmt_user")
    last = selectors.find_last_statement(user_id=user.pk)
    seq, previous = (last.seq, bytes(last.log_hash)) if last else (0, ZERO_HASH)
    if parsed.seq != seq + 1 or parsed.prev_hash != previous:
        raise MessageRejected(code="stmt_chain", expected=seq + 1)
    if parsed.role not in ALG_OF_ROLE or parsed.alg != ALG_OF_ROLE[parsed.role]:
        raise MessageRejected(code="stmt_role")
    if last is None and (parsed.role != 1 or parsed.is_revocation):
        raise MessageRejected(code="stmt_role")


def _enrol(
    *, user: User, family: uuid.UUID, parsed: Statement, raw: bytes, signature: bytes, public_key: bytes, name: str
) -> None:
    try:
        check_public_key(alg=parsed.alg, public=public_key)
    except KeyInvalid as error:
        raise MessageRejected(code=error.code) from error
    kid = key_id(alg=parsed.alg, public=public_key)
    if kid != parsed.subject_kid:
        raise MessageRejected(code="stmt_subject")
    _verify(
        public=_signer(user=user, parsed=parsed, public_key=public_key), signature=signature, message=label("key") + raw
    )
    if selectors.is_key_known(kid=kid):
        raise MessageRejected(code="key_exists")
    if parsed.role == Key.Role.IDENTITY and parsed.seq != 1:
        raise MessageRejected(code="stmt_role")
    if parsed.role == Key.Role.DEVICE and selectors.count_active_devices(user_id=user.pk) >= MAX_DEVICES:
        raise MessageRejected(code="too_many_devices")
    if parsed.role == Key.Role.ENCRYPTION:
        Key.objects.filter(user=user, role=Key.Role.ENCRYPTION, active=True).update(active=False)
    Key.objects.create(
        kid=kid,
        user=user,
        role=parsed.role,
        alg=parsed.alg,
        public=public_key,
        label=name[:80],
        created_ms=parsed.created_ms,
        rotate_after_ms=parsed.rotate_after_ms,
    )
    if parsed.role == Key.Role.DEVICE:
        SessionDevice.objects.update_or_create(family=family, defaults={"key_id": kid})


def _signer(*, user: User, parsed: Statement, public_key: bytes) -> bytes:
    """The key that must have signed: roles as e2e section 1 allows them."""
    if parsed.role == Key.Role.IDENTITY and not parsed.is_revocation:
        if parsed.signer_kid != parsed.subject_kid:
            raise MessageRejected(code="stmt_signer")
        return public_key
    signer = selectors.find_active_key(kid=parsed.signer_kid, user_id=user.pk)
    if signer is None:
        raise MessageRejected(code="stmt_signer")
    by_identity = signer.role == Key.Role.IDENTITY
    by_device = signer.role == Key.Role.DEVICE and (
        (parsed.is_revocation and parsed.signer_kid == parsed.subject_kid)
        or (not parsed.is_revocation and parsed.role == Key.Role.ENCRYPTION)
    )
    if not (by_identity or by_device):
        raise MessageRejected(code="stmt_signer")
    return bytes(signer.public)


def _revoke(*, user: User, parsed: Statement, raw: bytes, signature: bytes, public_key: bytes) -> None:
    if public_key:
        raise MessageRejected(code="bad_key_length")
    subject = selectors.find_active_key(kid=parsed.subject_kid, user_id=user.pk)
    if subject is None or subject.role != parsed.role:
        raise MessageRejected(code="stmt_subject")
    _verify(public=_signer(user=user, parsed=parsed, public_key=b""), signature=signature, message=label("key") + raw)
    Key.objects.filter(pk=subject.pk).update(active=False, revoked_at=timezone.now())
    if subject.role == Key.Role.DEVICE:
        for family in selectors.list_bound_families(kid=parsed.subject_kid):
            sessions.end_family(family=family, reason="key_revoked")


def _verify(*, public: bytes, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise MessageRejected(code="sig_invalid") from error

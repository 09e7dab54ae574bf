"""The key log: enrolling and revoking keys by signed statements (e2e section 1)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction
from django.utils import timezone

from pairly.common.after_commit import push
from pairly.common.clock import now_ms
from pairly.common.problems import NotFound
from users.models import User
from users.services import security_mails, sessions

from .. import events, key_selectors, selectors
from ..constants import CLOCK_SKEW_MS, MAX_DEVICES
from ..errors import MessageRejected
from ..models import Key, KeyStatement, SessionDevice
from ..protocol.base64url import BadBase64, b64u_decode
from ..protocol.keys import KeyInvalid, check_public_key, key_id
from ..protocol.labels import label
from ..protocol.statements import ZERO_HASH, Statement, StatementInvalid, log_hash, parse_statement

ALG_OF_ROLE = {1: 0x01, 2: 0x01, 3: 0x02}
# The identity, and then the device that made it: nobody is told of that one.
FIRST_DEVICE_SEQ = 2


# A key is announced to be used for this long at most; peers refuse encryption keys that are older (e2e section 4).
LIFE_MAX_MS = 400 * 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class LogHead:
    """Where a user's key log stands; `created_ms` is the time of its last statement."""

    seq: int = 0
    log_hash: bytes = ZERO_HASH
    log_no: int = 1
    created_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedEntry:
    """A statement as clients send it: unpadded base64url; a revocation carries `public` ""."""

    statement: str
    sig: str
    public: str
    label: str = ""


def add_statement(
    *, user: User, family: uuid.UUID, statement: str, sig: str, public: str, label_: str = "", at_ms: int | None = None
) -> LogHead:
    """Append one statement to the log of `user` and put it into force.

    `statement`, `sig`, `public` are unpadded base64url; a revocation carries `public` "". Enrolling a device key
    binds the session family to it; a new encryption key retires the one before. `at_ms`: when it came in (None: now).
    The user's log is locked for the transaction. Raises MessageRejected with the codes of e2e section 1.
    """
    entry = SignedEntry(statement=statement, sig=sig, public=public, label=label_)
    with transaction.atomic():
        head = find_head(user=user, lock=True)
        head = append(user=user, family=family, entry=entry, head=head, at_ms=at_ms)
        tell(user=user)
    return head


def find_head(*, user: User, lock: bool = False) -> LogHead:
    """Where the log of `user` stands, seq 0 for who has none; with `lock` it stays so until the transaction ends."""
    if lock:
        key_selectors.lock_key_log(user_id=user.pk)
    last = key_selectors.find_last_statement(user_id=user.pk)
    if last is None:
        return LogHead()
    created_ms = parse_statement(raw=bytes(last.statement)).created_ms
    return LogHead(seq=last.seq, log_hash=bytes(last.log_hash), log_no=last.log_no, created_ms=created_ms)


def append(*, user: User, family: uuid.UUID, entry: SignedEntry, head: LogHead, at_ms: int | None = None) -> LogHead:
    """`add_statement` after `head`, for services that lock the log themselves and `tell` when they are through."""
    raw, signature, public_key = (_decode(part) for part in (entry.statement, entry.sig, entry.public))
    parsed = _parse(raw)
    _check_place(user=user, parsed=parsed, head=head)
    _check_times(parsed=parsed, head=head, at_ms=now_ms() if at_ms is None else at_ms)
    if parsed.is_revocation:
        _revoke(user=user, parsed=parsed, raw=raw, signature=signature, public_key=public_key)
    else:
        _enrol(
            user=user,
            family=family,
            parsed=parsed,
            raw=raw,
            signature=signature,
            public_key=public_key,
            name=entry.label,
        )
    digest = log_hash(statement=raw, sig=signature)
    KeyStatement.objects.create(
        user=user,
        log_no=head.log_no,
        seq=parsed.seq,
        statement=raw,
        sig=signature,
        public=public_key,
        log_hash=digest,
    )
    return LogHead(seq=parsed.seq, log_hash=digest, log_no=head.log_no, created_ms=parsed.created_ms)


def tell(*, user: User) -> None:
    """Open pages of `user`, and of whom they write with, hear after the commit that the keys have changed."""
    for peer_uid in (user.uid, *selectors.list_peer_uids(user=user)):
        push(user_id=peer_uid, event=events.key_changed(user_id=user.uid))


def rename_device(*, user: User, kid: bytes, label_: str) -> None:
    """Call a device of `user` something else: names are not signed. Raises NotFound."""
    if not Key.objects.filter(kid=kid, user=user, role=Key.Role.DEVICE).update(label=label_[:80]):
        raise NotFound()


def bind_session(*, user: User, family: uuid.UUID, kid: bytes, sig: bytes) -> None:
    """Let this sign-in speak for an existing key device that proves itself.

    `sig` = Ed25519(device key, L("bind") || session family 16 bytes || kid). Raises MessageRejected.
    """
    public = key_selectors.find_device_key(kid=kid, user_id=user.pk)
    if public is None:
        raise MessageRejected(code="sig_key_unknown")
    if not key_selectors.is_key_active(kid=kid):
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


def _check_place(*, user: User, parsed: Statement, head: LogHead) -> None:
    if parsed.user != user.uid.bytes:
        raise MessageRejected(code="stmt_user")
    if parsed.seq != head.seq + 1 or parsed.prev_hash != head.log_hash:
        raise MessageRejected(code="stmt_chain", expected=head.seq + 1)
    if parsed.role not in ALG_OF_ROLE or parsed.alg != ALG_OF_ROLE[parsed.role]:
        raise MessageRejected(code="stmt_role")
    if head.seq == 0 and (parsed.role != 1 or parsed.is_revocation):
        raise MessageRejected(code="stmt_role")


def _check_times(*, parsed: Statement, head: LogHead, at_ms: int) -> None:
    """Times are signed by clocks of devices: near ours, never back within a log, and a key does not live for ever."""
    if abs(parsed.created_ms - at_ms) > CLOCK_SKEW_MS:
        raise MessageRejected(code="clock_skew")
    if parsed.created_ms < head.created_ms:
        raise MessageRejected(code="stmt_time")
    if not parsed.created_ms < parsed.rotate_after_ms <= parsed.created_ms + LIFE_MAX_MS:
        raise MessageRejected(code="stmt_time")


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
    if key_selectors.is_key_known(kid=kid):
        raise MessageRejected(code="key_exists")
    if parsed.role == Key.Role.IDENTITY and parsed.seq != 1:
        raise MessageRejected(code="stmt_role")
    if parsed.role == Key.Role.DEVICE and key_selectors.count_active_devices(user_id=user.pk) >= MAX_DEVICES:
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
        if parsed.seq > FIRST_DEVICE_SEQ:
            security_mails.write(user=user, notice="key_device_added", device=name[:80] or "-")


def _signer(*, user: User, parsed: Statement, public_key: bytes) -> bytes:
    """The key that must have signed: roles as e2e section 1 allows them."""
    if parsed.role == Key.Role.IDENTITY and not parsed.is_revocation:
        if parsed.signer_kid != parsed.subject_kid:
            raise MessageRejected(code="stmt_signer")
        return public_key
    signer = key_selectors.find_active_key(kid=parsed.signer_kid, user_id=user.pk)
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
    subject = key_selectors.find_active_key(kid=parsed.subject_kid, user_id=user.pk)
    if subject is None or subject.role != parsed.role:
        raise MessageRejected(code="stmt_subject")
    _verify(public=_signer(user=user, parsed=parsed, public_key=b""), signature=signature, message=label("key") + raw)
    Key.objects.filter(pk=subject.pk).update(active=False, revoked_at=timezone.now())
    if subject.role == Key.Role.DEVICE:
        for family in key_selectors.list_bound_families(kid=parsed.subject_kid):
            sessions.end_family(family=family, reason="key_revoked")
        security_mails.write(user=user, notice="key_device_removed", device=subject.label or "-")


def _verify(*, public: bytes, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise MessageRejected(code="sig_invalid") from error

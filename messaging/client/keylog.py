"""Somebody's key log: verified entry by entry, and against where it was last seen (e2e section 1).

The server hands out logs; it is not believed. Every refusal is a CannotVerify with the code of docs/encryption.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from messaging.protocol.base64url import BadBase64, b64u_decode
from messaging.protocol.keys import ALG_ED25519, ALG_XWING, KeyInvalid, check_public_key, key_id
from messaging.protocol.statements import (
    ZERO_HASH,
    Statement,
    StatementInvalid,
    log_hash,
    parse_statement,
    signed_bytes,
)

from .identity import DAY_MS, ROTATE_AFTER_DAYS, SignedStatement
from .problems import CannotVerify

IDENTITY, DEVICE, ENCRYPTION = 1, 2, 3
ALG_OF_ROLE = {IDENTITY: ALG_ED25519, DEVICE: ALG_ED25519, ENCRYPTION: ALG_XWING}
TOO_OLD_MS = 400 * DAY_MS


@dataclass(frozen=True, slots=True)
class LogPin:
    """Where a log was last seen: its identity key, and the hash of its entry `seq`."""

    identity: bytes
    seq: int
    hash: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownKey:
    """A key of a verified log; times are the statements', in milliseconds."""

    role: int
    kid: bytes
    public: bytes
    created_ms: int
    revoked_ms: int | None = None


@dataclass(frozen=True, slots=True)
class KeyLog:
    """A log that verified up to `seq`; `keys` by kid, in the order of enrolment."""

    user: bytes
    seq: int = 0
    hash: bytes = ZERO_HASH
    keys: Mapping[bytes, KnownKey] = field(default_factory=dict)

    @property
    def identity(self) -> KnownKey:
        """The identity key: the first entry. Raises CannotVerify('no_keys')."""
        found = (key for key in self.keys.values() if key.role == IDENTITY and key.revoked_ms is None)
        return _first(found)

    @property
    def devices(self) -> list[KnownKey]:
        """Device keys, revoked ones too."""
        return [key for key in self.keys.values() if key.role == DEVICE]

    @property
    def encryption(self) -> KnownKey:
        """What messages are sealed to: the newest active encryption key. Raises CannotVerify('no_keys')."""
        keys = reversed(list(self.keys.values()))  # in the order of the log
        return _first(key for key in keys if key.role == ENCRYPTION and key.revoked_ms is None)

    @property
    def pin(self) -> LogPin:
        """What to remember of it."""
        return LogPin(self.identity.public, self.seq, self.hash)

    def is_due(self, *, now_ms: int) -> bool:
        """Whether the encryption key has served its time, or somebody has it who was shut out since."""
        current = self.encryption.created_ms
        is_old = now_ms - current >= ROTATE_AFTER_DAYS * DAY_MS
        return is_old or any((device.revoked_ms or 0) > current for device in self.devices)

    def signing_time(self, *, now_ms: int) -> int:
        """The time to sign the next entry with: not before what the log says already, whatever this clock says."""
        return max([now_ms, *(max(key.created_ms, key.revoked_ms or 0) for key in self.keys.values())])


def _first(keys: Iterable[KnownKey]) -> KnownKey:
    for key in keys:
        return key
    raise CannotVerify("no_keys")


def check_age(*, key: KnownKey, now_ms: int) -> None:
    """Nobody seals to somebody else's key that is 400 days old: CannotVerify('keys_too_old')."""
    if now_ms - key.created_ms > TOO_OLD_MS:
        raise CannotVerify("keys_too_old")


def read_entry(row: Mapping[str, str]) -> SignedStatement:
    """An entry of GET keys/{user_id}/log; raises CannotVerify('malformed')."""
    try:
        statement, sig, public = (b64u_decode(row[name]) for name in ("statement", "sig", "public"))
    except (BadBase64, KeyError, TypeError) as error:
        raise CannotVerify("malformed") from error
    return SignedStatement(statement, sig, public)


def verify_log(*, user: bytes, entries: Iterable[SignedStatement], pin: LogPin | None = None) -> KeyLog:
    """Verify a whole log of `user` (16-byte id). Raises CannotVerify with the code of a statement, `no_keys`, and
    against `pin`: `identity_changed`, `log_fork` (an entry that was seen is another), `log_rollback` (one is gone)."""
    log = extend_log(log=KeyLog(user), entries=entries, pin=pin)
    check_reaches(log=log, pin=pin)
    return log


def extend_log(*, log: KeyLog, entries: Iterable[SignedStatement], pin: LogPin | None = None) -> KeyLog:
    """`log` with later entries, which may end before the pin's. Raises as `verify_log`."""
    for entry in entries:
        log = _append(log, entry)
        if pin and log.seq == 1 and log.identity.public != pin.identity:
            raise CannotVerify("identity_changed")
        if pin and log.seq == pin.seq and log.hash != pin.hash:
            raise CannotVerify("log_fork")
    return log


def check_reaches(*, log: KeyLog, pin: LogPin | None) -> None:
    """Raises CannotVerify: `log_rollback` where the log ends before the pin, `no_keys` where it has no identity."""
    if pin and log.seq < pin.seq:
        raise CannotVerify("log_rollback")
    if not log.keys:
        raise CannotVerify("no_keys")


def _append(log: KeyLog, entry: SignedStatement) -> KeyLog:
    try:
        parsed = parse_statement(raw=entry.statement)
    except StatementInvalid as error:
        raise CannotVerify(error.code) from error
    _check_place(log, parsed)
    signer = _signer_of_revocation(log, parsed) if parsed.is_revocation else _signer_of_key(log, parsed, entry.public)
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(entry.sig, signed_bytes(statement=entry.statement))
    except (InvalidSignature, ValueError) as error:
        raise CannotVerify("sig_invalid") from error
    if parsed.is_revocation:
        changed = replace(log.keys[parsed.subject_kid], revoked_ms=parsed.created_ms)
    else:
        changed = KnownKey(role=parsed.role, kid=parsed.subject_kid, public=entry.public, created_ms=parsed.created_ms)
    digest = log_hash(statement=entry.statement, sig=entry.sig)
    return KeyLog(log.user, parsed.seq, digest, {**log.keys, parsed.subject_kid: changed})


def _check_place(log: KeyLog, parsed: Statement) -> None:
    if parsed.user != log.user:
        raise CannotVerify("stmt_user")
    if parsed.seq != log.seq + 1 or parsed.prev_hash != log.hash:
        raise CannotVerify("stmt_chain")
    # One identity, the first entry: a second one would certify devices behind the pin's back.
    if (parsed.seq == 1) != (parsed.role == IDENTITY and not parsed.is_revocation):
        raise CannotVerify("stmt_role")
    if not parsed.is_revocation and parsed.alg != ALG_OF_ROLE.get(parsed.role):
        raise CannotVerify("stmt_role")


def _signer_of_key(log: KeyLog, parsed: Statement, public: bytes) -> bytes:
    try:
        check_public_key(alg=parsed.alg, public=public)
    except KeyInvalid as error:
        raise CannotVerify(error.code) from error
    if parsed.subject_kid in log.keys:
        raise CannotVerify("key_exists")
    if key_id(alg=parsed.alg, public=public) != parsed.subject_kid:
        raise CannotVerify("stmt_subject")
    if parsed.role == IDENTITY:
        if parsed.signer_kid != parsed.subject_kid:
            raise CannotVerify("stmt_signer")
        return public
    return _active_signer(log, parsed, by_device=parsed.role == ENCRYPTION)


def _signer_of_revocation(log: KeyLog, parsed: Statement) -> bytes:
    subject = log.keys.get(parsed.subject_kid)
    if subject is None or subject.role != parsed.role or subject.revoked_ms is not None:
        raise CannotVerify("stmt_subject")
    return _active_signer(log, parsed, by_device=parsed.signer_kid == parsed.subject_kid)


def _active_signer(log: KeyLog, parsed: Statement, *, by_device: bool) -> bytes:
    """The identity key, or a device key where `by_device` allows one."""
    signer = log.keys.get(parsed.signer_kid)
    if signer is None or signer.revoked_ms is not None:
        raise CannotVerify("stmt_signer")
    if not (signer.role == IDENTITY or (signer.role == DEVICE and by_device)):
        raise CannotVerify("stmt_signer")
    return signer.public

"""A user's keys: identity (certifies), device (signs messages), encryption (receives)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from messaging.protocol.base64url import b64u_encode
from messaging.protocol.keys import ALG_ED25519, ALG_XWING, MLKEM_PUBLIC, key_id
from messaging.protocol.labels import label
from messaging.protocol.statements import ZERO_HASH, Statement, log_hash, signed_bytes

DAY_MS = 24 * 3600 * 1000
ROTATE_AFTER_DAYS = 30
SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key from its 32-byte seed."""

    seed: bytes = field(repr=False)

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def kid(self) -> bytes:
        return key_id(alg=ALG_ED25519, public=self.public)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)

    def __deepcopy__(self, memo: object) -> SigningKey:
        """Itself: it never changes, and what it derives cannot be copied."""
        return self


@dataclass(frozen=True)
class EncryptionKey:
    """An X-Wing key from its 32-byte seed: SHAKE256(seed, 96) = d || z (ML-KEM) || x25519 secret."""

    seed: bytes = field(repr=False)

    @cached_property
    def private(self) -> MLKEM768X25519PrivateKey:
        expanded = hashlib.shake_256(self.seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        return MLKEM768X25519PrivateKey(mlkem, X25519PrivateKey.from_private_bytes(expanded[64:]))

    @cached_property
    def public(self) -> bytes:
        expanded = hashlib.shake_256(self.seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
        return mlkem + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()

    @cached_property
    def kid(self) -> bytes:
        return key_id(alg=ALG_XWING, public=self.public)

    def open_box(self, *, box: bytes, info: bytes) -> bytes:
        """HPKE single-shot open (RFC 9180 section 6.1); raises InvalidTag."""
        return SUITE.decrypt(box, self.private, info)

    def __deepcopy__(self, memo: object) -> EncryptionKey:
        """Itself, as above."""
        return self


def xwing_public(*, public: bytes) -> MLKEM768X25519PublicKey:
    """An X-Wing public key; raises ValueError for one that cannot be used."""
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC]),
        X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC:]),
    )


def seal_box(*, public: bytes, content_key: bytes, info: bytes) -> bytes:
    """HPKE single-shot seal to an X-Wing public key: enc(1120) || ct(48)."""
    return SUITE.encrypt(content_key, xwing_public(public=public), info)


@dataclass(frozen=True)
class SignedStatement:
    """A log entry as POST keys/statements takes it."""

    statement: bytes
    sig: bytes
    public: bytes
    label: str = ""

    def as_json(self) -> dict[str, str]:
        return {
            "statement": b64u_encode(self.statement),
            "sig": b64u_encode(self.sig),
            "public": b64u_encode(self.public),
            "label": self.label,
        }


@dataclass
class Identity:
    """One user's keys on one device, and where the key log stands."""

    user: bytes
    identity: SigningKey
    device: SigningKey
    encryption: list[EncryptionKey]
    log_seq: int = 0
    log_hash: bytes = ZERO_HASH

    @classmethod
    def create(cls, *, user: bytes, random: Random = os.urandom) -> Identity:
        """New keys for a user (16-byte id)."""
        return cls(user, SigningKey(random(32)), SigningKey(random(32)), [EncryptionKey(random(32))])

    def first_statements(self, *, now_ms: int, device_label: str = "") -> list[SignedStatement]:
        """The three entries of a new log in order: identity, device, encryption key."""
        return [
            self._state(1, ALG_ED25519, self.identity.kid, self.identity.public, now_ms, ""),
            self._state(2, ALG_ED25519, self.device.kid, self.device.public, now_ms, device_label),
            self._state(3, ALG_XWING, self.encryption[-1].kid, self.encryption[-1].public, now_ms, ""),
        ]

    def enrol_device(self, *, now_ms: int, device_label: str = "") -> SignedStatement:
        """Certify this device in an existing log, after the backup was opened on it."""
        return self._state(2, ALG_ED25519, self.device.kid, self.device.public, now_ms, device_label)

    @classmethod
    def on_device(cls, *, user: bytes, device_seed: bytes, encryption_seeds: list[bytes]) -> Identity:
        """What a device keeps: it signs messages and certifies encryption keys. The identity key is not there (its
        use raises ValueError): the backup holds it, behind a secret."""
        return cls(user, SigningKey(b""), SigningKey(device_seed), [EncryptionKey(seed) for seed in encryption_seeds])

    def certify_device(self, *, public: bytes, now_ms: int, device_label: str = "") -> SignedStatement:
        """Let another device in, by its public key."""
        return self._state(2, ALG_ED25519, key_id(alg=ALG_ED25519, public=public), public, now_ms, device_label)

    def bind_signature(self, *, session: bytes) -> bytes:
        """Proof for POST keys/bind: Ed25519(DK, L("bind") || session id 16 bytes || kid)."""
        return self.device.sign(label("bind") + session + self.device.kid)

    def rotate(self, *, now_ms: int, key: EncryptionKey | None = None, random: Random = os.urandom) -> SignedStatement:
        """A new encryption key, certified by the device (no passphrase needed). Put its seed into the backup first."""
        key = key or EncryptionKey(random(32))
        self.encryption.append(key)
        return self._state(3, ALG_XWING, key.kid, key.public, now_ms, "", signer=self.device)

    def revoke_device(self, *, kid: bytes, now_ms: int) -> SignedStatement:
        """Withdraw a device key."""
        return self._state(2, ALG_ED25519, kid, b"", now_ms, "", is_revocation=True)

    def _state(
        self,
        role: int,
        alg: int,
        subject: bytes,
        public: bytes,
        now_ms: int,
        name: str,
        *,
        signer: SigningKey | None = None,
        is_revocation: bool = False,
    ) -> SignedStatement:
        signer = signer or self.identity
        raw = Statement(
            role=role,
            is_revocation=is_revocation,
            alg=alg,
            user=self.user,
            subject_kid=subject,
            signer_kid=signer.kid,
            created_ms=now_ms,
            rotate_after_ms=now_ms + ROTATE_AFTER_DAYS * DAY_MS,
            seq=self.log_seq + 1,
            prev_hash=self.log_hash,
        ).encode()
        sig = signer.sign(signed_bytes(statement=raw))
        self.log_seq += 1
        self.log_hash = log_hash(statement=raw, sig=sig)
        return SignedStatement(raw, sig, public, name)

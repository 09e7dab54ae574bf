"""The key backup, also the key file (e2e section 4): slots wrap a master key, which wraps identity and keyring."""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.labels import label

from .identity import EncryptionKey, Identity, Random, SigningKey

BOUNDS = {"m": (19_456, 262_144), "t": (2, 10), "p": (1, 4)}


class BackupError(ValueError):
    """The backup cannot be opened; `code` is `slot_unknown`, `kdf_bounds`, `wrong_secret` or `backup_damaged`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Backup:
    """An opened backup: the master key is kept to write the next version."""

    user: bytes
    gen: bytes
    master: bytes = field(repr=False)
    identity_seed: bytes = field(repr=False)
    encryption_seeds: list[bytes] = field(repr=False)
    slots: list[dict[str, Any]]
    version: int = 1

    @property
    def keyring_key(self) -> bytes:
        """All that a device keeps of a backup: it opens the keyring, not the identity."""
        return _hkdf(self.master, b"", "keyring-key")


def _wrap(key: bytes, data: bytes, aad: bytes, random: Random) -> str:
    nonce = random(12)
    return b64u_encode(nonce + AESGCM(key).encrypt(nonce, data, aad))


def _unwrap(key: bytes, text: str, aad: bytes, code: str) -> bytes:
    raw = b64u_decode(text)
    try:
        return AESGCM(key).decrypt(raw[:12], raw[12:], aad)
    except (InvalidTag, ValueError) as error:
        raise BackupError(code) from error


def _hkdf(secret: bytes, salt: bytes, name: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=label(name)).derive(secret)


def argon2id_key(*, passphrase: str, salt: bytes, m: int, t: int, p: int) -> bytes:
    """Slot key of a passphrase (UTF-8, NFC); raises BackupError('kdf_bounds') before deriving."""
    for name, value in (("m", m), ("t", t), ("p", p)):
        low, high = BOUNDS[name]
        if type(value) is not int or not low <= value <= high:
            raise BackupError("kdf_bounds")
    secret = unicodedata.normalize("NFC", passphrase).encode()
    return hash_secret_raw(secret, salt, time_cost=t, memory_cost=m, parallelism=p, hash_len=32, type=Type.ID)


def recovery_slot(
    *, code: bytes, master: bytes, user: bytes, gen: bytes, random: Random = os.urandom
) -> dict[str, Any]:
    """The slot that the recovery code opens."""
    salt = random(16)
    wrapped = _wrap(_hkdf(code, salt, "recovery"), master, label("slot") + user + gen, random)
    return {"type": "recovery", "salt": b64u_encode(salt), "wrapped": wrapped}


def passphrase_slot(
    *, passphrase: str, master: bytes, user: bytes, gen: bytes, m: int = 65_536, t: int = 3, p: int = 1,
    random: Random = os.urandom,
) -> dict[str, Any]:  # fmt: skip
    """The slot that a passphrase opens."""
    salt = random(16)
    key = argon2id_key(passphrase=passphrase, salt=salt, m=m, t=t, p=p)
    wrapped = _wrap(key, master, label("slot") + user + gen, random)
    return {"type": "argon2id", "m": m, "t": t, "p": p, "salt": b64u_encode(salt), "wrapped": wrapped}


def create(*, identity: Identity, recovery: bytes, random: Random = os.urandom) -> Backup:
    """A first backup of an identity, opened by the recovery code."""
    master, gen = random(32), random(16)
    slot = recovery_slot(code=recovery, master=master, user=identity.user, gen=gen, random=random)
    seeds = [key.seed for key in identity.encryption]
    return Backup(identity.user, gen, master, identity.identity.seed, seeds, [slot])


def to_file(backup: Backup, *, random: Random = os.urandom) -> dict[str, Any]:
    """The JSON of PUT keys/backup."""
    place = backup.user + backup.gen
    keyring = json.dumps({"enc": [b64u_encode(seed) for seed in backup.encryption_seeds]}).encode()
    keyring_aad = label("keyring") + place + backup.version.to_bytes(4, "big")
    return {
        "format": "pairly-keys",
        "v": 1,
        "user_id": b64u_encode(backup.user),
        "gen": b64u_encode(backup.gen),
        "version": backup.version,
        "slots": backup.slots,
        "identity": _wrap(
            _hkdf(backup.master, b"", "identity-key"), backup.identity_seed, label("identity") + place, random
        ),
        "keyring": _wrap(_hkdf(backup.master, b"", "keyring-key"), keyring, keyring_aad, random),
    }


def open_file(*, file: dict[str, Any], recovery: bytes | None = None, passphrase: str | None = None) -> Backup:
    """Open a backup by recovery code or passphrase. Raises BackupError."""
    user, gen, version = b64u_decode(file["user_id"]), b64u_decode(file["gen"]), int(file["version"])
    place = user + gen
    master = _open_slots(file["slots"], place, recovery, passphrase)
    identity_seed = _unwrap(
        _hkdf(master, b"", "identity-key"), file["identity"], label("identity") + place, "backup_damaged"
    )
    keyring_aad = label("keyring") + place + version.to_bytes(4, "big")
    keyring = json.loads(_unwrap(_hkdf(master, b"", "keyring-key"), file["keyring"], keyring_aad, "backup_damaged"))
    seeds = [b64u_decode(seed) for seed in keyring["enc"]]
    return Backup(user, gen, master, identity_seed, seeds, file["slots"], version)


def _open_slots(slots: list[dict[str, Any]], place: bytes, recovery: bytes | None, passphrase: str | None) -> bytes:
    wanted = "recovery" if recovery is not None else "argon2id"
    matching = [slot for slot in slots if slot["type"] == wanted]
    if not matching:
        raise BackupError("slot_unknown")
    for slot in matching:
        salt = b64u_decode(slot["salt"])
        if recovery is not None:
            key = _hkdf(recovery, salt, "recovery")
        else:
            key = argon2id_key(passphrase=passphrase or "", salt=salt, m=slot["m"], t=slot["t"], p=slot["p"])
        try:
            return _unwrap(key, slot["wrapped"], label("slot") + place, "wrong_secret")
        except BackupError:
            continue
    raise BackupError("wrong_secret")


def to_identity(backup: Backup, *, device_seed: bytes, log_seq: int, log_hash: bytes) -> Identity:
    """The identity on a (new) device that has opened the backup."""
    keys = [EncryptionKey(seed) for seed in backup.encryption_seeds]
    return Identity(backup.user, SigningKey(backup.identity_seed), SigningKey(device_seed), keys, log_seq, log_hash)


def renew(
    backup: Backup, *, recovery: bytes | None = None, passphrase: str | None = None, random: Random = os.urandom
) -> Backup:
    """The next version under a new master key and `gen`, opened by the one secret alone: whoever knew the keys of
    before cannot open it. After a device was revoked."""
    master, gen = random(32), random(16)
    slots = [_slot(master, backup.user, gen, recovery, passphrase, random)]
    seeds = list(backup.encryption_seeds)
    return Backup(backup.user, gen, master, backup.identity_seed, seeds, slots, backup.version + 1)


def with_secret(
    backup: Backup, *, recovery: bytes | None = None, passphrase: str | None = None, random: Random = os.urandom
) -> Backup:
    """The next version with this secret as the only one of its kind; the others stay."""
    slot = _slot(backup.master, backup.user, backup.gen, recovery, passphrase, random)
    slots = [*(one for one in backup.slots if one["type"] != slot["type"]), slot]
    return replace(backup, slots=slots, version=backup.version + 1)


def _slot(
    master: bytes, user: bytes, gen: bytes, recovery: bytes | None, passphrase: str | None, random: Random
) -> dict[str, Any]:
    if recovery is not None:
        return recovery_slot(code=recovery, master=master, user=user, gen=gen, random=random)
    return passphrase_slot(passphrase=passphrase or "", master=master, user=user, gen=gen, random=random)


def open_keyring(*, file: dict[str, Any], keyring_key: bytes) -> list[bytes]:
    """The encryption seeds, newest last, for a device that has the keyring key alone. Raises BackupError."""
    aad = _keyring_aad(file, file["version"])
    try:
        keyring = json.loads(_unwrap(keyring_key, file["keyring"], aad, "backup_damaged"))
        return [b64u_decode(seed) for seed in keyring["enc"]]
    except (KeyError, TypeError) as error:
        raise BackupError("backup_damaged") from error


def with_seeds(
    *, file: dict[str, Any], keyring_key: bytes, seeds: list[bytes], random: Random = os.urandom
) -> dict[str, Any]:
    """The next version of a file with other encryption seeds: no secret is asked, ways in and identity stay."""
    version = file["version"] + 1
    keyring = json.dumps({"enc": [b64u_encode(seed) for seed in seeds]}).encode()
    return {**file, "version": version, "keyring": _wrap(keyring_key, keyring, _keyring_aad(file, version), random)}


def _keyring_aad(file: dict[str, Any], version: int) -> bytes:
    return label("keyring") + b64u_decode(file["user_id"]) + b64u_decode(file["gen"]) + version.to_bytes(4, "big")


_TEXTS = ("user_id", "gen", "identity", "keyring")


def read_file(*, text: str, user: bytes) -> dict[str, Any]:
    """A key file that somebody chose. Raises BackupError: `not_a_key_file`, `other_account`."""
    try:
        file = json.loads(text)
    except ValueError as error:
        raise BackupError("not_a_key_file") from error
    is_one = isinstance(file, dict) and file.get("format") == "pairly-keys" and file.get("v") == 1
    if not is_one or type(file.get("version")) is not int or not isinstance(file.get("slots"), list):
        raise BackupError("not_a_key_file")
    if not all(isinstance(file.get(name), str) for name in _TEXTS):
        raise BackupError("not_a_key_file")
    if file["user_id"] != b64u_encode(user):
        raise BackupError("other_account")
    return {name: file[name] for name in ("format", "v", "user_id", "gen", "version", "slots", "identity", "keyring")}

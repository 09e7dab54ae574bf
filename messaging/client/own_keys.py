"""One's own keys through life (e2e section 4): a further device, rotation, revocation, new secrets, key files, reset.

What needs the identity opens the backup with the person's recovery code or passphrase, uses it once, and forgets it.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, replace
from typing import Any

from messaging.protocol.base64url import b64u_decode, b64u_encode

from . import backup
from .backup import Backup, BackupError
from .http import Account, ApiProblem
from .identity import EncryptionKey, Identity, SigningKey
from .keylog import KeyLog
from .people import forget_person
from .problems import CannotVerify
from .recovery_code import encode
from .safety_number import safety_number


@dataclass(frozen=True, kw_only=True)
class Secret:
    """What opens a backup: one of the two."""

    recovery: bytes | None = None
    passphrase: str | None = None

    @property
    def named(self) -> dict[str, Any]:
        return {"recovery": self.recovery, "passphrase": self.passphrase}


class NotUnlocked(Exception):
    """This device cannot read: `code` is `none` (no keys yet), `locked` (not in the key log), `stale` (there is a new
    keyring key) or `lost` (no backup, or a damaged one)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# -- on each start ----------------------------------------------------------------------------------------------------
def load(account: Account) -> Identity:
    """The keys of this device, bound to this sign-in. Raises NotUnlocked, or CannotVerify('backup_rollback')."""
    device = account.store.read().get("account", {}).get("device")
    if device is None:
        has_keys = account.get(f"keys/{account.user_id}/bundle")["identity"]
        raise NotUnlocked("locked" if has_keys else "none")
    key = SigningKey(b64u_decode(device["seed"]))
    account.identity = Identity.on_device(user=account.user_id.bytes, device_seed=key.seed, encryption_seeds=[])
    active = account.person(account.user_id).log.keys.get(key.kid)
    if active is None or active.revoked_ms is not None:
        raise NotUnlocked("locked")
    file = find_backup(account)
    if file is None:
        raise NotUnlocked("lost")
    if file["gen"] != device["gen"]:
        raise NotUnlocked("stale")
    if file["version"] < device["version"]:
        raise CannotVerify("backup_rollback")
    try:
        seeds = backup.open_keyring(file=file, keyring_key=b64u_decode(device["keyring_key"]))
    except BackupError as error:
        raise NotUnlocked("lost") from error
    account.identity.encryption = [EncryptionKey(seed) for seed in seeds]
    _keep(account, file, b64u_decode(device["keyring_key"]))
    bind(account)
    return account.identity


def bind(account: Account) -> None:
    """Let this sign-in speak for this device, where it does not yet."""
    session = account.get("keys/session")
    me = account.me
    if session["device"] == b64u_encode(me.device.kid):
        return
    sig = me.bind_signature(session=uuid.UUID(session["session_id"]).bytes)
    account.call("POST", "keys/bind", {"kid": b64u_encode(me.device.kid), "sig": b64u_encode(sig)})


def find_backup(account: Account) -> dict[str, Any] | None:
    """The stored backup, None where the server has none."""
    try:
        return dict(account.get("keys/backup"))
    except ApiProblem as problem:
        if problem.status == 404:
            return None
        raise


def _put(account: Account, file: dict[str, Any], before: int) -> None:
    account.call("PUT", "keys/backup", file, **{"If-Match": str(before)})


def _keep(account: Account, file: dict[str, Any], keyring_key: bytes) -> None:
    account.keep_device(keyring_key=keyring_key, gen=b64u_decode(file["gen"]), version=file["version"])


# -- with the person's secret -----------------------------------------------------------------------------------------
def open_stored(account: Account, secret: Secret) -> tuple[Backup, Identity]:
    """The stored backup and the identity in it, which is the account's. Raises BackupError: `no_backup`,
    `wrong_secret`, `slot_unknown`, `old_identity`, ...; CannotVerify."""
    file = find_backup(account)
    if file is None:
        raise BackupError("no_backup")
    return _open(account, file, secret)


def _open(account: Account, file: dict[str, Any], secret: Secret) -> tuple[Backup, Identity]:
    if file["user_id"] != b64u_encode(account.user_id.bytes):
        raise BackupError("other_account")
    opened = backup.open_file(file=file, **secret.named)
    log = _own_log(account, SigningKey(opened.identity_seed))
    seed = account.identity.device.seed if account.identity else os.urandom(32)
    return opened, backup.to_identity(opened, device_seed=seed, log_seq=log.seq, log_hash=log.hash)


def _own_log(account: Account, identity: SigningKey) -> KeyLog:
    """One's log; who knows the secret of an identity may see that everything was begun anew with it."""
    try:
        log = account.person(account.user_id).log
    except CannotVerify as error:
        if error.code not in ("own_identity_changed", "identity_changed"):
            raise
        forget_person(store=account.store, user=account.user_id)
        account.forget_logs(account.user_id)
        log = account.person(account.user_id).log
    if log.identity.public != identity.public:
        raise BackupError("old_identity")
    return log


def unlock(account: Account, secret: Secret, *, device_label: str = "Python client") -> Identity:
    """Let this device in, or give it the new keyring key where it is in the log already."""
    opened, identity = open_stored(account, secret)
    return _let_in(account, opened, identity, device_label)


def _let_in(account: Account, opened: Backup, identity: Identity, device_label: str) -> Identity:
    device = account.store.read().get("account", {}).get("device")
    if device is not None:
        identity.device = SigningKey(b64u_decode(device["seed"]))
    log = account.person(account.user_id).log
    known = log.keys.get(identity.device.kid)
    if known is not None and known.revoked_ms is not None:
        identity.device = SigningKey(os.urandom(32))  # shut out: it comes back as another one
        known = None
    if known is None:
        _publish(account, identity.enrol_device(now_ms=_time(account, log), device_label=device_label).as_json())
    account.identity = identity
    account.keep_device(keyring_key=opened.keyring_key, gen=opened.gen, version=opened.version)
    return load(account)


def _time(account: Account, log: KeyLog) -> int:
    return log.signing_time(now_ms=account.clock())


def _publish(account: Account, entry: dict[str, str]) -> None:
    account.call("POST", "keys/statements", entry)


def announce(account: Account, signer: Identity, key: EncryptionKey) -> None:
    """Enter an encryption key, whose seed is saved, into the log."""
    log = account.person(account.user_id).log
    me = replace(signer, encryption=list(signer.encryption), log_seq=log.seq, log_hash=log.hash)
    _publish(account, me.rotate(now_ms=_time(account, log), key=key).as_json())
    if all(one.kid != key.kid for one in account.me.encryption):
        account.me.encryption.append(key)


def rotate(account: Account) -> None:
    """A new encryption key: first into the backup, then into the log, so that no message is sealed to a key that nobody
    has. Takes no secret. Raises ApiProblem `version_conflict` or `stmt_chain` where another device was faster."""
    device = account.store.read()["account"]["device"]
    keyring_key, file = b64u_decode(device["keyring_key"]), find_backup(account)
    if file is None or file["gen"] != device["gen"]:
        raise NotUnlocked("stale" if file else "lost")
    if file["version"] < device["version"]:
        raise CannotVerify("backup_rollback")
    key = EncryptionKey(os.urandom(32))
    seeds = [*backup.open_keyring(file=file, keyring_key=keyring_key), key.seed]
    changed = backup.with_seeds(file=file, keyring_key=keyring_key, seeds=seeds)
    _put(account, changed, file["version"])
    _keep(account, changed, keyring_key)
    announce(account, account.me, key)


def rotate_if_due(account: Account) -> bool:
    """`rotate` after 30 days, or where somebody has the key who was shut out since; whether it did. After `load`."""
    if not account.last_log(account.user_id).is_due(now_ms=account.clock()):
        return False
    try:
        rotate(account)
    except ApiProblem as problem:
        if problem.code not in ("version_conflict", "stmt_chain"):
            raise
        return False
    return True


def revoke(account: Account, kid: bytes, secret: Secret) -> None:
    """Withdraw a device. First a new master key, generation and encryption key are saved, which it cannot open; then it
    is withdrawn and signed out; then the new key is announced. A crash in between leaves what `rotate` mends."""
    opened, identity = open_stored(account, secret)
    key = EncryptionKey(os.urandom(32))
    opened.encryption_seeds.append(key.seed)
    renewed = backup.renew(opened, **secret.named)
    _put(account, backup.to_file(renewed), opened.version)
    account.keep_device(keyring_key=renewed.keyring_key, gen=renewed.gen, version=renewed.version)
    log = account.person(account.user_id).log
    identity.log_seq, identity.log_hash = log.seq, log.hash
    _publish(account, identity.revoke_device(kid=kid, now_ms=_time(account, log)).as_json())
    announce(account, account.me, key)


def replace_secret(account: Account, secret: Secret, new: Secret) -> None:
    """Have `new` open the keys instead of what of its kind did so far; a new encryption key follows where one did."""
    opened, _ = open_stored(account, secret)
    kind = "recovery" if new.recovery is not None else "argon2id"
    key = EncryptionKey(os.urandom(32)) if any(slot["type"] == kind for slot in opened.slots) else None
    if key is not None:
        opened.encryption_seeds.append(key.seed)
    changed = backup.with_secret(opened, **new.named)
    _put(account, backup.to_file(changed), opened.version)
    account.keep_device(keyring_key=changed.keyring_key, gen=changed.gen, version=changed.version)
    if key is not None:
        announce(account, account.me, key)


def import_file(account: Account, file: dict[str, Any], secret: Secret, *, device_label: str = "Python client") -> None:
    """Take a key file in. An intact stored backup of the file's generation is used as it is; a missing or damaged one
    is replaced. Raises BackupError('file_too_old') for a file from before the keys were renewed."""
    chosen, identity = _open(account, file, secret)
    stored = find_backup(account)
    if stored is not None and stored["gen"] != file["gen"]:
        raise BackupError("file_too_old")
    if stored is not None:
        try:
            intact = backup.open_file(file={**stored, "slots": file["slots"]}, **secret.named)
            intact.slots = stored["slots"]
            _let_in(account, intact, identity, device_label)
            return
        except BackupError:
            pass
    _restore(account, chosen, identity, secret, stored["version"] if stored else 0, device_label)


def _restore(
    account: Account, chosen: Backup, identity: Identity, secret: Secret, before: int, device_label: str
) -> None:
    log = account.person(account.user_id).log
    device = account.store.read().get("account", {}).get("device") or {"version": 0}
    version = before + 1 if before else max(chosen.version, device["version"]) + 1
    key = None
    if all(EncryptionKey(seed).kid != log.encryption.kid for seed in chosen.encryption_seeds):
        key = EncryptionKey(os.urandom(32))
        chosen.encryption_seeds.append(key.seed)
    # Nobody can tell whether the file is older than a device that was shut out: what that one knows must open nothing.
    was_shut_out = any(one.revoked_ms is not None for one in log.devices)
    restored = backup.renew(chosen, **secret.named) if was_shut_out else chosen
    restored.version = version
    _put(account, backup.to_file(restored), before)
    _let_in(account, restored, identity, device_label)
    if key is not None:
        announce(account, account.me, key)


def reset(account: Account, *, device_label: str = "Python client") -> str:
    """Begin anew when every key is lost; gives the new recovery code. Old history stays unreadable, and everybody who
    writes with one has to accept the new identity. Needs a fresh proof (`Account.step_up`)."""
    try:
        at_ms = _time(account, account.person(account.user_id).log)
    except CannotVerify:
        at_ms = account.clock()  # the old log may be one that this device refuses
    identity, code = Identity.create(user=account.user_id.bytes), os.urandom(16)
    made = backup.create(identity=identity, recovery=code)
    before = account.get("keys/session")["backup_version"]
    made.version = before + 1
    entries = [entry.as_json() for entry in identity.first_statements(now_ms=at_ms, device_label=device_label)]
    account.call(
        "POST", "keys/reset", {"entries": entries, "backup": backup.to_file(made)}, **{"If-Match": str(before)}
    )
    forget_person(store=account.store, user=account.user_id)
    account.forget_logs(account.user_id)
    account.identity = identity
    account.keep_device(keyring_key=made.keyring_key, gen=made.gen, version=made.version)
    return encode(code=code)


# -- devices and people -----------------------------------------------------------------------------------------------
def list_devices(account: Account) -> list[dict[str, Any]]:
    """One's key devices as the server lists them; names are not part of what is signed."""
    return list(account.get("keys/devices")["results"])


def rename_device(account: Account, kid: bytes, name: str) -> None:
    """Another name for a device."""
    account.call("PUT", f"keys/devices/{b64u_encode(kid)}", {"label": name})


def safety_number_with(account: Account, peer: uuid.UUID) -> str:
    """60 digits that both people see alike while nobody is in between."""
    people = [(account.person(user).identity, user.bytes) for user in (account.user_id, peer)]
    return safety_number(people=people)

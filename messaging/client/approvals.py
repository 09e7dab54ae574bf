"""A new device is let in by another one of the same person (e2e section 4).

Both show a code that they compute from the keys which they hold; the id is made by the device that asks. So nobody in
between chooses anything that the code is made of.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.labels import label, sha256

from . import own_keys
from .http import Account
from .identity import SUITE, EncryptionKey, Identity, SigningKey, xwing_public
from .people import forget_person
from .problems import CannotVerify

_GEN, _VERSION, _KID = 16, 4, 32


@dataclass(frozen=True)
class Asking:
    """What the asking device keeps while it waits: nothing of it is stored."""

    id: uuid.UUID
    code: str
    device: SigningKey = field(repr=False)
    request: EncryptionKey = field(repr=False)


def comparison_code(*, user: bytes, approval: bytes, device: bytes, request_key: bytes) -> str:
    """20 digits in groups of 5, of a hash over the account, the request and both public keys."""
    digest = sha256(label("approval") + user + approval + device + request_key)
    return " ".join(f"{int.from_bytes(digest[at : at + 5], 'big') % 100_000:05d}" for at in (0, 5, 10, 15))


def code_of(account: Account, approval: dict[str, Any]) -> str:
    """The code of a request that waits: it must be the one that the asking device shows."""
    return comparison_code(
        user=account.user_id.bytes,
        approval=uuid.UUID(approval["id"]).bytes,
        device=b64u_decode(approval["device"]),
        request_key=b64u_decode(approval["request_key"]),
    )


def _info(user: bytes, approval: bytes, device: bytes) -> bytes:
    return label("approval") + user + approval + device


def ask(account: Account, *, device_label: str = "Python client") -> Asking:
    """Ask the other devices; ten minutes long."""
    device, request = SigningKey(os.urandom(32)), EncryptionKey(os.urandom(32))
    approval = uuid.uuid4()
    body = {
        "id": str(approval), "device": b64u_encode(device.public), "request_key": b64u_encode(request.public),
        "label": device_label,
    }  # fmt: skip
    account.call("POST", "keys/approvals", body)
    code = comparison_code(
        user=account.user_id.bytes, approval=approval.bytes, device=device.public, request_key=request.public
    )
    return Asking(approval, code, device, request)


def look(account: Account, asking: Asking) -> str:
    """How the request stands: `asked`, `granted`, `refused`, `expired`. Once it is granted this device is ready."""
    found = account.get(f"keys/approvals/{asking.id}")
    if found["state"] == "granted":
        _finish(account, asking, b64u_decode(found["sealed"]))
    return str(found["state"])


def _finish(account: Account, asking: Asking, sealed: bytes) -> None:
    info = _info(account.user_id.bytes, asking.id.bytes, asking.device.public)
    try:
        plain = asking.request.open_box(box=sealed, info=info)
    except (InvalidTag, ValueError) as error:
        raise CannotVerify("decrypt_failed") from error
    gen, rest = plain[:_GEN], plain[_GEN:]
    version, rest = int.from_bytes(rest[:_VERSION], "big"), rest[_VERSION:]
    identity_kid, keyring_key = rest[:_KID], rest[_KID:]
    account.identity = Identity.on_device(
        user=account.user_id.bytes, device_seed=asking.device.seed, encryption_seeds=[]
    )
    log = _own_log(account)
    own = log.keys.get(asking.device.kid)
    if own is None or own.revoked_ms is not None or log.identity.kid != identity_kid:
        raise CannotVerify("identity_changed")
    file = own_keys.find_backup(account)
    if file is None or file["version"] < version:
        raise CannotVerify("backup_rollback")
    account.keep_device(keyring_key=keyring_key, gen=gen, version=version)
    own_keys.load(account)


def _own_log(account: Account) -> Any:
    """The other device says whose identity it is: a pin from before somebody began anew gives way to it."""
    try:
        return account.person(account.user_id).log
    except CannotVerify as error:
        if error.code not in ("identity_changed", "own_identity_changed"):
            raise
        forget_person(store=account.store, user=account.user_id)
        account.forget_logs(account.user_id)
        return account.person(account.user_id).log


def list_waiting(account: Account) -> list[dict[str, Any]]:
    """Devices that ask to be let in, the oldest first."""
    return list(account.get("keys/approvals")["results"])


def grant(account: Account, approval: dict[str, Any], secret: own_keys.Secret) -> None:
    """Let the device in whose code was compared: exactly these keys are signed and sealed to."""
    opened, identity = own_keys.open_stored(account, secret)
    log = account.person(account.user_id).log
    device, approval_id = b64u_decode(approval["device"]), uuid.UUID(approval["id"]).bytes
    at_ms = log.signing_time(now_ms=account.clock())
    entry = identity.certify_device(public=device, now_ms=at_ms, device_label=approval["label"]).as_json()
    plain = opened.gen + opened.version.to_bytes(_VERSION, "big") + identity.identity.kid + opened.keyring_key
    request: MLKEM768X25519PublicKey = xwing_public(public=b64u_decode(approval["request_key"]))
    sealed = SUITE.encrypt(plain, request, _info(account.user_id.bytes, approval_id, device))
    body = {**entry, "sealed": b64u_encode(sealed)}
    account.call("POST", f"keys/approvals/{approval['id']}/grant", body)


def refuse(account: Account, approval_id: str) -> None:
    """Do not let it in, or take one's own request back."""
    account.call("POST", f"keys/approvals/{approval_id}/refuse")

"""A backup is a folder: the dump, the files, and a manifest that says what belongs to it and what it needs.

The secrets are not in it. The manifest names the keys that its data was written with, and holds one line encrypted
with them, so that a restore with other keys is refused before it has done anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils.crypto import salted_hmac

from messaging.protocol.base64url import b64u_encode
from messaging.server_keys import list_server_keys
from security import encryption

from .errors import OperationFailed

NAME = "MANIFEST.json"
FORMAT = 1
DUMP = "database.dump"
MEDIA, PRIVATE = "media.tar", "private.tar"
_CANARY, _PLACE = b"pairly backup", "backup:manifest:canary"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What MANIFEST.json says; `files` maps a name to its sha256 and size, `migrations` are those applied."""

    format: int
    created_at: str
    commit: str
    server_version: int
    migrations: list[str]
    field_canary: str
    server_keys: list[str]
    secret_key_mark: str
    files: dict[str, dict[str, str | int]]


def seal_canary() -> str:
    """A known text, encrypted as fields are."""
    return base64.b64encode(encryption.encrypt(plaintext=_CANARY, place=_PLACE)).decode()


def secret_key_mark() -> str:
    """Of SECRET_KEY, by which stored codes and addresses are hashed; says nothing about it."""
    return salted_hmac("pairly.operations.manifest", "mark", algorithm="sha256").hexdigest()


def public_server_keys() -> list[str]:
    """The public halves of E2E_SERVER_KEYS."""
    return [b64u_encode(key.public) for key in list_server_keys()]


def describe_files(folder: Path) -> dict[str, dict[str, str | int]]:
    """sha256 and size of every file of a backup but its manifest."""
    found = sorted(path for path in folder.iterdir() if path.name != NAME)
    return {path.name: {"sha256": _sha256(path), "bytes": path.stat().st_size} for path in found}


def write(folder: Path, manifest: Manifest) -> None:
    """Put it beside the files."""
    (folder / NAME).write_text(json.dumps(asdict(manifest), indent=2) + "\n")


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises OperationFailed for what is none, or of another format."""
    try:
        document = json.loads((folder / NAME).read_text())
        if document["format"] != FORMAT:
            raise OperationFailed(f"{folder} is a backup of format {document['format']}: use the version that made it")
        return Manifest(**document)
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise OperationFailed(f"{folder} is no complete backup: {NAME} is missing or damaged ({failure})") from failure


def require_whole(folder: Path, manifest: Manifest) -> None:
    """Raise OperationFailed unless every file is there, unaltered, and no other."""
    there = describe_files(folder)
    wrong = sorted(name for name in {*there, *manifest.files} if there.get(name) != manifest.files.get(name))
    if wrong:
        raise OperationFailed(f"the backup is damaged: {', '.join(wrong)} missing, altered or not part of it")


def require_keys(manifest: Manifest) -> None:
    """Raise OperationFailed unless our secrets are those that the data was written with."""
    lacking = []
    try:
        stored = base64.b64decode(manifest.field_canary)
        encryption.decrypt(stored=stored, place=_PLACE)
    except encryption.CannotDecrypt:
        kid = stored[1 : 1 + stored[0]].decode(errors="replace")
        lacking.append(f"FIELD_ENCRYPTION_KEY (key {kid}: second factors could not be read)")
    if manifest.secret_key_mark != secret_key_mark():
        lacking.append("SECRET_KEY (backup codes and the security log could not be read)")
    if not set(manifest.server_keys) <= set(public_server_keys()):
        lacking.append("E2E_SERVER_KEYS (receipts of stored messages could not be checked or made)")
    if lacking:
        raise OperationFailed(
            f"this backup was written with other secrets: {'; '.join(lacking)}. Secrets are never in a backup: put "
            "those of the old installation into .env, or its secrets.env into PAIRLY_VAR_DIR, and restore again. "
            "Nothing was changed."
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()

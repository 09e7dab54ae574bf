"""Private files of people, such as documents: each encrypted with a key of its own, gone for good with that key.

AES-256-GCM (NIST SP 800-38D) with a random nonce; a key encrypts one file. The keys lie in a table that no backup
holds (ADR 15), so a file whose key was destroyed cannot be opened from one.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone

from security import encryption

from ..errors import FileGone
from ..models import FileKey, SealedFile

ROOT = "vault"
_NONCE_BYTES = 12


@transaction.atomic
def store(*, data: bytes, mime: str) -> SealedFile:
    """Keep `data` encrypted. Its SHA-256 is fixed here, before anybody has looked at it.

    Where the caller's transaction fails, what was stored is noise that nothing names; `sweep` of files takes it away.
    """
    key = AESGCM.generate_key(bit_length=256)
    file = SealedFile(digest=hashlib.sha256(data).digest(), n_bytes=len(data), mime=mime)
    nonce = os.urandom(_NONCE_BYTES)
    _storage().save(name_of(file), ContentFile(nonce + AESGCM(key).encrypt(nonce, data, _bound(file))))
    file.save()
    sealed = encryption.encrypt(plaintext=key, place=_place(file))
    FileKey.objects.create(file_uid=file.uid, sealed_key=sealed)
    return file


def read(*, file: SealedFile) -> bytes:
    """What was stored, to the byte. Raises FileGone where the key or the file is destroyed, or the bytes are others.

    The caller has found out that the reader may, and writes the view down.
    """
    row = FileKey.objects.filter(file_uid=file.uid).first()
    if row is None:
        raise FileGone
    try:
        key = encryption.decrypt(stored=bytes(row.sealed_key), place=_place(file))
        with _storage().open(name_of(file)) as stored:
            sealed: bytes = stored.read()
        data = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(file))
    except (encryption.CannotDecrypt, InvalidTag, FileNotFoundError, ValueError) as error:
        raise FileGone from error
    if hashlib.sha256(data).digest() != bytes(file.digest):
        raise FileGone
    return data


def has_key(*, file: SealedFile) -> bool:
    """Whether it can still be opened."""
    return FileKey.objects.filter(file_uid=file.uid).exists()


def destroy(*, file: SealedFile) -> None:
    """Delete the key in the caller's transaction, and the file after its commit. Twice is once."""
    FileKey.objects.filter(file_uid=file.uid).delete()
    SealedFile.objects.filter(pk=file.pk, destroyed_at__isnull=True).update(destroyed_at=timezone.now())
    transaction.on_commit(lambda: _delete(file), robust=True)


def name_of(file: SealedFile) -> str:
    """Where it lies in the storage "private"."""
    return f"{ROOT}/{file.uid}"


def _delete(file: SealedFile) -> None:
    with suppress(FileNotFoundError):
        _storage().delete(name_of(file))


def _place(file: SealedFile) -> str:
    return f"moderation_filekey:{file.uid}:key"


def _bound(file: SealedFile) -> bytes:
    return f"pairly/vault/1/{file.uid}".encode()


def _storage() -> Storage:
    return storages["private"]

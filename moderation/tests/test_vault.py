"""Private files: encrypted with a key of their own, to the byte what was stored, gone with the key."""

from __future__ import annotations

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, transaction

from moderation.errors import FileGone
from moderation.models import FileKey, SealedFile
from moderation.services import vault

DATA = b"a picture of a passport" * 1000


@pytest.fixture
def file(db) -> SealedFile:
    return vault.store(data=DATA, mime="image/jpeg")


def _noise_of(file: SealedFile) -> bytes:
    with storages["private"].open(vault.name_of(file)) as stored:
        noise: bytes = stored.read()
    return noise


def test_what_is_stored_comes_back_to_the_byte_and_lies_there_as_noise(file):
    assert vault.read(file=file) == DATA
    noise = _noise_of(file)
    assert DATA[:16] not in noise
    assert len(noise) == 12 + len(DATA) + 16
    assert bytes(FileKey.objects.get(file_uid=file.uid).sealed_key) not in noise


def test_two_files_of_the_same_bytes_share_nothing(file):
    other = vault.store(data=DATA, mime="image/jpeg")
    assert _noise_of(file) != _noise_of(other)
    keys = FileKey.objects.in_bulk([file.uid, other.uid])
    FileKey.objects.filter(file_uid=other.uid).update(sealed_key=keys[file.uid].sealed_key)
    with pytest.raises(FileGone):  # a key opens the file that it was made for
        vault.read(file=other)


def test_an_altered_byte_opens_nothing(file):
    name, noise = vault.name_of(file), bytearray(_noise_of(file))
    noise[-1] ^= 1
    storages["private"].delete(name)
    with storages["private"].open(name, "wb") as stored:
        stored.write(bytes(noise))
    with pytest.raises(FileGone):
        vault.read(file=file)


def test_a_destroyed_file_opens_for_nobody_and_is_destroyed_once(file, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        vault.destroy(file=file)
    file.refresh_from_db()
    destroyed_at = file.destroyed_at
    assert destroyed_at is not None
    assert not storages["private"].exists(vault.name_of(file))
    with pytest.raises(FileGone):
        vault.read(file=file)
    with django_capture_on_commit_callbacks(execute=True):
        vault.destroy(file=file)
    file.refresh_from_db()
    assert file.destroyed_at == destroyed_at


def test_the_table_refuses_a_digest_of_another_length(db):
    with pytest.raises(IntegrityError, match="sealed_file_digest_length"), transaction.atomic():
        SealedFile.objects.create(digest=b"short", n_bytes=1, mime="image/png")

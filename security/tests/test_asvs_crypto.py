"""Encryption at rest (OWASP ASVS 5.0, V11): replaced keys, moved and altered fields, nonces, wrong settings."""

from __future__ import annotations

import base64
import secrets

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from security.encryption import CannotDecrypt, decrypt, encrypt


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


OLD, NEW = f"old:{_key()}", f"new:{_key()}"
PLACE = "users_totpdevice:0190:key"


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEY = f"{NEW},{OLD}"


def test_a_field_of_a_replaced_key_opens_and_the_next_is_sealed_with_the_new_one(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEY = OLD
    stored = encrypt(plaintext=b"secret", place=PLACE)
    settings.FIELD_ENCRYPTION_KEY = f"{NEW},{OLD}"
    assert decrypt(stored=stored, place=PLACE) == b"secret"
    again = encrypt(plaintext=decrypt(stored=stored, place=PLACE), place=PLACE)
    settings.FIELD_ENCRYPTION_KEY = NEW
    assert decrypt(stored=again, place=PLACE) == b"secret"
    with pytest.raises(CannotDecrypt):
        decrypt(stored=stored, place=PLACE)


def test_a_field_with_any_byte_changed_is_refused() -> None:
    stored = encrypt(plaintext=b"secret", place=PLACE)
    for at in range(len(stored)):
        for bit in (1, 128):
            altered = bytearray(stored)
            altered[at] ^= bit
            with pytest.raises(CannotDecrypt):
                decrypt(stored=bytes(altered), place=PLACE)


def test_a_field_that_was_cut_or_lengthened_is_refused() -> None:
    stored = encrypt(plaintext=b"secret", place=PLACE)
    for given in [*(stored[:length] for length in range(len(stored))), stored + b"\0"]:
        with pytest.raises(CannotDecrypt):
            decrypt(stored=given, place=PLACE)


@pytest.mark.parametrize("place", ["", "users_totpdevice:0191:key", "users_totpdevice:0190:other", PLACE + " "])
def test_a_field_in_another_place_is_refused(place: str) -> None:
    with pytest.raises(CannotDecrypt):
        decrypt(stored=encrypt(plaintext=b"secret", place=PLACE), place=place)


def test_a_field_under_another_keys_name_is_refused(settings: Settings) -> None:
    stored = encrypt(plaintext=b"secret", place=PLACE)
    assert stored.startswith(b"\x03new")
    with pytest.raises(CannotDecrypt):
        decrypt(stored=stored.replace(b"new", b"old", 1), place=PLACE)


def test_no_nonce_comes_twice_and_equal_fields_look_different() -> None:
    stored = [encrypt(plaintext=b"secret", place=PLACE) for _ in range(20_000)]
    nonces = {one[4:16] for one in stored}
    assert len(nonces) == len(set(stored)) == len(stored)
    assert all(len(one) == 1 + 3 + 12 + len(b"secret") + 16 for one in stored)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "no colon",
        ":" + base64.urlsafe_b64encode(bytes(32)).decode(),
        "k:" + base64.urlsafe_b64encode(bytes(16)).decode(),
        "k:" + base64.urlsafe_b64encode(bytes(33)).decode(),
        "k" * 33 + ":" + base64.urlsafe_b64encode(bytes(32)).decode(),
        "k:é",
    ],
)
def test_a_key_of_another_length_is_no_key(settings: Settings, value: str) -> None:
    settings.FIELD_ENCRYPTION_KEY = value
    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEY"):
        encrypt(plaintext=b"secret", place=PLACE)

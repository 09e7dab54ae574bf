"""Authenticator apps: the vectors of the RFCs, the tolerance, and that a code works once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_otp.oath import TOTP, hotp

from security import encryption
from users.errors import InvalidCode
from users.models import TotpDevice, User
from users.services import totp

from .factor_helpers import code_at, code_of, give_totp, key_of, present_step, wrong_code_of
from .helpers import make_person

RFC_KEY = b"12345678901234567890"
# RFC 6238 appendix B, the rows of SHA-1: Unix time and 8 digits.
RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
# RFC 4226 appendix D: the codes of counters 0 to 9.
RFC_4226 = [755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489]


def _device(user: User, key: bytes = RFC_KEY) -> TotpDevice:
    """An app with a key that is known."""
    return TotpDevice.objects.create(
        user=user,
        name="",
        confirmed=True,
        confirmed_at=timezone.now(),
        key_encrypted=encryption.encrypt(plaintext=key, place=totp._place(user)),
    )


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_the_vectors_of_rfc_4226_hold(counter: int, code: int) -> None:
    assert hotp(RFC_KEY, counter) == code


@pytest.mark.parametrize(("at_s", "code"), RFC_6238)
def test_the_vectors_of_rfc_6238_hold_with_eight_digits(at_s: int, code: str) -> None:
    generator = TOTP(RFC_KEY, step=30, digits=8)
    generator.time = at_s
    assert f"{generator.token():08d}" == code


@pytest.mark.django_db
@pytest.mark.parametrize(("at_s", "code"), RFC_6238)
def test_the_vectors_of_rfc_6238_are_found_at_their_step(at_s: int, code: str) -> None:
    """Six digits are the last six of the eight (RFC 4226, 5.3)."""
    device = _device(make_person())
    assert totp._matching_step(device, code[-6:], at_s) == at_s // 30
    assert totp._matching_step(device, f" {code[-6:-3]} {code[-3:]} ", at_s) == at_s // 30


@pytest.mark.django_db
@pytest.mark.parametrize(("drift", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step_to_each_side(drift: int, is_right: bool) -> None:
    device, now_s = _device(make_person()), 2_000_000_000
    code = code_at(RFC_KEY, now_s // 30 + drift)
    assert totp._matching_step(device, code, now_s) == (now_s // 30 + drift if is_right else None)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "94287082", "28708", "abcdef", "２８７０８２", "-87082", "28708.", "\x00" * 6])
def test_what_is_not_six_digits_is_no_code(code: str) -> None:
    assert totp._matching_step(_device(make_person()), code, 59) is None


def _clock(monkeypatch: pytest.MonkeyPatch, at_s: int) -> None:
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: at_s))


@pytest.mark.django_db
def test_a_code_works_once_and_none_of_an_earlier_step_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    _device(user)
    step = 2_000_000_000 // 30
    _clock(monkeypatch, step * 30)
    before, now, after = (code_at(RFC_KEY, step + drift) for drift in (-1, 0, 1))
    assert totp.verify(user=user, code=now)
    assert not totp.verify(user=user, code=now)
    assert not totp.verify(user=user, code=before)
    assert totp.verify(user=user, code=after)
    assert not totp.verify(user=user, code=now)
    _clock(monkeypatch, (step + 1) * 30)
    assert not totp.verify(user=user, code=after)
    _clock(monkeypatch, (step + 2) * 30)
    assert totp.verify(user=user, code=code_at(RFC_KEY, step + 2))


@pytest.mark.django_db
def test_two_steps_are_too_old_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    _device(user)
    step = 2_000_000_000 // 30
    code = code_at(RFC_KEY, step)
    _clock(monkeypatch, (step + 2) * 30)
    assert not totp.verify(user=user, code=code)
    _clock(monkeypatch, (step + 2) * 30 - 1)
    assert totp.verify(user=user, code=code)


@pytest.mark.django_db
def test_a_code_is_its_owners_alone() -> None:
    ada, eve = make_person(), make_person(email="eve@example.org")
    give_totp(ada)
    give_totp(eve)
    assert not totp.verify(user=eve, code=code_of(ada))
    assert totp.verify(user=ada, code=code_of(ada))


@pytest.mark.django_db
def test_the_key_is_stored_encrypted_and_opens_in_its_own_place_only() -> None:
    ada, eve = make_person(), make_person(email="eve@example.org")
    setup = totp.begin(user=ada)
    key = key_of(setup.secret)
    assert len(key) == 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT users_totpdevice::text, key_encrypted FROM users_totpdevice")
        text, stored = cursor.fetchone()
    for told in (key.hex(), setup.secret, setup.secret.lower()):
        assert told not in text
    assert key not in bytes(stored)
    assert encryption.decrypt(stored=bytes(stored), place=totp._place(ada)) == key
    with pytest.raises(encryption.CannotDecrypt):
        encryption.decrypt(stored=bytes(stored), place=totp._place(eve))
    device = TotpDevice.objects.get()
    device.user = eve  # a row that somebody moved in the database
    with pytest.raises(encryption.CannotDecrypt):
        totp._key(device)


@pytest.mark.django_db
def test_the_uri_says_what_apps_need_to_know() -> None:
    setup = totp.begin(user=make_person(email="ada+app@example.org"))
    assert setup.uri == (
        "otpauth://totp/Pairly%3Aada%2Bapp%40example.org"
        f"?secret={setup.secret}&issuer=Pairly&algorithm=SHA1&digits=6&period=30"
    )
    assert setup.qr_png.startswith(b"\x89PNG")


@pytest.mark.django_db
def test_keys_are_never_the_same_and_a_new_set_up_ends_the_one_before() -> None:
    user = make_person()
    keys = [key_of(totp.begin(user=user).secret) for _ in range(3)]
    assert len({hashlib.sha256(key).digest() for key in keys}) == 3
    assert TotpDevice.objects.count() == 1
    with pytest.raises(InvalidCode), transaction.atomic():
        totp.confirm(user=user, code=code_at(keys[0], present_step()))
    with transaction.atomic():
        totp.confirm(user=user, code=code_at(keys[2], present_step()))


@pytest.mark.django_db
def test_a_set_up_counts_for_nothing_until_a_code_confirms_it_and_that_code_is_used_up() -> None:
    user = make_person()
    key = key_of(totp.begin(user=user).secret)
    code = code_at(key, present_step())
    assert not totp.verify(user=user, code=code)
    with transaction.atomic():
        totp.confirm(user=user, code=code)
    assert not totp.verify(user=user, code=code)
    confirmed_at = TotpDevice.objects.get().confirmed_at
    assert confirmed_at
    assert timedelta(0) <= timezone.now() - confirmed_at < timedelta(minutes=1)


@pytest.mark.django_db
def test_an_app_in_use_stays_until_the_new_one_is_confirmed() -> None:
    user = make_person()
    give_totp(user)
    key = key_of(totp.begin(user=user).secret)
    assert totp.verify(user=user, code=code_of(user))
    assert not totp.verify(user=user, code=wrong_code_of(user))
    with transaction.atomic():
        totp.confirm(user=user, code=code_at(key, present_step()))
    device = TotpDevice.objects.get()
    assert totp._key(device) == key
    assert not totp.remove(user=make_person(email="eve@example.org"))
    assert totp.remove(user=user)
    assert not TotpDevice.objects.exists()

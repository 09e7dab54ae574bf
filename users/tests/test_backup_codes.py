"""Backup codes: ten, hashed, each used once, never shown again."""

from __future__ import annotations

import math
import re

import pytest
from django.db import connection

from users import selectors
from users.constants import BACKUP_CODE_ALPHABET, BACKUP_CODE_LENGTH
from users.models import BackupCode
from users.services import backup_codes

from .factor_helpers import give_backup_codes
from .helpers import make_person

FORM = re.compile(rf"[{BACKUP_CODE_ALPHABET}]{{5}}-[{BACKUP_CODE_ALPHABET}]{{5}}")


@pytest.mark.django_db
def test_there_are_ten_different_codes_of_more_than_40_bits() -> None:
    codes = give_backup_codes(make_person())
    assert len(set(codes)) == 10
    assert all(FORM.fullmatch(code) for code in codes)
    assert BACKUP_CODE_LENGTH * math.log2(len(set(BACKUP_CODE_ALPHABET))) > 40
    assert not set(BACKUP_CODE_ALPHABET) & set("0O1IL")


@pytest.mark.django_db
def test_only_keyed_hashes_are_stored() -> None:
    ada, eve = make_person(), make_person(email="eve@example.org")
    codes = give_backup_codes(ada)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(users_backupcode::text, '') FROM users_backupcode")
        stored = cursor.fetchone()[0]
    for code in codes:
        plain = code.replace("-", "")
        for told in (code, plain, plain.encode().hex()):
            assert told not in stored
    assert all(len(row.code_hash) == 32 for row in BackupCode.objects.all())
    # The hash is of the account too: the same code of another account looks different.
    assert backup_codes._hash(ada, "A") != backup_codes._hash(eve, "A")


@pytest.mark.django_db
def test_a_code_works_once_however_it_is_typed() -> None:
    user = make_person()
    codes = give_backup_codes(user)
    assert backup_codes.verify(user=user, code=f" {codes[0].lower().replace('-', ' ')} ")
    assert not backup_codes.verify(user=user, code=codes[0])
    assert selectors.count_backup_codes(user=user) == 9
    assert all(backup_codes.verify(user=user, code=code) for code in codes[1:])
    assert selectors.count_backup_codes(user=user) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "-", "AAAAA-AAAAA", "\x00", "x" * 10_000])
def test_what_is_no_code_does_nothing(code: str) -> None:
    user = make_person()
    give_backup_codes(user)
    assert not backup_codes.verify(user=user, code=code)
    assert selectors.count_backup_codes(user=user) == 10


@pytest.mark.django_db
def test_a_code_is_its_owners_alone() -> None:
    ada, eve = make_person(), make_person(email="eve@example.org")
    codes = give_backup_codes(ada)
    give_backup_codes(eve)
    assert not backup_codes.verify(user=eve, code=codes[0])
    assert backup_codes.verify(user=ada, code=codes[0])


@pytest.mark.django_db
def test_new_codes_end_the_ones_before_used_or_not() -> None:
    user = make_person()
    old = give_backup_codes(user)
    assert backup_codes.verify(user=user, code=old[0])
    new = give_backup_codes(user)
    assert not any(backup_codes.verify(user=user, code=code) for code in old)
    assert BackupCode.objects.filter(user=user).count() == 10
    assert backup_codes.verify(user=user, code=new[0])
    backup_codes.remove(user=user)
    assert not backup_codes.verify(user=user, code=new[1])

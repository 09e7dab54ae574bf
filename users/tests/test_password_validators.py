from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from users.models import User
from users.password_validators import GuessablePasswordValidator

ADA = User(email="ada.lovelace@example.org", name="Ada Lovelace", birth_date=date(1990, 5, 17))


def _codes(password: str) -> set[str | None]:
    try:
        validate_password(password, user=ADA)
    except ValidationError as error:
        return {one.code for one in error.error_list}
    return set()


@pytest.mark.parametrize(
    "password",
    ["password123", "Pairly2026!", "P@ssw0rd2026!", "qwertyuiop12", "iloveyou2026", "lovelaceada1", "a" * 100],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert "password_guessable" in _codes(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery 9",
        "tzqkdhwpxmvbnrlgjcys",
        " leading and trailing ",
        "ünïcode шифр 密码",
        "Zq7!xV mn" * 14,
    ],
)
def test_length_and_oddity_need_no_rules_of_composition(password: str) -> None:
    assert _codes(password) == set()


def test_the_words_of_the_person_count_against_it() -> None:
    validator = GuessablePasswordValidator()
    validator.validate("grimaldi-zweig-41")
    with pytest.raises(ValidationError):
        validator.validate("grimaldi-zweig-41", user=User(name="grimaldi-zweig", email="x@example.org"))

"""Passwords as OWASP ASVS 5.0 wants them (V6.2), at every door that sets one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django import forms as django_forms
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from users import email_forms, forms, staff_forms
from users.constants import PASSWORD_MAX
from users.models import User

from .helpers import PASSWORD, SIGN_UP, make_person, post

SIGN_UP_PATH = "/api/v1/auth/signup"
SIGN_IN_PATH = "/api/v1/auth/login"
# Spaces at both ends, signs outside the Basic Multilingual Plane, a combining accent: nothing of it may be lost.
ODD = "  Zwölf 🦊 Boxka\u0301mpfer \\ % <b>&' jagen Viktor quer über den Sylter Deich  "


def _sign_up(password: str, email: str = "ada@example.org") -> Any:
    return post(SIGN_UP_PATH, {**SIGN_UP, "email": email, "password": password})


def _sign_in(password: str) -> int:
    return int(post(SIGN_IN_PATH, {"email": "ada@example.org", "password": password}).status_code)


def _words(length: int) -> str:
    """Exactly so many characters that nobody guesses."""
    return ("tzqk hdwp xmvb nrlg jcys fuae " * 20)[:length]


@pytest.mark.django_db
@pytest.mark.parametrize(("length", "status"), [(9, 422), (10, 201), (64, 201), (128, 201), (256, 201), (257, 422)])
def test_a_password_has_10_to_256_characters(length: int, status: int) -> None:
    assert PASSWORD_MAX == 256
    assert _sign_up(_words(length)).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("path", [SIGN_UP_PATH, SIGN_IN_PATH, "/sign-up/", "/sign-in/"])
def test_a_password_of_a_megabyte_is_refused_before_it_is_hashed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("users.hashers.Argon2idHasher.encode", lambda *_args: pytest.fail("it was hashed"))
    body = {**SIGN_UP, "password": "x" * 900_000}
    answer = post(path, body) if path.startswith("/api/") else Client().post(path, body)
    assert answer.status_code == 422


@pytest.mark.django_db
def test_only_the_very_password_signs_in() -> None:
    assert _sign_up(ODD).status_code == 201
    for other in (ODD.strip(), ODD.lower(), ODD[:-1], ODD.replace("a\u0301", "á"), ODD.replace("🦊", "")):
        assert other != ODD
        assert not User.objects.get().check_password(other)
    assert _sign_in(ODD.strip()) == 401
    assert _sign_in(ODD) == 200


@pytest.mark.django_db
def test_a_long_password_counts_to_its_last_character() -> None:
    long = _words(256)
    assert _sign_up(long).status_code == 201
    assert _sign_in(long[:-1] + "!") == 401
    assert _sign_in(long) == 200


@pytest.mark.django_db
def test_the_pages_take_a_password_as_it_was_typed() -> None:
    answer = Client().post("/sign-up/", {**SIGN_UP, "password": ODD})
    assert answer.status_code == 302
    assert User.objects.get().check_password(ODD)
    assert Client().post("/sign-in/", {"email": SIGN_UP["email"], "password": ODD}).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password", ["tzqkhdwpxmvbnrlgjcys", "83920174650293658417", "TZQKHDWPXMVBNRLG", "шифрование кита"]
)
def test_no_kind_of_character_is_asked_for(password: str) -> None:
    assert _sign_up(password).status_code == 201


def test_the_passwords_that_leaks_hold_most_often_are_refused_without_a_network() -> None:
    common = CommonPasswordValidator().passwords
    assert len(common) > 19_000  # ASVS asks for the first 3,000
    long_enough = [password for password in common if len(password) >= 10]
    assert len(long_enough) > 300
    for password in sorted(long_enough)[::3]:
        with pytest.raises(ValidationError):
            validate_password(password)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["password123", "Pairly2026!", "ada@example.org", "iloveyou2026"])
def test_a_guessable_password_is_refused_at_every_door_that_sets_one(password: str) -> None:
    assert _sign_up(password).status_code == 422
    assert Client().post("/sign-up/", {**SIGN_UP, "password": password}).status_code == 422
    assert not User.objects.exists()
    make_person()
    browser = Client()
    browser.post("/sign-in/", {"email": "ada@example.org", "password": PASSWORD})
    change = {"current_password": PASSWORD, "new_password": password}
    assert browser.post("/account/password/", change).status_code == 422
    reset = {"email": "ada@example.org", "code": "AAAAAAAAAA", "new_password": password}
    answer = post("/api/v1/auth/password/reset", reset)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/new_password")
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.django_db
def test_no_password_has_to_be_changed_because_it_is_old() -> None:
    make_person()
    User.objects.update(created_at=timezone.now() - timedelta(days=3_650))
    assert post(SIGN_IN_PATH, {"email": "ada@example.org", "password": PASSWORD}).status_code == 200


def _password_fields() -> list[tuple[str, django_forms.Field]]:
    fields = []
    for module in (forms, email_forms, staff_forms):
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, django_forms.BaseForm):
                named = getattr(kind, "base_fields", {})
                fields += [(f"{kind.__name__}.{name}", field) for name, field in named.items() if "password" in name]
    return fields


def test_every_password_field_hides_what_is_typed_and_helps_password_managers() -> None:
    fields = _password_fields()
    assert {name.split(".")[1] for name, _field in fields} >= {"password", "current_password", "new_password"}
    for name, field in fields:
        assert isinstance(field, django_forms.CharField), name
        assert isinstance(field.widget, django_forms.PasswordInput), name
        assert field.widget.attrs["autocomplete"] in ("current-password", "new-password"), name
        assert (field.strip, field.max_length) == (False, PASSWORD_MAX), name


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in/", "/sign-up/", "/reset-password/", "/account/password/"])
def test_a_page_with_a_password_lets_it_be_pasted(path: str) -> None:
    make_person()
    browser = Client()
    if path.startswith("/account/"):
        browser.post("/sign-in/", {"email": "ada@example.org", "password": PASSWORD})
    page = browser.get(path).content.decode()
    inputs = re.findall(r'<input[^>]+name="\w*password"[^>]*>', page)
    assert inputs
    for one in inputs:
        assert 'type="password"' in one
        assert "readonly" not in one
        assert 'autocomplete="off"' not in one
    assert not re.search(r"\bon(paste|copy|drop|beforeinput)=", page)

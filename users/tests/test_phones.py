from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from security.models import AuditEntry
from users.models import Session, User
from users.services import tokens

from .helpers import PASSWORD, bearer, make_person, start_api

API = "/api/v1/auth/phone"
PAGE = "/account/phone/"


def _fan(email: str = "ada@example.org") -> tuple[User, dict[str, str]]:
    started = start_api(make_person(email=email))
    return started.user, bearer(tokens.issue(started=started)["access_token"])


def _put(headers: dict[str, str], phone: str | None) -> Any:
    return Client().put(API, {"phone": phone}, content_type="application/json", **headers)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["+44 20 7946 0958", "+442079460958", " +44 (0)20-7946 0958 "])
def test_a_number_is_kept_in_one_spelling(typed: str) -> None:
    user, headers = _fan()
    assert _put(headers, typed).status_code == 204
    user.refresh_from_db()
    assert user.phone == "+442079460958"
    assert Client().get(API, **headers).json() == {"phone": "+442079460958"}
    entry = AuditEntry.objects.get(action="phone.changed")
    assert entry.subject_uid == user.uid
    assert "7946" not in str(entry.details)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["12", "+999 1", "call me", "020 7946 0958"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    user, headers = _fan()
    answer = _put(headers, typed)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/phone"
    user.refresh_from_db()
    assert user.phone is None


@pytest.mark.django_db
def test_a_number_belongs_to_one_account_and_can_be_given_up() -> None:
    _, first = _fan()
    second, other = _fan("eve@example.org")
    assert _put(first, "+442079460958").status_code == 204
    refused = _put(other, "+44 20 7946 0958")
    assert (refused.status_code, refused.json()["code"]) == (409, "phone_taken")
    second.refresh_from_db()
    assert second.phone is None
    assert _put(first, None).status_code == 204
    assert _put(other, "+442079460958").status_code == 204


@pytest.mark.django_db
def test_an_old_sign_in_has_to_prove_itself_first() -> None:
    user, headers = _fan()
    Session.objects.update(stepped_up_at=timezone.now() - timedelta(minutes=6))
    answer = _put(headers, "+442079460958")
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert answer.json()["methods"] == ["password"]
    user.refresh_from_db()
    assert user.phone is None


@pytest.mark.django_db
def test_numbers_cannot_be_tried_without_end() -> None:
    _, headers = _fan()
    answers = [_put(headers, f"+44207946095{n}").status_code for n in range(6)]
    assert answers == [204, 204, 204, 204, 204, 429]


@pytest.mark.django_db
def test_a_stranger_sees_and_changes_nothing() -> None:
    assert Client().get(API).status_code == 401
    assert _put({}, "+442079460958").status_code == 401
    assert Client().get(PAGE).status_code == 302
    assert not User.objects.exclude(phone=None).exists()


@pytest.mark.django_db
def test_the_page_keeps_what_was_typed_wrongly_and_saves_what_is_right() -> None:
    user = make_person()
    browser = Client()
    browser.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    wrong = browser.post(PAGE, {"phone": "12"})
    assert wrong.status_code == 422
    assert 'value="12"' in wrong.content.decode()
    assert browser.post(PAGE, {"phone": "+44 20 7946 0958"}).status_code == 302
    user.refresh_from_db()
    assert user.phone == "+442079460958"

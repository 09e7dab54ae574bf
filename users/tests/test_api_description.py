"""That the API's description is whole, and that what it says can be relied on.

`conftest.py` holds every answer of this app's tests against it; what no other test asks is asked here.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import Client
from drf_spectacular.drainage import reset_generator_stats
from drf_spectacular.generators import SchemaGenerator

from pairly.testing.described import document, find_differences
from users.api.urls import urlpatterns
from users.models import DataExport, User
from users.services import tokens

from .factor_helpers import api_of, code_at, give_backup_codes, give_totp, key_of, present_step
from .helpers import SIGN_UP, bearer, make_person, post
from .ways_in import be_risky, enter

BASE = "/api/v1/"
# Paths under which something else is served; `auth/2fa/backup-code` is no old name.
OLD_NAMES = {
    "auth/register": "auth/signup",
    "auth/login/2fa": "auth/login-2fa",
    "auth/2fa/enable": "twofa/enable-totp",
    "auth/2fa/verify": "twofa/verify-setup",
    "auth/2fa/disable": "twofa/disable",
}
ROUTES = sorted(BASE + re.sub(r"<\w+:(\w+)>", r"{\1}", str(route.pattern)) for route in urlpatterns)


def _operations(path: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][path]
    return found


def _ada() -> tuple[User, dict[str, str]]:
    user = make_person()
    return user, api_of(user)[0]


# -- the document


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_says_what_it_is_for_and_who_may_ask(path: str) -> None:
    for operation in _operations(path).values():
        assert operation["summary"]
        assert operation["description"]
        assert len(operation["tags"]) == 1
        assert operation["security"]
        assert any(status.startswith("2") for status in operation["responses"])


def test_nothing_had_to_be_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    reset_generator_stats()
    SchemaGenerator().get_schema(request=None, public=True)
    told = [line for line in capsys.readouterr().err.splitlines() if "/users/" in line]
    assert told == []


@pytest.mark.parametrize(("old", "new"), OLD_NAMES.items())
def test_an_old_name_is_described_as_the_new_one_and_told_not_to_be_used(old: str, new: str) -> None:
    former, present = _operations(BASE + old)["post"], _operations(BASE + new)["post"]
    assert former["deprecated"] is True
    assert new in former["description"]
    assert "deprecated" not in present
    for name in ("requestBody", "responses", "security", "tags", "summary"):
        assert former.get(name) == present.get(name)


def test_who_has_credentials_in_the_body_needs_no_others() -> None:
    assert _operations(f"{BASE}auth/login")["post"]["security"] == [{}]
    assert {} in _operations(f"{BASE}auth/logout")["post"]["security"]
    assert {} not in _operations(f"{BASE}auth/sessions")["get"]["security"]


def test_a_wrong_answer_would_be_noticed() -> None:
    assert find_differences(method="GET", path=f"{BASE}auth/phone", answer=JsonResponse({"phone": None})) == []
    wrong = [
        JsonResponse({"phone": 5}),
        JsonResponse({}),
        JsonResponse({"phone": None, "more": 1}),
        JsonResponse({"phone": None}, status=418),
        JsonResponse({"detail": "no"}, status=403),
        HttpResponse("<p>"),
    ]
    for answer in wrong:
        assert len(find_differences(method="GET", path="/api/auth/phone", answer=answer)) == 1
    gone = HttpResponse("gone", status=204)
    assert len(find_differences(method="DELETE", path=f"{BASE}auth/sessions", answer=gone)) == 1


# -- answers that no other test looks at


@pytest.mark.django_db
def test_one_sign_in_is_described_as_in_the_list() -> None:
    _user, headers = _ada()
    listed = Client().get(f"{BASE}auth/sessions", **headers).json()
    assert Client().get(f"{BASE}auth/sessions/{listed[0]['id']}", **headers).json() == listed[0]


@pytest.mark.django_db
def test_one_sign_in_request_is_described_as_in_the_list() -> None:
    user = make_person()
    headers = bearer(tokens.issue(started=enter())["access_token"])
    be_risky(user)
    listed = Client().get(f"{BASE}auth/sign-in-requests", **headers).json()
    assert Client().get(f"{BASE}auth/sign-in-requests/{listed[0]['id']}", **headers).json() == listed[0]


@pytest.mark.django_db
def test_the_old_names_of_the_second_factor_work() -> None:
    user, headers = _ada()
    secret = post(f"{BASE}auth/2fa/enable", {}, **headers).json()["secret"]
    code = code_at(key_of(secret), present_step())
    assert len(post(f"{BASE}auth/2fa/verify", {"code": code}, **headers).json()["backup_codes"]) == 10
    backup_code = give_backup_codes(user)[0]
    body = {"method": "backup_code", "code": backup_code}
    assert post(f"{BASE}auth/2fa/disable", body, **headers).status_code == 204


@pytest.mark.django_db
def test_nothing_to_come_back_from_is_404() -> None:
    _user, headers = _ada()
    assert Client().delete(f"{BASE}privacy/deactivate", **headers).status_code == 404
    assert Client().delete(f"{BASE}privacy/deletion", **headers).status_code == 404


@pytest.mark.django_db
def test_one_copy_of_the_data_is_made_at_a_time() -> None:
    _user, headers = _ada()
    asked = post(f"{BASE}privacy/exports", {}, **headers)
    assert asked.status_code == 202
    again = post(f"{BASE}privacy/exports", {}, **headers)
    assert (again.status_code, again.json()["code"]) == (409, "export_running")


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["application/zip", "application/json", "*/*"])
def test_the_file_of_a_copy_may_be_asked_for_as_what_it_is(accept: str) -> None:
    user, headers = _ada()
    export = DataExport.objects.create(user=user)
    answer = Client().get(f"{BASE}privacy/exports/{export.pk}/file", HTTP_ACCEPT=accept, **headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "export_not_ready")


# -- values that are none


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["\ud800", "\x00", "x" * 10_000, 2**70, ["totp"], {"totp": 1}, True])
@pytest.mark.parametrize(
    ("path", "field", "rest"),
    [
        ("auth/signup", "role", SIGN_UP),
        ("auth/login-2fa", "method", {"temp_token": "t", "code": "1"}),
        ("auth/step-up", "method", {"code": "1"}),
        ("twofa/disable", "method", {"code": "1"}),
        ("auth/password/reset", "method", {"email": "a@example.org", "code": "1", "new_password": "x"}),
    ],
)
def test_a_value_that_is_none_of_the_choices_is_refused_and_not_repeated(
    path: str, field: str, rest: dict[str, Any], value: Any
) -> None:
    user, headers = _ada()
    give_totp(user)
    answer = post(BASE + path, {**rest, field: value}, **headers)
    assert answer.status_code in (400, 422)
    assert "x" * 100 not in answer.content.decode()
    if answer.status_code == 422:
        assert f"/{field}" in [row["pointer"] for row in answer.json()["errors"]]


@pytest.mark.django_db
@pytest.mark.parametrize(("escaped", "status"), [(r"\ud800", 400), (r"\udc00\ud800", 400), (r"\ud83d\ude00", 401)])
def test_half_a_character_is_unreadable_and_a_whole_one_is_not(escaped: str, status: int) -> None:
    body = f'{{"refresh_token": "{escaped}"}}'
    answer = Client().post(f"{BASE}auth/refresh", body, content_type="application/json")
    assert answer.status_code == status
    assert status != 400 or answer.json()["code"] == "malformed"


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["before=%00", f"before={10**30}", "before=-1", "since=9999-12-32", "outcome=%FF"])
def test_a_filter_that_is_none_is_refused(query: str) -> None:
    _user, headers = _ada()
    assert Client().get(f"{BASE}auth/login-history?{query}", **headers).status_code == 422


@pytest.mark.django_db
def test_the_first_and_the_last_day_can_be_asked_for() -> None:
    _user, headers = _ada()
    answer = Client().get(f"{BASE}auth/login-history?since=0001-01-01&until=9999-12-31", **headers)
    assert answer.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("passkey", ["0", "-1", "9" * 40, "%00", str(uuid.UUID(int=0))])
def test_an_id_that_nothing_has_is_404(passkey: str) -> None:
    _user, headers = _ada()
    answer = Client().delete(f"{BASE}auth/passkeys/{passkey}", **headers)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not_found")

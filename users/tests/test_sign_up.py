from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from pairly.common.clock import age_on
from users import registry
from users.models import Session, User

from .helpers import SIGN_UP, at_once, post


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/auth/signup", "/api/auth/signup", "/api/v1/auth/register"])
@pytest.mark.parametrize("role", ["fan", "creator"])
@pytest.mark.usefixtures("product_hashers")
def test_a_sign_up_makes_an_account_and_signs_in(path: str, role: str) -> None:
    answer = post(path, {**SIGN_UP, "role": role})
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    user = User.objects.get()
    assert (user.email, user.name, user.role) == ("ada@example.org", "Ada", role)
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert body["user"]["id"] == str(user.uid)
    assert Session.objects.get().kind == "api"


@pytest.mark.django_db
def test_a_known_address_answers_409() -> None:
    post("/api/v1/auth/signup", SIGN_UP)
    answer = post("/api/v1/auth/signup", {**SIGN_UP, "email": " ADA@EXAMPLE.ORG "})
    assert answer.status_code == 409
    assert answer.json()["code"] == "email_taken"
    assert answer.json()["errors"][0]["pointer"] == "/email"
    assert User.objects.count() == 1


def test_of_parallel_sign_ups_with_one_address_one_makes_an_account(committed_db: str) -> None:
    def one(number: int) -> int:
        answer = post("/api/v1/auth/signup", SIGN_UP, REMOTE_ADDR=f"203.0.113.{number}")
        return int(answer.status_code)

    assert sorted(at_once(8, one)) == [201] + [409] * 7
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2000, 6, 15), date(2018, 6, 14), 17),
        (date(2000, 6, 15), date(2018, 6, 15), 18),
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
    ],
)
def test_an_age_is_counted_in_completed_years(born: date, today: date, age: int) -> None:
    assert age_on(birth_date=born, day=today) == age


@pytest.mark.django_db
def test_who_is_under_18_is_refused_at_the_field() -> None:
    today = timezone.now().date()
    answer = post("/api/v1/auth/signup", {**SIGN_UP, "birth_date": f"{today.year - 17}-01-01"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "under_age"
    assert [(row["pointer"], row["code"]) for row in answer.json()["errors"]] == [("/birth_date", "under_age")]
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "password123"}, "/password"),
        ({"password": "ada@example.org"}, "/password"),
        ({"password": "x" * 257}, "/password"),
        ({"email": "not an address"}, "/email"),
        ({"email": "a" * 250 + "@example.org"}, "/email"),
        ({"role": "admin"}, "/role"),
        ({"name": " "}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"birth_date": "1790-01-01"}, "/birth_date"),
        ({"birth_date": "2999-01-01"}, "/birth_date"),
        ({"birth_date": "yesterday"}, "/birth_date"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, str], pointer: str) -> None:
    answer = post("/api/v1/auth/signup", {**SIGN_UP, **change})
    assert answer.status_code == 422
    assert {row["pointer"] for row in answer.json()["errors"]} == {pointer}
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_sign_up_cannot_give_itself_more_than_it_asks_for() -> None:
    extra = {
        "is_staff": True,
        "is_superuser": True,
        "verification_level": 2,
        "uid": "x",
        "email_verified_at": "2020",
    }
    assert post("/api/v1/auth/signup", {**SIGN_UP, **extra}).status_code == 201
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.verification_level, user.email_verified_at) == (
        False,
        False,
        0,
        None,
    )


@pytest.mark.django_db
def test_the_fourth_sign_up_of_an_address_within_a_minute_must_wait() -> None:
    statuses = [
        post("/api/v1/auth/signup", {**SIGN_UP, "email": f"p{number}@example.org"}).status_code for number in range(5)
    ]
    assert statuses == [201, 201, 201, 429, 429]


@pytest.mark.django_db
def test_what_upper_apps_add_is_part_of_the_sign_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[User] = []

    def hook(*, user: User) -> None:
        seen.append(user)
        raise RuntimeError("no room")

    monkeypatch.setattr(registry, "_hooks", [])
    registry.on_sign_up(hook)
    registry.on_sign_up(hook)
    with pytest.raises(RuntimeError, match="no room"):
        post("/api/v1/auth/signup", SIGN_UP)
    assert len(seen) == 1
    assert not User.objects.exists()
    assert not Session.objects.exists()

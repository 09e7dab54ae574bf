from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.test import Client
from pytest_django import Settings

from pairly.common import redis as common_redis
from security.models import LoginAttempt
from security.types import Client as Visitor
from security.types import Door
from users.errors import AccountLocked, InvalidCredentials, Suspended
from users.hashers import Argon2idHasher
from users.models import Session, User
from users.services import sign_in

from .helpers import PASSWORD, VISITOR, at_once, make_person, post


class CountingHasher(Argon2idHasher):
    """The product's hasher, which also says how often it worked."""

    n_hashes = 0
    lock = threading.Lock()

    def _count(self) -> None:
        with self.lock:
            CountingHasher.n_hashes += 1

    def encode(self, password: str, salt: str) -> str:
        self._count()
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        self._count()
        return super().verify(password, encoded)


@pytest.fixture
def counted(settings: Settings) -> type[CountingHasher]:
    settings.PASSWORD_HASHERS = [
        f"{CountingHasher.__module__}.CountingHasher",
        *settings.PASSWORD_HASHERS[1:],
    ]
    CountingHasher.n_hashes = 0
    return CountingHasher


def _try(email: str, password: str, *, ip: str = VISITOR.ip) -> Any:
    """Sign in through the service, from an address of its own so that only the lockout is tried."""
    return sign_in.sign_in(email=email, password=password, kind=Session.Kind.API, door=Door.API, client=Visitor(ip=ip))


def _outcome(email: str, password: str, *, ip: str) -> str:
    try:
        _try(email, password, ip=ip)
    except (InvalidCredentials, AccountLocked) as problem:
        return problem.code
    return "signed in"


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["/api/v1", "/api"])
def test_the_right_password_signs_in_at_both_prefixes(prefix: str) -> None:
    user = make_person()
    answer = post(f"{prefix}/auth/login", {"email": "ADA@example.org ", "password": PASSWORD})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    assert body["user"]["id"] == str(user.uid)
    assert "password" not in body["user"]
    attempt = LoginAttempt.objects.get()
    assert (attempt.outcome, attempt.user_uid, attempt.door) == ("succeeded", user.uid, "api")


@pytest.mark.django_db
def test_an_unknown_address_is_answered_exactly_as_a_known_one() -> None:
    make_person()
    answers = {}
    for number, email in enumerate(["ada@example.org", "nobody@example.org"]):
        rows = []
        for _try_number in range(6):
            common_redis.get_client().flushdb()
            answer = post("/api/v1/auth/login", {"email": email, "password": "wrong"}, REMOTE_ADDR=f"192.0.2.{number}")
            varying = ("Retry-After", "X-Request-ID", "X-RateLimit-Remaining")
            headers = {name: value for name, value in answer.headers.items() if name not in varying}
            rows.append((answer.status_code, answer.json(), headers, "Retry-After" in answer.headers))
        answers[email] = rows
    known, unknown = answers.values()
    assert known == unknown
    assert [row[0] for row in known] == [401] * 5 + [423]
    assert [row[1].get("attempts_left") for row in known] == [4, 3, 2, 1, 0, None]
    assert known[5][1]["code"] == "account_locked"
    assert known[5][3]


@pytest.mark.django_db
def test_an_unknown_address_costs_one_hash_as_a_known_one_does(counted: type[CountingHasher]) -> None:
    make_person()
    counts = []
    for email in ("ada@example.org", "nobody@example.org"):
        counted.n_hashes = 0
        assert _outcome(email, "wrong", ip="192.0.2.1") == "invalid_credentials"
        counts.append(counted.n_hashes)
    assert counts == [1, 1]


@pytest.mark.django_db
def test_a_refusal_costs_one_hash_whether_the_address_is_known_or_not(counted: type[CountingHasher]) -> None:
    """What the time of a refusal is made of; the times themselves are measured apart from the tests."""
    make_person()
    costs = []
    for email in ("ada@example.org", "nobody@example.org"):
        before = counted.n_hashes
        _outcome(email, "wrong", ip="192.0.2.1")
        costs.append(counted.n_hashes - before)
    assert costs == [1, 1]


@pytest.mark.django_db
def test_a_locked_account_refuses_the_right_password_too(counted: type[CountingHasher]) -> None:
    make_person()
    for _ in range(5):
        _outcome("ada@example.org", "wrong", ip="192.0.2.1")
    before = counted.n_hashes
    with pytest.raises(AccountLocked) as caught:
        _try("ada@example.org", PASSWORD, ip="192.0.2.99")
    assert counted.n_hashes == before
    assert 3500 < float(caught.value.headers()["Retry-After"]) <= 3600


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_of_40_parallel_wrong_passwords_at_most_5_are_hashed(
    committed_db: str, counted: type[CountingHasher], email: str
) -> None:
    make_person()
    counted.n_hashes = 0
    outcomes = at_once(40, lambda number: _outcome(email, f"wrong {number}", ip=f"203.0.113.{number}"))
    assert counted.n_hashes == 5
    assert sorted(outcomes) == ["account_locked"] * 35 + ["invalid_credentials"] * 5
    assert LoginAttempt.objects.filter(outcome="failed").count() == 5
    assert LoginAttempt.objects.filter(outcome="refused").count() == 35


def test_the_attempt_is_committed_before_the_password_is_hashed(
    committed_db: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the process died in the middle of the hash: the guess is on record and counts."""
    make_person()

    def die(self: User, password: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(User, "check_password", die)
        with pytest.raises(KeyboardInterrupt):
            _try("ada@example.org", "wrong")
    assert LoginAttempt.objects.get().outcome == "pending"
    with pytest.raises(InvalidCredentials) as caught:
        _try("ada@example.org", "wrong")
    assert caught.value.extra["attempts_left"] == 3


@pytest.mark.django_db
def test_the_sixth_sign_in_of_an_address_within_a_minute_must_wait() -> None:
    for number in range(8):
        make_person(email=f"p{number}@example.org")
    answers = [
        post("/api/v1/auth/login", {"email": f"p{number}@example.org", "password": PASSWORD}) for number in range(8)
    ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert answers[7].json()["code"] == "rate_limited"
    assert 0 < int(answers[7].headers["Retry-After"]) <= 60


@pytest.mark.django_db
def test_a_locked_account_says_so_before_the_limit_of_the_address() -> None:
    make_person()
    statuses = [
        post("/api/v1/auth/login", {"email": "ada@example.org", "password": "wrong"}).status_code for _ in range(7)
    ]
    assert statuses == [401] * 5 + [423] * 2


@pytest.mark.django_db
def test_a_closed_account_is_told_only_after_the_right_password() -> None:
    make_person(is_active=False)
    assert _outcome("ada@example.org", "wrong", ip="192.0.2.1") == "invalid_credentials"
    with pytest.raises(Suspended):
        _try("ada@example.org", PASSWORD)
    assert not Session.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("product_hashers")
def test_an_imported_bcrypt_hash_is_upgraded_at_sign_in() -> None:
    user = make_person()
    hasher = BCryptSHA256PasswordHasher()
    hasher.rounds = 4
    User.objects.filter(pk=user.pk).update(password=hasher.encode(PASSWORD, hasher.salt()))
    _try("ada@example.org", PASSWORD)
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_sign_ins_that_upgrade_a_hash_at_once_all_succeed(committed_db: str) -> None:
    user = make_person()
    hasher = BCryptSHA256PasswordHasher()
    hasher.rounds = 4
    User.objects.filter(pk=user.pk).update(password=hasher.encode(PASSWORD, hasher.salt()))
    outcomes = at_once(4, lambda number: _outcome("ada@example.org", PASSWORD, ip=f"192.0.2.{number}"))
    assert outcomes == ["signed in"] * 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [{}, {"email": "ada@example.org"}, {"email": [], "password": {}}, {"email": "a\x00b", "password": "x"}],
)
def test_a_body_that_makes_no_sense_is_refused_by_field(body: dict[str, Any]) -> None:
    answer = post("/api/v1/auth/login", body)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {row["pointer"] for row in answer.json()["errors"]} <= {"/email", "/password"}


@pytest.mark.django_db
def test_signing_in_by_api_sets_no_cookie_and_ignores_stale_credentials() -> None:
    make_person()
    client = Client(enforce_csrf_checks=True)
    answer = post(
        "/api/v1/auth/login",
        {"email": "ada@example.org", "password": PASSWORD},
        client=client,
        HTTP_AUTHORIZATION="Bearer stale",
    )
    assert answer.status_code == 200
    assert not answer.cookies

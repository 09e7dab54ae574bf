"""The lockout: whose it is, the mail about it, and the ways out."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from pairly.common import redis as common_redis
from pairly.common.problems import Problem
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from security.models import AuditEntry, LoginAttempt
from security.services import attempts
from security.types import Client as Visitor
from security.types import Door
from users.models import UnlockCode, User
from users.services import challenges, lockouts
from users.services import tokens as token_services
from users.types import Method

from .helpers import PASSWORD, at_once, bearer, make_person, post
from .test_sign_in import CountingHasher
from .ways_in import AWAY, EMAIL, HOME, LAPTOP, be_risky, enter, fail, outcome

UNLOCK, PAGE = "/api/v1/auth/unlock", "/unlock/"


@pytest.fixture
def counted(settings: Settings) -> type[CountingHasher]:
    settings.PASSWORD_HASHERS = ["users.tests.test_sign_in.CountingHasher", *settings.PASSWORD_HASHERS[1:]]
    CountingHasher.n_hashes = 0
    return CountingHasher


def _mailed_code() -> str:
    """What the one mail about the lock says."""
    outbox.deliver_due()
    [sent] = [one for one in mail.outbox if "locked" in one.subject]
    found = re.search(r"\b([A-Z2-9]{5}-[A-Z2-9]{5})\b", str(sent.body))
    assert found is not None
    return found[1]


def _unlock(code: str, email: str = EMAIL, *, ip: str = AWAY) -> str:
    try:
        lockouts.unlock(email=email, code=code, client=Visitor(ip=ip))
    except Problem as problem:
        return problem.code
    return "unlocked"


def _n_lock_mails() -> int:
    return OutboxRow.objects.filter(kind="users.unlock_code").count()


# -- whose lock it is -----------------------------------------------------------------------------------------
def test_the_owner_signs_in_on_a_known_device_while_a_stranger_has_locked_the_account(
    committed_db: str, counted: type[CountingHasher]
) -> None:
    make_person()
    enter()
    counted.n_hashes = 0
    outcomes = at_once(40, lambda number: outcome(ip=f"203.0.113.{number}", device=f"stranger-{number:030}"))
    assert counted.n_hashes == 5
    assert sorted(outcomes) == ["account_locked"] * 35 + ["invalid_credentials"] * 5
    assert outcome(password=PASSWORD, ip=AWAY, device=LAPTOP) == "signed in"
    assert outcome(password=PASSWORD, ip="203.0.113.99", device="") == "account_locked"
    assert _n_lock_mails() == 1


def test_of_40_parallel_wrong_passwords_on_a_known_device_at_most_5_are_hashed(
    committed_db: str, counted: type[CountingHasher]
) -> None:
    make_person()
    enter()
    counted.n_hashes = 0
    outcomes = at_once(40, lambda number: outcome(ip=f"203.0.113.{number}", device=LAPTOP))
    assert counted.n_hashes == 5
    assert sorted(outcomes) == ["account_locked"] * 35 + ["invalid_credentials"] * 5
    assert attempts.find_locked_until(identifier=EMAIL) is None
    assert outcome(password=PASSWORD, device="another" * 5) == "signed in"


@pytest.mark.django_db
def test_control_without_a_count_of_its_own_the_known_device_is_locked_out_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_person()
    enter()
    fail(5)
    monkeypatch.setattr("security.services.devices.is_strong", lambda *, fingerprint: False)
    assert outcome(password=PASSWORD) == "account_locked"


@pytest.mark.django_db
def test_a_device_that_anyone_could_imitate_has_no_count_of_its_own() -> None:
    make_person()
    enter(device="")
    fail(5)
    assert outcome(password=PASSWORD, device="") == "account_locked"
    enter_with_short = outcome(password=PASSWORD, device="short")
    assert enter_with_short == "account_locked"


def test_of_40_parallel_wrong_codes_of_the_second_step_at_most_5_are_looked_at(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_person()
    enter()
    challenged = be_risky(user)
    LoginAttempt.objects.filter(outcome="failed").delete()
    monkeypatch.setattr(challenges, "SECOND_STEPS_PER_MINUTE", 1000)
    looked_at, lock, proves = [], threading.Lock(), challenges._proves

    def counting(*args: Any) -> bool:
        with lock:
            looked_at.append(1)
        return proves(*args)

    monkeypatch.setattr(challenges, "_proves", counting)

    def one(number: int) -> str:
        try:
            challenges.complete(
                token=challenged.token, method=Method.EMAIL, code="000000", client=Visitor(ip=f"203.0.113.{number}")
            )
        except Problem as problem:
            return problem.code
        return "signed in"

    assert sorted(at_once(40, one)) == ["account_locked"] * 35 + ["invalid_code"] * 5
    assert len(looked_at) == 5
    assert _n_lock_mails() == 1


# -- spraying (A4) ----------------------------------------------------------------------------------------------
def test_one_address_that_tries_many_accounts_is_stopped_after_5_hashes(
    committed_db: str, counted: type[CountingHasher]
) -> None:
    def one(number: int) -> str:
        try:
            enter(f"p{number}@example.org", "wrong", ip=AWAY)
        except Problem as problem:
            return problem.code
        return "signed in"

    outcomes = at_once(30, one)
    assert counted.n_hashes == 5
    assert sorted(outcomes) == ["invalid_credentials"] * 5 + ["rate_limited"] * 25


@pytest.mark.django_db
def test_many_addresses_that_try_one_account_are_stopped_after_5_hashes(counted: type[CountingHasher]) -> None:
    make_person()
    counted.n_hashes = 0
    assert fail(30) == ["invalid_credentials"] * 5 + ["account_locked"] * 25
    assert counted.n_hashes == 5


@pytest.mark.django_db
def test_a_success_does_not_clear_the_count_of_the_address() -> None:
    make_person()
    for number in range(4):
        assert outcome(f"p{number}@example.org", ip=AWAY) == "invalid_credentials"
    assert outcome(password=PASSWORD, ip=AWAY) == "signed in"
    answer = post("/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD}, REMOTE_ADDR=AWAY)
    assert answer.status_code == 429


# -- the mail and its code ----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_failure_that_locks_mails_a_code_once_and_the_code_ends_the_lock() -> None:
    make_person()
    fail(4)
    assert _n_lock_mails() == 0
    fail(8)
    assert _n_lock_mails() == 1
    code = _mailed_code()
    assert outcome(password=PASSWORD, device="") == "account_locked"
    assert post(UNLOCK, {"email": " Ada@Example.org", "code": code.lower()}).status_code == 204
    assert outcome(password=PASSWORD, device="") == "signed in"
    assert _unlock(code) == "invalid_code"


@pytest.mark.django_db
def test_the_row_in_the_outbox_holds_no_code_and_the_mail_no_address_with_a_secret() -> None:
    make_person()
    fail(5)
    row = OutboxRow.objects.get(kind="users.unlock_code")
    assert set(row.payload) == {"until"}
    code = _mailed_code()
    body = str(mail.outbox[0].body)
    assert "/unlock/\n" in body
    assert "?" not in body.replace("Forgot your password?", "")
    stored = UnlockCode.objects.get()
    assert code.replace("-", "").encode() not in bytes(stored.code_hash)
    assert timedelta(minutes=59) < stored.expires_at - timezone.now() <= timedelta(hours=1)


@pytest.mark.django_db
def test_a_mail_that_could_not_be_sent_is_sent_with_a_new_code(monkeypatch: pytest.MonkeyPatch) -> None:
    make_person()
    fail(5)

    def fail_to_send(*args: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(lockouts, "send_mail", fail_to_send)
        outbox.deliver_due()
    OutboxRow.objects.update(deliver_at=timezone.now())
    assert _unlock(_mailed_code()) == "unlocked"


@pytest.mark.django_db
def test_the_code_dies_with_the_lock_and_after_5_tries() -> None:
    make_person()
    fail(5)
    code = _mailed_code()
    UnlockCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert _unlock(code) == "invalid_code"
    UnlockCode.objects.update(expires_at=timezone.now() + timedelta(minutes=5), n_tries=5)
    assert _unlock(code) == "invalid_code"
    assert attempts.find_locked_until(identifier=EMAIL) is not None


@pytest.mark.django_db
def test_an_unknown_address_is_answered_exactly_as_a_locked_account() -> None:
    make_person()
    answers = []
    for number, email in enumerate([EMAIL, "nobody@example.org"]):
        fail(5, email)
        outbox.deliver_due()
        rows = []
        for _ in range(7):
            common_redis.get_client().flushdb()
            answer = post(UNLOCK, {"email": email, "code": "AAAAA-AAAAA"}, REMOTE_ADDR=f"192.0.2.{number}")
            rows.append((answer.status_code, answer.json(), sorted(answer.headers)))
        answers.append(rows)
    assert answers[0] == answers[1]
    assert [row[0] for row in answers[0]] == [422] * 7
    assert [row[1]["attempts_left"] for row in answers[0]] == [4, 3, 2, 1, 0, 0, 0]
    assert OutboxRow.objects.filter(kind="users.unlock_code", user_uid__isnull=True).count() == 1
    assert [one.to for one in mail.outbox] == [[EMAIL]]


@pytest.mark.django_db
def test_a_try_at_the_code_costs_an_unknown_address_the_same_statements() -> None:
    make_person()
    fail(5)
    outbox.deliver_due()
    costs = []
    for email in (EMAIL, "nobody@example.org"):
        with CaptureQueriesContext(connection) as captured:
            assert _unlock("AAAAA-AAAAA", email) == "invalid_code"
        costs.append([query["sql"].split()[0] for query in captured])
    assert costs[0] == costs[1]
    assert "UPDATE" in costs[0]


@pytest.mark.django_db
def test_anothers_code_unlocks_nothing() -> None:
    make_person()
    make_person("eve@example.org")
    fail(5)
    fail(5, "eve@example.org")
    outbox.deliver_due()
    [eves] = [one for one in mail.outbox if one.to == ["eve@example.org"]]
    found = re.search(r"\b([A-Z2-9]{5}-[A-Z2-9]{5})\b", str(eves.body))
    assert found is not None
    assert _unlock(found[1]) == "invalid_code"
    assert attempts.find_locked_until(identifier=EMAIL) is not None


def test_of_30_parallel_right_codes_one_unlocks(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_person()
    fail(5)
    code = _mailed_code()
    monkeypatch.setattr(lockouts, "UNLOCK_TRIES_PER_MINUTE", 1000)
    outcomes = at_once(30, lambda number: _unlock(code, ip=f"203.0.113.{number}"))
    assert outcomes.count("unlocked") == 1
    assert LoginAttempt.objects.filter(door="unlock", outcome="succeeded", user_uid__isnull=False).count() == 1


def test_control_without_the_conditional_update_several_unlock(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person()
    fail(5)
    code = _mailed_code()
    together = threading.Barrier(4)

    def check_then_act(user: User, typed: str) -> bool:
        is_usable = UnlockCode.objects.filter(user=user, used_at__isnull=True).exists()
        together.wait(timeout=30)
        UnlockCode.objects.filter(user=user).update(used_at=timezone.now())
        return is_usable

    monkeypatch.setattr(lockouts, "_use", check_then_act)
    assert at_once(4, lambda number: _unlock(code, ip=f"203.0.113.{number}")) == ["unlocked"] * 4


@pytest.mark.django_db
def test_the_code_and_a_reset_end_the_lock_of_a_known_device_too() -> None:
    user = make_person()
    enter()
    for _ in range(2):
        fail(5, device=LAPTOP)
        assert outcome(password=PASSWORD, ip=AWAY) == "account_locked"
        attempts.forgive(identifier=EMAIL, client=Visitor(ip=AWAY), door=Door.RESET, user_uid=user.uid)
        assert outcome(password=PASSWORD, ip=AWAY) == "signed in"
    fail(5, device=LAPTOP)
    OutboxRow.objects.exclude(pk=OutboxRow.objects.order_by("-pk").values("pk")[:1]).delete()
    assert _unlock(_mailed_code()) == "unlocked"
    assert outcome(password=PASSWORD, ip="203.0.113.90") == "signed in"
    shown = LoginAttempt.objects.filter(user_uid=user.uid, door="unlock").values_list("outcome", flat=True)
    assert list(shown) == ["succeeded"]


# -- pages ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_locked_sign_in_page_says_until_when_and_what_helps() -> None:
    make_person()
    fail(5)
    answer = Client().post("/sign-in/", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 423
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    page = answer.content.decode()
    until = attempts.find_locked_until(identifier=EMAIL)
    assert until is not None
    assert f"{until:%H:%M}" in page
    assert 'href="/unlock/"' in page
    assert 'href="/forgot-password/"' in page


@pytest.mark.django_db
def test_the_page_unlocks_and_leads_to_the_sign_in() -> None:
    make_person()
    fail(5)
    code = _mailed_code()
    assert "AAAAA" not in Client().get(f"{PAGE}?code=AAAAA-AAAAA&email={EMAIL}").content.decode()
    wrong = Client().post(PAGE, {"email": EMAIL, "code": "AAAAA-AAAAA"})
    assert wrong.status_code == 422
    answer = Client().post(PAGE, {"email": EMAIL, "code": code})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    assert outcome(password=PASSWORD, device="") == "signed in"


@pytest.mark.django_db
def test_tries_at_the_code_are_limited_by_network() -> None:
    statuses = [post(UNLOCK, {"email": f"p{n}@example.org", "code": "AAAAA"}).status_code for n in range(6)]
    assert statuses == [422] * 5 + [429]


@pytest.mark.django_db
def test_a_signed_in_device_sees_the_lock_and_ends_it_at_most_three_times_an_hour() -> None:
    user = make_person()
    client = Client()
    assert client.post("/sign-in/", {"email": EMAIL, "password": PASSWORD}).status_code == 302
    assert "is locked until" not in client.get("/account/devices/").content.decode()
    for _ in range(3):
        fail(5)
        assert "is locked until" in client.get("/account/devices/").content.decode()
        assert client.post("/account/devices/unlock/").status_code == 302
        assert attempts.find_locked_until(identifier=EMAIL) is None
    fail(5)
    client.post("/account/devices/unlock/")
    assert attempts.find_locked_until(identifier=EMAIL) is not None
    assert AuditEntry.objects.filter(action="lockout.ended", actor_uid=user.uid).count() == 3


@pytest.mark.django_db
def test_the_api_says_until_when_and_ends_only_ones_own_lock() -> None:
    make_person()
    make_person("eve@example.org")
    headers = bearer(token_services.issue(started=enter())["access_token"])
    fail(5)
    fail(5, "eve@example.org")
    until = attempts.find_locked_until(identifier=EMAIL)
    assert until is not None
    answer = Client().get("/api/v1/auth/lockout", **headers)
    assert answer.json()["locked_until"].startswith(f"{until:%Y-%m-%dT%H:%M:%S}")
    assert Client().delete("/api/v1/auth/lockout", **headers).status_code == 204
    assert Client().get("/api/v1/auth/lockout", **headers).json() == {"locked_until": None}
    assert attempts.find_locked_until(identifier="eve@example.org") is not None
    assert Client().delete("/api/v1/auth/lockout").status_code == 401


# -- mails of resets --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
def test_an_address_gets_three_reset_mails_an_hour_and_the_fourth_request_is_answered_alike(email: str) -> None:
    make_person()
    answers = [post("/api/v1/auth/password/forgot", {"email": email}, REMOTE_ADDR=HOME) for _ in range(5)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert OutboxRow.objects.filter(kind="users.reset_password").count() == 3

"""The second step of a sign-in at the API, its refusals, and the reset of a password that needs it too."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from pairly.common import redis as common_redis
from pairly.outbox import services as outbox
from security import risk_rules
from security.models import LoginAttempt
from users import selectors
from users.constants import CHALLENGE_LIFE, EMAIL_CODE_LIFE
from users.models import BackupCode, PasswordReset, Restriction, Session, SignInChallenge, TotpDevice, User
from users.services import approvals, challenges, passwords
from users.types import Method, StartedSession

from .factor_helpers import (
    SECOND,
    code_of,
    give_backup_codes,
    give_email_factor,
    give_passkey,
    give_totp,
    mailed_code,
    second_step,
    sign_in_api,
    wrong_code_of,
)
from .helpers import PASSWORD, VISITOR, bearer, make_person, post, start_api

ADA = "ada@example.org"
MAIL_CODE, BACKUP = "/api/v1/auth/login-2fa/email-code", "/api/v1/auth/2fa/backup-code"
FORGOT, RESET = "/api/v1/auth/password/forgot", "/api/v1/auth/password/reset"
NEW = "a quite different phrase 4"
RESET_CODE = re.compile(r"\b[A-Z2-9]{5}-[A-Z2-9]{5}\b")


def _person(**fields: Any) -> User:
    user = make_person(**fields)
    give_totp(user)
    return user


def _code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _send_code(token: str) -> Any:
    common_redis.get_client().flushdb()
    return post(MAIL_CODE, {"temp_token": token})


# -- the step -------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_right_password_alone_gives_no_tokens_and_no_session() -> None:
    user = _person()
    give_backup_codes(user)
    answer = sign_in_api(user)
    assert answer == {
        "requires_2fa": True,
        "temp_token": answer["temp_token"],
        "methods": ["totp", "backup_code"],
    }
    assert not Session.objects.exists()
    assert Client().get("/api/v1/auth/sessions", **bearer(answer["temp_token"])).status_code == 401
    assert answer["temp_token"].encode() not in bytes(SignInChallenge.objects.get().token_sha256)


@pytest.mark.django_db
@pytest.mark.parametrize("path", [SECOND, "/api/v1/auth/login/2fa", "/api/auth/login-2fa"])
def test_the_code_of_the_app_makes_a_sign_in_with_a_second_factor(path: str) -> None:
    user = _person()
    token = sign_in_api(user)["temp_token"]
    answer = post(path, {"temp_token": token, "method": "totp", "code": code_of(user)})
    assert answer.status_code == 200
    assert set(answer.json()) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    session = Session.objects.get()
    assert (session.kind, session.factor) == ("api", "totp")
    assert Client().get("/api/v1/auth/sessions", **bearer(answer.json()["access_token"])).status_code == 200
    assert list(LoginAttempt.objects.order_by("pk").values_list("outcome", flat=True)) == ["challenged", "succeeded"]


@pytest.mark.django_db
def test_a_backup_code_signs_in_once_at_both_doors_and_is_told_by_mail() -> None:
    user = _person()
    codes = give_backup_codes(user)
    answer = post(BACKUP, {"temp_token": sign_in_api(user)["temp_token"], "code": codes[0]})
    assert answer.status_code == 200
    outbox.deliver_due()
    assert any("9 are left" in str(sent.body) for sent in mail.outbox)
    assert _code(second_step(sign_in_api(user)["temp_token"], "backup_code", codes[0])) == (422, "invalid_code")
    assert second_step(sign_in_api(user)["temp_token"], "backup_code", codes[1]).status_code == 200


@pytest.mark.django_db
def test_a_code_of_the_app_signs_in_once() -> None:
    user = _person()
    code = code_of(user)
    assert second_step(sign_in_api(user)["temp_token"], "totp", code).status_code == 200
    assert _code(second_step(sign_in_api(user)["temp_token"], "totp", code)) == (422, "invalid_code")
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_wrong_codes_count_for_the_same_lockout_as_passwords() -> None:
    user = _person()
    token = sign_in_api(user)["temp_token"]
    answers = [second_step(token, "totp", wrong_code_of(user)) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [423]
    assert [answer.json().get("attempts_left") for answer in answers] == [4, 3, 2, 1, 0, None]
    assert second_step(token, "totp", code_of(user)).status_code == 423
    assert sign_in_api(user)["code"] == "account_locked"
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_five_second_steps_a_minute_are_let_through() -> None:
    user = _person()
    token = sign_in_api(user)["temp_token"]
    body = {"temp_token": token, "method": "totp", "code": wrong_code_of(user)}
    LoginAttempt.objects.all().delete()
    answers = []
    for _ in range(6):
        answers.append(post(SECOND, body))
        LoginAttempt.objects.filter(outcome="failed").delete()  # the lockout is out of the way
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert int(answers[5].headers["Retry-After"]) > 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"temp_token": "x"},
        {"temp_token": "x", "method": "totp"},
        {"temp_token": "x", "method": "totp", "code": ""},
        {"temp_token": "x", "method": "password", "code": "x"},
        {"temp_token": "x", "method": "passkey", "code": "x"},
        {"temp_token": [], "method": {}, "code": 1.5},
        {"temp_token": "a\x00", "method": "totp", "code": "\x00"},
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_field(body: dict[str, Any]) -> None:
    answer = post(SECOND, body)
    assert answer.status_code == 422
    assert {row["pointer"] for row in answer.json()["errors"]} <= {"/temp_token", "/method", "/code"}


def _expire() -> None:
    SignInChallenge.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _refuse() -> None:
    SignInChallenge.objects.update(refused_at=timezone.now())


def _change_password() -> None:
    user = User.objects.get()
    passwords.store(user=user, encoded=user.password)


def _finish() -> None:
    SignInChallenge.objects.update(done_at=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize("end", [_expire, _refuse, _change_password, _finish])
def test_a_sign_in_that_is_over_is_answered_like_an_unknown_one(end: Callable[[], None]) -> None:
    """Byte for byte: nobody learns which tokens there were."""
    user = _person()
    token = sign_in_api(user)["temp_token"]
    end()
    unknown = "x" * len(token)
    for path in (SECOND, MAIL_CODE, BACKUP):
        common_redis.get_client().flushdb()
        seen = []
        for one in (token, unknown):
            answer = post(path, {"temp_token": one, "method": "totp", "code": code_of(user)})
            headers = {
                name: value
                for name, value in answer.headers.items()
                if "RateLimit" not in name and name != "X-Request-ID"
            }
            seen.append((answer.status_code, answer.content, headers))
        assert seen[0] == seen[1]
        assert seen[0][0] == 401
        assert b"challenge_over" in seen[0][1]
    assert not Session.objects.exists()
    assert LoginAttempt.objects.count() == 1


@pytest.mark.django_db
def test_a_waiting_sign_in_lives_ten_minutes() -> None:
    user = _person()
    token = sign_in_api(user)["temp_token"]
    challenge = SignInChallenge.objects.get()
    assert challenge.expires_at - timezone.now() <= CHALLENGE_LIFE == timedelta(minutes=10)
    SignInChallenge.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    assert second_step(token, "totp", code_of(user)).status_code == 200
    assert _code(second_step(token, "totp", code_of(user))) == (401, "challenge_over")


@pytest.mark.django_db
def test_the_proof_of_one_account_is_none_for_another() -> None:
    ada, eve = _person(), _person(email="eve@example.org")
    codes = give_backup_codes(eve)
    token = sign_in_api(ada)["temp_token"]
    assert _code(second_step(token, "totp", code_of(eve))) == (422, "invalid_code")
    assert _code(second_step(token, "backup_code", codes[0])) == (422, "invalid_code")
    assert BackupCode.objects.filter(user=eve, used_at__isnull=True).count() == 10
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_a_page_s_waiting_sign_in_is_not_finished_by_the_api() -> None:
    user = _person()
    browser = Client()
    browser.post("/sign-in/", {"email": ADA, "password": PASSWORD})
    token = browser.session["second_step"]
    assert _code(second_step(token, "totp", code_of(user))) == (401, "challenge_over")
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_who_is_suspended_needs_the_code_too() -> None:
    user = _person()
    User.objects.filter(pk=user.pk).update(is_active=False)
    Restriction.objects.create(user=user, kind="suspension")
    answer = sign_in_api(user)
    assert answer["requires_2fa"] is True
    assert not Session.objects.exists()
    assert _code(second_step(answer["temp_token"], "totp", wrong_code_of(user))) == (422, "invalid_code")
    done = second_step(answer["temp_token"], "totp", code_of(user))
    assert _code(done) == (403, "suspended")
    assert "refresh_token" not in done.json()
    assert Session.objects.get().limit == "suspended"


# -- codes by mail --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_mailed_code_is_good_for_its_own_sign_in_only() -> None:
    user = make_person()
    give_email_factor(user)
    a, b = sign_in_api(user)["temp_token"], sign_in_api(user)["temp_token"]
    assert _send_code(a).status_code == 204
    code = mailed_code()
    assert _code(second_step(b, "email", code)) == (422, "invalid_code")
    assert second_step(a, "email", code).status_code == 200
    assert _code(second_step(a, "email", code)) == (401, "challenge_over")
    assert Session.objects.get().factor == "email"


@pytest.mark.django_db
def test_only_the_newest_mailed_code_is_good_and_only_hashed_is_it_stored() -> None:
    user = make_person()
    give_email_factor(user)
    token = sign_in_api(user)["temp_token"]
    _send_code(token)
    first = mailed_code()
    _send_code(token)
    second = mailed_code()
    stored = bytes(SignInChallenge.objects.get().email_code_hash or b"")
    assert len(stored) == 32
    assert second.encode() not in stored
    if first != second:
        assert _code(second_step(token, "email", first)) == (422, "invalid_code")
    assert second_step(token, "email", second).status_code == 200


@pytest.mark.django_db
def test_five_wrong_tries_burn_a_mailed_code() -> None:
    user = make_person()
    give_email_factor(user)
    token = sign_in_api(user)["temp_token"]
    _send_code(token)
    code = mailed_code()
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(5):
        assert _code(second_step(token, "email", wrong)) == (422, "invalid_code")
        LoginAttempt.objects.filter(outcome="failed").delete()  # the lockout is out of the way
    assert _code(second_step(token, "email", code)) == (422, "invalid_code")
    LoginAttempt.objects.filter(outcome="failed").delete()
    _send_code(token)
    assert second_step(token, "email", mailed_code()).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(("late", "is_right"), [(timedelta(seconds=-5), True), (timedelta(seconds=1), False)])
def test_a_mailed_code_lives_ten_minutes(late: timedelta, is_right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    give_email_factor(user)
    token = sign_in_api(user)["temp_token"]
    _send_code(token)
    code = mailed_code()
    SignInChallenge.objects.update(expires_at=timezone.now() + timedelta(hours=1))  # only the code is old
    later = timezone.now() + EMAIL_CODE_LIFE + late
    challenge = SignInChallenge.objects.select_related("user").get()
    monkeypatch.setattr(challenges.timezone, "now", lambda: later)
    assert timedelta(minutes=10) == EMAIL_CODE_LIFE
    assert challenges._is_mailed_code(challenge, code) is is_right


@pytest.mark.django_db
def test_codes_by_mail_are_no_way_round_an_app() -> None:
    user = make_person()
    give_email_factor(user)
    token = sign_in_api(user)["temp_token"]
    _send_code(token)
    code = mailed_code()
    give_totp(user)  # while the sign-in waits
    assert _code(second_step(token, "email", code)) == (422, "invalid_code")
    assert _code(_send_code(token)) == (422, "invalid_code")
    assert _code(second_step(token, "approval")) == (422, "invalid_code")
    assert sign_in_api(user)["methods"] == ["totp"]
    mail.outbox.clear()
    outbox.deliver_due()
    assert mail.outbox == []
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_five_codes_an_hour_are_mailed() -> None:
    user = make_person()
    give_email_factor(user)
    token = sign_in_api(user)["temp_token"]
    answers = [post(MAIL_CODE, {"temp_token": token}).status_code for _ in range(6)]
    assert answers == [204] * 5 + [429]


# -- approval -------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_approval_waits_until_somebody_answers_from_a_device_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    signed_in = start_api(user)
    token = _wait_for_proof(user, monkeypatch)
    waiting = second_step(token, "approval")
    assert (*_code(waiting), waiting.headers["Retry-After"]) == (409, "approval_pending", "2")
    _answer(signed_in, approve=True)
    assert second_step(token, "approval").status_code == 200
    assert Session.objects.order_by("created_at").last().factor == "approval"


@pytest.mark.django_db
def test_a_refused_sign_in_never_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    signed_in = start_api(user)
    token = _wait_for_proof(user, monkeypatch)
    _answer(signed_in, approve=False)
    assert _code(second_step(token, "approval")) == (401, "challenge_over")
    assert Session.objects.count() == 1


def _answer(signed_in: StartedSession, *, approve: bool) -> None:
    approvals.answer(
        user=signed_in.user,
        sign_in=selectors.sign_in_of(signed_in.session),
        challenge_id=SignInChallenge.objects.get().pk,
        approve=approve,
        client=VISITOR,
    )


def _wait_for_proof(user: User, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sign-in that was judged risky."""
    monkeypatch.setattr(risk_rules, "THRESHOLDS", ((101, risk_rules.Action.BLOCK), (0, risk_rules.Action.STEP_UP)))
    answer = sign_in_api(user)
    assert answer["methods"] == ["email", "approval"]
    token: str = answer["temp_token"]
    return token


# -- the reset of a password ----------------------------------------------------------------------------------
def _reset_code() -> str:
    common_redis.get_client().flushdb()
    mail.outbox.clear()
    assert post(FORGOT, {"email": ADA}).status_code == 202
    outbox.deliver_due()
    found = RESET_CODE.search(str(mail.outbox[-1].body))
    assert found
    return found[0]


def _reset(code: str, **fields: str) -> Any:
    common_redis.get_client().flushdb()
    return post(RESET, {"email": ADA, "code": code, "new_password": NEW, **fields})


@pytest.mark.django_db
def test_the_mailed_code_alone_changes_nothing_where_there_is_an_app() -> None:
    user = _person()
    give_backup_codes(user)
    signed_in = start_api(user)
    code = _reset_code()
    for _ in range(8):  # more often than wrong codes are let through: the right one is not used up
        answer = _reset(code)
        assert _code(answer) == (403, "second_factor_required")
        assert answer.json()["methods"] == ["totp", "backup_code"]
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    signed_in.session.refresh_from_db()
    assert signed_in.session.ended_at is None
    assert PasswordReset.objects.get().used_at is None
    assert _reset(code, method="totp", second_code=code_of(user)).status_code == 204
    user.refresh_from_db()
    assert user.check_password(NEW)
    signed_in.session.refresh_from_db()
    assert signed_in.session.ended_at is not None
    assert TotpDevice.objects.filter(user=user).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"method": "totp"}, {"second_code": "123456"}, {"method": "", "second_code": ""}])
def test_half_a_second_factor_is_asked_for_again(fields: dict[str, str]) -> None:
    _person()
    code = _reset_code()
    assert _reset(code, **fields).status_code in (403, 422)
    assert User.objects.get().check_password(PASSWORD)
    assert not LoginAttempt.objects.exists()


@pytest.mark.django_db
def test_a_backup_code_resets_too_and_is_used_up() -> None:
    user = _person()
    codes = give_backup_codes(user)
    assert _reset(_reset_code(), method="backup_code", second_code=codes[0]).status_code == 204
    assert _code(_reset(_reset_code(), method="backup_code", second_code=codes[0])) == (422, "invalid_code")


@pytest.mark.django_db
def test_wrong_second_codes_are_counted_apart_from_sign_in() -> None:
    user = _person()
    code = _reset_code()
    answers = [_reset(code, method="totp", second_code=wrong_code_of(user)) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [423]
    assert [answer.json().get("attempts_left") for answer in answers] == [4, 3, 2, 1, 0, None]
    assert answers[0].json()["errors"][0]["pointer"] == "/second_code"
    assert _reset(code, method="totp", second_code=code_of(user)).status_code == 423
    assert _reset(_reset_code(), method="totp", second_code=code_of(user)).status_code == 423
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert sign_in_api(user)["requires_2fa"] is True


@pytest.mark.django_db
def test_who_was_locked_out_by_a_stranger_can_still_reset() -> None:
    user = _person()
    for _ in range(5):
        common_redis.get_client().flushdb()
        post("/api/v1/auth/login", {"email": ADA, "password": "wrong"})
    assert sign_in_api(user)["code"] == "account_locked"
    assert _reset(_reset_code(), method="totp", second_code=code_of(user)).status_code == 204
    common_redis.get_client().flushdb()
    assert post("/api/v1/auth/login", {"email": ADA, "password": NEW}).json()["requires_2fa"] is True


@pytest.mark.django_db
def test_a_wrong_mailed_code_tells_nothing_of_a_second_factor() -> None:
    _person()
    make_person(email="eve@example.org")
    seen = []
    for email in (ADA, "eve@example.org", "nobody@example.org"):
        common_redis.get_client().flushdb()
        fields = {"email": email, "code": "WRONG-WRONG", "new_password": NEW}
        answer = post(RESET, {**fields, "method": "totp", "second_code": "123456"})
        seen.append((answer.status_code, answer.content))
    assert seen[0] == seen[1] == seen[2]
    assert not LoginAttempt.objects.exists()


@pytest.mark.django_db
def test_an_account_with_codes_by_mail_needs_no_second_code_from_the_same_mailbox() -> None:
    give_email_factor(make_person())
    assert _reset(_reset_code()).status_code == 204


@pytest.mark.django_db
def test_the_mail_leads_to_our_own_address_whatever_host_was_asked() -> None:
    _person()
    evil = "evil.example"
    for header in ("HTTP_HOST", "HTTP_X_FORWARDED_HOST"):
        mail.outbox.clear()
        common_redis.get_client().flushdb()
        for path in (FORGOT, "/forgot-password/"):
            Client().post(path, {"email": ADA}, **{header: evil})
        post(FORGOT, {"email": ADA})
        outbox.deliver_due()
        for sent in mail.outbox:
            assert re.findall(r"https?://\S+", str(sent.body)) == [f"{settings.PUBLIC_URL}/reset-password/"]
            assert evil not in f"{sent.subject}{sent.body}{sent.message()}"
        assert mail.outbox


@pytest.mark.django_db
def test_the_page_asks_for_the_second_code_only_after_the_right_one() -> None:
    user = _person()
    browser, code = Client(), _reset_code()
    fields = {"email": ADA, "code": code, "new_password": NEW}
    assert "second_code" not in browser.get("/reset-password/").content.decode()
    wrong = browser.post("/reset-password/", {**fields, "code": "WRONG-WRONG"})
    assert "second_code" not in wrong.content.decode()
    asked = browser.post("/reset-password/", fields)
    page = asked.content.decode()
    assert asked.status_code == 403
    assert 'name="second_code"' in page
    assert f'value="{ADA}"' in page
    assert f'value="{code}"' in page
    common_redis.get_client().flushdb()
    again = browser.post("/reset-password/", {**fields, "method": "totp", "second_code": wrong_code_of(user)})
    assert again.status_code == 422
    assert "id_second_code_error" in again.content.decode()
    done = browser.post("/reset-password/", {**fields, "method": "totp", "second_code": code_of(user)})
    assert (done.status_code, done.headers["Location"]) == (302, "/sign-in/")


@pytest.mark.django_db
def test_a_passkey_alone_leads_to_help() -> None:
    """What it signs is not typed, so there is nothing to reset with."""
    user = make_person()
    give_passkey(user)
    answer = _reset(_reset_code(), method="totp", second_code="123456")
    assert _code(answer) == (403, "second_factor_required")
    assert answer.json()["methods"] == []
    assert Method.PASSKEY not in answer.json()["methods"]
    assert User.objects.get().check_password(PASSWORD)

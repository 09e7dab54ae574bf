"""The fresh proof, and what is behind it: second factors on and off, backup codes, codes by mail."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from pairly.common import redis as common_redis
from pairly.outbox import services as outbox
from security.models import AuditEntry, LoginAttempt
from users import selectors
from users.models import BackupCode, Session, SignInChallenge, TotpDevice, User
from users.types import Method, StartedSession

from .factor_helpers import (
    age,
    api_of,
    browser_of,
    code_at,
    code_of,
    give_backup_codes,
    give_email_factor,
    give_passkey,
    give_totp,
    key_of,
    present_step,
    sign_in_api,
    sign_in_of,
    wrong_code_of,
)
from .helpers import PASSWORD, make_person, post, start_api

STEP_UP = "/api/v1/auth/step-up"
ENABLE, VERIFY, DISABLE = (f"/api/v1/twofa/{name}" for name in ("enable-totp", "verify-setup", "disable"))
RENEW, EMAIL, STATUS = "/api/v1/twofa/backup-codes", "/api/v1/twofa/email", "/api/v1/twofa/status"

ALIASES = [f"/api/v1/auth/2fa/{name}" for name in ("enable", "verify", "disable")]


def _ask(path: str, body: dict[str, Any], header: dict[str, str]) -> Any:
    common_redis.get_client().flushdb()
    return post(path, body, **header)


def _code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _mails() -> list[str]:
    """Subjects of what was mailed since the last look."""
    mail.outbox.clear()
    outbox.deliver_due()
    return [sent.subject for sent in mail.outbox]


def _set_up(header: dict[str, str]) -> tuple[bytes, Any]:
    key = key_of(_ask(ENABLE, {}, header).json()["secret"])
    return key, _ask(VERIFY, {"code": code_at(key, present_step())}, header)


def _facts() -> list[Any]:
    """All that a factor is kept in."""
    return [
        list(TotpDevice.objects.order_by("pk").values()),
        list(BackupCode.objects.order_by("pk").values()),
        list(User.objects.order_by("pk").values_list("pk", "email_factor_at")),
        list(Session.objects.order_by("pk").values_list("pk", "ended_at", "factor", "stepped_up_at")),
    ]


# -- the proof ------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_sign_in_is_fresh_for_five_minutes_and_then_asks_for_what_the_account_has() -> None:
    user = make_person()
    header, started = api_of(user)
    assert _ask(ENABLE, {}, header).status_code == 200
    age(user)
    answer = _ask(ENABLE, {}, header)
    assert _code(answer) == (403, "step_up_required")
    assert answer.json()["methods"] == ["password"]
    assert Client().get(STEP_UP, **header).json() == {"methods": ["password"], "fresh": False}
    assert _ask(STEP_UP, {"method": "password", "code": PASSWORD}, header).status_code == 204
    assert Client().get(STEP_UP, **header).json() == {"methods": ["password"], "fresh": True}
    assert _ask(ENABLE, {}, header).status_code == 200
    assert sign_in_of(started).factor == ""


@pytest.mark.django_db
def test_a_factor_takes_the_place_of_the_password_and_makes_a_strong_sign_in() -> None:
    user = make_person()
    header, started = api_of(user)
    give_totp(user)
    codes = give_backup_codes(user)
    age(user)
    assert Client().get(STEP_UP, **header).json()["methods"] == ["totp", "backup_code"]
    assert _code(_ask(STEP_UP, {"method": "password", "code": PASSWORD}, header)) == (422, "invalid_code")
    assert not sign_in_of(started).has_strong_factor
    code = code_of(user)
    assert _ask(STEP_UP, {"method": "totp", "code": code}, header).status_code == 204
    assert sign_in_of(started).has_strong_factor
    assert _code(_ask(STEP_UP, {"method": "totp", "code": code}, header)) == (422, "invalid_code")
    age(user)
    assert _ask(STEP_UP, {"method": "backup_code", "code": codes[0]}, header).status_code == 204
    assert sign_in_of(started).factor == Method.BACKUP_CODE


@pytest.mark.django_db
def test_the_mailbox_alone_is_no_fresh_proof() -> None:
    user = make_person()
    header, _started = api_of(user)
    give_email_factor(user)
    give_backup_codes(user)
    assert Client().get(STEP_UP, **header).json()["methods"] == ["password", "backup_code"]
    assert _ask(STEP_UP, {"method": "email", "code": "123456"}, header).status_code == 422
    assert not LoginAttempt.objects.exists()


@pytest.mark.django_db
def test_a_proof_is_of_one_sign_in_only() -> None:
    user = make_person()
    (header, _one), (other, _two) = api_of(user), api_of(user)
    age(user)
    assert _ask(STEP_UP, {"method": "password", "code": PASSWORD}, header).status_code == 204
    assert _code(_ask(ENABLE, {}, other)) == (403, "step_up_required")


@pytest.mark.django_db
def test_wrong_proofs_say_how_many_tries_are_left_and_lock() -> None:
    user = make_person()
    header, started = api_of(user)
    age(user)
    answers = [_ask(STEP_UP, {"method": "password", "code": "wrong"}, header) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [423]
    assert [answer.json().get("attempts_left") for answer in answers] == [4, 3, 2, 1, 0, None]
    assert int(answers[5].headers["Retry-After"]) > 3000
    assert _ask(STEP_UP, {"method": "password", "code": PASSWORD}, header).status_code == 423
    assert "access_token" in sign_in_api(user)  # a stolen sign-in locks its owner out of nothing
    assert sign_in_of(started).stepped_up_at < timezone.now() - timedelta(minutes=5)
    assert set(LoginAttempt.objects.filter(outcome="failed").values_list("door", flat=True)) == {"step_up"}


@pytest.mark.django_db
def test_five_proofs_a_minute_are_let_through() -> None:
    user = make_person()
    header, _started = api_of(user)
    answers = [post(STEP_UP, {"method": "password", "code": PASSWORD}, **header) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [204] * 5 + [429]
    assert int(answers[5].headers["Retry-After"]) > 0


# -- the app --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_turning_an_app_on_gives_codes_a_mail_and_an_entry_and_ends_no_sign_in() -> None:
    user = make_person()
    header, started = api_of(user)
    other = start_api(user)
    setup = _ask(ENABLE, {}, header).json()
    assert set(setup) == {"secret", "otpauth_uri", "qr_png"}
    assert setup["secret"] in setup["otpauth_uri"]
    assert base64.b64decode(setup["qr_png"]).startswith(b"\x89PNG")
    assert Client().get(STATUS, **header).json()["enabled"] is False
    answer = _ask(VERIFY, {"code": code_at(key_of(setup["secret"]), present_step())}, header)
    assert answer.status_code == 200
    assert len(set(answer.json()["backup_codes"])) == 10
    assert Client().get(STATUS, **header).json() == {
        "enabled": True,
        "methods": ["totp", "backup_code"],
        "totp": True,
        "passkeys": 0,
        "email": False,
        "backup_codes_left": 10,
    }
    assert sign_in_of(started).factor == Method.TOTP
    assert sign_in_of(other).factor == ""
    assert not Session.objects.filter(ended_at__isnull=False).exists()
    assert _mails() == ["Your second factor is on"]
    assert "authenticator app" in mail.outbox[0].body
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.actor_uid, entry.subject_uid) == ("factor.totp_on", user.uid, user.uid)
    assert entry.family == started.session.family
    for secret in (setup["secret"], *answer.json()["backup_codes"]):
        assert secret not in f"{mail.outbox[0].body}{entry.details}"


@pytest.mark.django_db
def test_a_wrong_code_turns_nothing_on() -> None:
    user = make_person()
    header, _started = api_of(user)
    key = key_of(_ask(ENABLE, {}, header).json()["secret"])
    near = {code_at(key, present_step() + drift) for drift in range(-2, 4)}
    wrong = next(code for code in (f"{number:06d}" for number in range(10)) if code not in near)
    before = _facts()
    assert _code(_ask(VERIFY, {"code": wrong}, header)) == (422, "invalid_code")
    assert _facts() == before
    assert _mails() == []
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_codes_that_are_left_stay_when_another_app_is_set_up() -> None:
    user = make_person()
    header, _started = api_of(user)
    _key, first = _set_up(header)
    _other_key, second = _set_up(header)
    assert second.json() == {"backup_codes": []}
    assert _ask(STEP_UP, {"method": "backup_code", "code": first.json()["backup_codes"][0]}, header).status_code == 204


@pytest.mark.django_db
def test_an_app_takes_the_place_of_codes_by_mail_and_ends_sign_ins_that_wait() -> None:
    """A code by mail would do for them: no way round the app."""
    user = make_person()
    header, _started = api_of(user)
    give_email_factor(user)
    waiting = sign_in_api(user)
    assert waiting["methods"] == ["email"]
    _set_up(header)
    user.refresh_from_db()
    assert user.email_factor_at is None
    assert not SignInChallenge.objects.exists()
    common_redis.get_client().flushdb()
    answer = post("/api/v1/auth/login-2fa/email-code", {"temp_token": waiting["temp_token"]})
    assert _code(answer) == (401, "challenge_over")


@pytest.mark.django_db
@pytest.mark.parametrize("path", [ENABLE, VERIFY, RENEW, EMAIL])
def test_without_a_fresh_proof_nothing_is_turned_on(path: str) -> None:
    user = make_person()
    header, _started = api_of(user)
    key = key_of(_ask(ENABLE, {}, header).json()["secret"])
    age(user)
    before = _facts()
    answer = _ask(path, {"code": code_at(key, present_step()), "enabled": True}, header)
    assert _code(answer) == (403, "step_up_required")
    assert answer.json()["methods"] == ["password"]
    assert _facts() == before


@pytest.mark.django_db
def test_ten_set_ups_a_minute_are_let_through() -> None:
    header, _started = api_of(make_person())
    answers = [post(ENABLE, {}, **header) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert _code(post(RENEW, {}, **header)) == (429, "rate_limited")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["totp", "backup_code"])
def test_turning_the_app_off_takes_a_code_and_the_backup_codes_with_it(method: str) -> None:
    user = make_person()
    header, _started = api_of(user)
    give_totp(user)
    codes = give_backup_codes(user)
    code = code_of(user) if method == "totp" else codes[0]
    age(user)  # the code is the proof
    assert _ask(DISABLE, {"method": method, "code": code}, header).status_code == 204
    assert not TotpDevice.objects.exists()
    assert not BackupCode.objects.exists()
    assert _mails() == ["Your second factor is off"]
    assert AuditEntry.objects.get().action == "factor.totp_off"
    assert "access_token" in sign_in_api(user)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [{}, {"code": ""}, {"code": "x", "method": "password"}, {"code": "x", "method": "email"}]
)
def test_turning_it_off_without_a_code_is_refused(body: dict[str, str]) -> None:
    user = make_person()
    header, _started = api_of(user)
    give_totp(user)
    before = _facts()
    assert _ask(DISABLE, body, header).status_code == 422
    assert _facts() == before


@pytest.mark.django_db
def test_a_wrong_code_turns_nothing_off_and_counts_for_the_lockout() -> None:
    user = make_person()
    header, _started = api_of(user)
    give_totp(user)
    before = _facts()
    answers = [_ask(DISABLE, {"code": wrong_code_of(user)}, header) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [423]
    assert [answer.json().get("attempts_left") for answer in answers[:5]] == [4, 3, 2, 1, 0]
    assert _facts() == before
    assert _ask(DISABLE, {"code": code_of(user)}, header).status_code == 423
    assert TotpDevice.objects.exists()


@pytest.mark.django_db
def test_the_code_of_another_account_turns_nothing_off() -> None:
    ada, eve = make_person(), make_person(email="eve@example.org")
    header, _started = api_of(eve)
    give_totp(ada)
    give_totp(eve)
    assert _code(_ask(DISABLE, {"code": code_of(ada)}, header)) == (422, "invalid_code")
    assert TotpDevice.objects.count() == 2
    assert _ask(DISABLE, {"code": code_of(eve)}, header).status_code == 204
    assert TotpDevice.objects.get().user == ada


@pytest.mark.django_db
def test_there_is_nothing_to_turn_off_where_nothing_is_on() -> None:
    header, _started = api_of(make_person())
    assert _ask(DISABLE, {"code": "123456"}, header).status_code == 404
    assert _ask(EMAIL, {"enabled": False, "password": PASSWORD}, header).status_code == 404
    assert not LoginAttempt.objects.exists()


@pytest.mark.django_db
def test_staff_keep_one_strong_factor() -> None:
    user = make_person(is_staff=True)
    header, _started = api_of(user)
    give_totp(user)
    codes = give_backup_codes(user)
    answer = _ask(DISABLE, {"code": code_of(user)}, header)
    assert _code(answer) == (403, "second_factor_required")
    assert "passkey" in answer.json()["detail"]
    assert TotpDevice.objects.exists()
    give_passkey(user)
    assert _ask(DISABLE, {"method": "backup_code", "code": codes[0]}, header).status_code == 204
    assert selectors.list_strong_methods(user=user) == [Method.PASSKEY]
    assert selectors.count_backup_codes(user=user) == 9


# -- backup codes ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_new_backup_codes_end_the_old_ones_and_are_told_by_mail() -> None:
    user = make_person()
    header, _started = api_of(user)
    assert _code(_ask(RENEW, {}, header)) == (409, "no_second_factor")
    give_totp(user)
    old = give_backup_codes(user)
    new = _ask(RENEW, {}, header).json()["backup_codes"]
    assert len(set(new)) == 10
    assert not set(new) & set(old)
    assert _ask(STEP_UP, {"method": "backup_code", "code": old[0]}, header).status_code == 422
    assert _ask(STEP_UP, {"method": "backup_code", "code": new[0]}, header).status_code == 204
    assert _mails() == ["You have new backup codes"]
    assert AuditEntry.objects.get().action == "factor.backup_codes_renewed"


# -- codes by mail --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_codes_by_mail_are_turned_on_and_with_the_password_off() -> None:
    user = make_person(email_verified_at=timezone.now())
    header, _started = api_of(user)
    for _again in range(2):
        assert _ask(EMAIL, {"enabled": True}, header).status_code == 204
    assert _mails() == ["Your second factor is on"]
    assert sign_in_api(user)["methods"] == ["email"]
    assert _code(_ask(EMAIL, {"enabled": False}, header)) == (422, "invalid_code")
    answer = _ask(EMAIL, {"enabled": False, "password": "wrong"}, header)
    assert (*_code(answer), answer.json()["attempts_left"]) == (422, "invalid_code", 3)
    assert _ask(EMAIL, {"enabled": False, "password": PASSWORD}, header).status_code == 204
    assert _mails() == ["Your second factor is off"]
    assert "access_token" in sign_in_api(user)
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["factor.email_on", "factor.email_off"]


@pytest.mark.django_db
def test_codes_by_mail_are_not_for_who_has_an_app_or_no_confirmed_address() -> None:
    user = make_person()
    header, _started = api_of(user)
    assert _code(_ask(EMAIL, {"enabled": True}, header)) == (409, "email_not_verified")
    User.objects.update(email_verified_at=timezone.now())
    give_totp(user)
    assert _code(_ask(EMAIL, {"enabled": True}, header)) == (409, "stronger_factor_set")
    user.refresh_from_db()
    assert user.email_factor_at is None


# -- strangers ------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        STEP_UP,
        ENABLE,
        VERIFY,
        DISABLE,
        RENEW,
        EMAIL,
        *(f"/api/v1/auth/2fa/{n}" for n in ("enable", "verify", "disable")),
    ],
)
def test_a_visitor_gets_nowhere(path: str) -> None:
    user = make_person()
    give_totp(user)
    before = _facts()
    body = {"code": code_of(user), "method": "totp", "enabled": True}
    before = _facts()
    assert _code(post(path, body)) == (401, "not_authenticated")
    assert _facts() == before
    assert Client().get(STATUS).status_code == 401
    assert Client().get(STEP_UP).status_code == 401


@pytest.mark.django_db
def test_a_stranger_changes_their_own_account_only() -> None:
    ada, eve = make_person(), make_person(email="eve@example.org")
    give_totp(ada)
    give_backup_codes(ada)
    code = code_of(ada)
    before = list(TotpDevice.objects.filter(user=ada).values()), list(BackupCode.objects.filter(user=ada).values())
    header, _started = api_of(eve)
    for path, body in (
        (ENABLE, {}),
        (VERIFY, {"code": code}),
        (DISABLE, {"code": code}),
        (RENEW, {}),
        (EMAIL, {"enabled": True}),
        (STEP_UP, {"method": "totp", "code": code}),
    ):
        _ask(path, body, header)
    after = list(TotpDevice.objects.filter(user=ada).values()), list(BackupCode.objects.filter(user=ada).values())
    assert after == before
    assert Client().get(STATUS, **header).json()["enabled"] is False


@pytest.mark.django_db
def test_a_cookie_without_a_csrf_token_changes_nothing() -> None:
    user = make_person()
    browser = browser_of(user)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    for path in (STEP_UP, ENABLE, VERIFY, DISABLE, RENEW, EMAIL):
        assert strict.post(path, {}, content_type="application/json").status_code == 403
    assert not TotpDevice.objects.exists()


@pytest.mark.django_db
def test_a_sign_in_that_ended_meanwhile_gets_no_proof() -> None:
    user = make_person()
    header, started = api_of(user)
    _end(started)
    assert _ask(STEP_UP, {"method": "password", "code": PASSWORD}, header).status_code == 401


def _end(started: StartedSession) -> None:
    Session.objects.filter(pk=started.session.pk).update(ended_at=timezone.now(), end_reason="test")

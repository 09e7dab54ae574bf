from __future__ import annotations

import contextlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pairly.common import redis as common_redis
from pairly.common.problems import Problem
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from security.models import LoginAttempt
from users import selectors
from users.errors import InvalidCode, TokenRevoked
from users.models import PasswordReset, Session, User
from users.services import password_resets, passwords, tokens
from users.types import StartedSession

from .helpers import PASSWORD, VISITOR, Meeting, at_once, make_person, post, start_api

NEW = "a quite different phrase 4"
FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
ADA, NOBODY = "ada@example.org", "eve@example.org"  # equally long
CODE = re.compile(r"\b[A-Z2-9]{5}-[A-Z2-9]{5}\b")


def _ask(email: str = ADA) -> str:
    """Ask for a code; gives the one that was mailed, or ""."""
    common_redis.get_client().flushdb()
    mail.outbox.clear()
    assert post(FORGOT, {"email": email}).status_code == 202
    outbox.deliver_due()
    found = CODE.search(str(mail.outbox[-1].body)) if mail.outbox else None
    return found[0] if found else ""


def _reset(code: str, *, email: str = ADA, new: str = NEW) -> Any:
    common_redis.get_client().flushdb()
    return post(RESET, {"email": email, "code": code, "new_password": new})


def _left(answer: Any) -> tuple[int, str, int | None]:
    body = answer.json()
    return answer.status_code, body["code"], body.get("attempts_left")


@pytest.mark.django_db
def test_a_mailed_code_sets_a_new_password_and_ends_every_sign_in() -> None:
    user = make_person()
    started, browser = start_api(user), Client()
    browser.post("/sign-in/", {"email": ADA, "password": PASSWORD})
    stranger = start_api(make_person(email="stranger@example.org"))
    code = _ask("Ada@Example.org")
    answer = _reset(f" {code.lower().replace('-', ' ')} ")
    assert (answer.status_code, answer.content) == (204, b"")
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert list(Session.objects.filter(ended_at__isnull=True)) == [stranger.session]
    assert browser.get("/api/v1/auth/sessions").status_code == 401
    assert post("/api/v1/auth/refresh", {"refresh_token": started.refresh_token}).json()["code"] == "token_revoked"
    assert post("/api/v1/auth/login", {"email": ADA, "password": PASSWORD}).status_code == 401
    assert post("/api/v1/auth/login", {"email": ADA, "password": NEW}).status_code == 200


@pytest.mark.django_db
def test_the_mails_hold_no_secret_but_the_code_and_the_outbox_none() -> None:
    user = make_person()
    code = _ask()
    [sent] = mail.outbox
    assert sent.to == [ADA]
    text = f"{sent.subject} {sent.body}"
    assert re.findall(r"https?://\S+", text) == [f"{settings.PUBLIC_URL}/reset-password/"]
    for secret in (PASSWORD, ADA, str(user.uid), "?"):
        assert secret not in text
    mail.outbox.clear()
    assert _reset(code).status_code == 204
    outbox.deliver_due()
    [notice] = mail.outbox
    for secret in (code, NEW, PASSWORD, "?"):
        assert secret not in f"{notice.subject} {notice.body}"
    stored = str(list(OutboxRow.objects.values_list("payload", "last_error")))
    assert code not in stored
    assert ADA not in stored
    assert code.replace("-", "").encode() not in bytes(PasswordReset.objects.get().code_hash)


def _facts(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    return (
        answer.status_code,
        answer.content,
        {
            name: value
            for name, value in answer.headers.items()
            if name not in ("X-Request-ID", "X-RateLimit-Remaining")
        },
    )


@pytest.mark.django_db
def test_known_and_unknown_addresses_are_answered_alike_to_the_byte() -> None:
    make_person()
    make_person(email="off@example.org", is_active=False)
    seen = []
    for email in (ADA, NOBODY, "off@example.org"):
        answers, n_queries = [], []
        common_redis.get_client().flushdb()
        for path, body in [(FORGOT, {"email": email})] + [
            (RESET, {"email": email, "code": "WRONG-WRONG", "new_password": new}) for new in ["password123", *[NEW] * 7]
        ]:
            with CaptureQueriesContext(connection) as queries:
                answer = post(path, body)
            status, content, headers = _facts(answer)
            headers.pop("Retry-After", None)
            answers.append((status, content, headers))
            n_queries.append(len(queries))
            outbox.deliver_due()
        seen.append((answers, n_queries))
    assert seen[0] == seen[1] == seen[2]
    assert [status for status, *_rest in seen[0][0]] == [202] + [422] * 6 + [429] * 2
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_the_pages_answer_alike_to_the_byte() -> None:
    make_person()
    seen = []
    for email in (ADA, NOBODY):
        common_redis.get_client().flushdb()
        pages = []
        for path, body in (
            ("/forgot-password/", {"email": email}),
            ("/reset-password/", {"email": email, "code": "WRONG-WRONG", "new_password": NEW}),
        ):
            answer = Client().post(path, body)
            page = re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", answer.content.decode())
            pages.append((answer.status_code, page.replace(email, "ADDRESS"), sorted(answer.headers)))
            outbox.deliver_due()
        seen.append(pages)
    assert seen[0] == seen[1]
    assert [page[0] for page in seen[0]] == [200, 422]
    assert "If there is an account with this address" in seen[0][0][1]


@pytest.mark.django_db
def test_wrong_codes_are_counted_and_five_kill_the_code() -> None:
    make_person()
    code = _ask()
    answers = [_left(_reset("WRONG-WRONG")) for _ in range(6)]
    assert answers == [(422, "invalid_code", n) for n in (4, 3, 2, 1, 0, 0)]
    assert _left(_reset(code)) == (422, "invalid_code", 0)
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["used", "expired", "replaced", "never", "other", "changed", "moved", "closed"])
def test_a_code_that_is_not_good_any_more_never_works(why: str) -> None:
    user = make_person()
    make_person(email=NOBODY)
    code, email = _ask(), ADA
    match why:
        case "used":
            assert _reset(code, new="the first new phrase 1").status_code == 204
        case "expired":
            PasswordReset.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        case "replaced":
            _ask()
        case "never":
            PasswordReset.objects.all().delete()
        case "other":
            _ask(NOBODY)
            email = NOBODY
        case "changed":
            passwords.store(user=user, encoded=user.password)
        case "moved":
            User.objects.filter(pk=user.pk).update(email="moved@example.org")
            email = "moved@example.org"
        case "closed":
            User.objects.filter(pk=user.pk).update(is_active=False)
    before = User.objects.get(pk=user.pk).password
    assert _reset(code, email=email).json()["code"] == "invalid_code"
    assert User.objects.get(pk=user.pk).password == before
    assert not User.objects.get(email=email).check_password(NEW)


@pytest.mark.django_db
def test_a_code_works_for_no_one_whose_address_became_another() -> None:
    """Who had the address when it was asked for has it no more when the mail is written."""
    user = make_person()
    password_resets.request_code(email=ADA, client=VISITOR)
    User.objects.filter(pk=user.pk).update(email="moved@example.org")
    outbox.deliver_due()
    assert not mail.outbox
    assert PasswordReset.objects.get().user is None


@pytest.mark.django_db
def test_a_code_lives_20_minutes_and_old_rows_go() -> None:
    make_person()
    _ask(NOBODY)
    PasswordReset.objects.update(expires_at=timezone.now() - timedelta(days=2))
    _ask()
    left = PasswordReset.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=19) < left <= timedelta(minutes=20)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("new", "code"),
    [("password123", "password_too_common"), ("short", "password_too_short"), (ADA, "password_too_similar")],
)
def test_a_weak_password_costs_no_try(new: str, code: str) -> None:
    make_person()
    mailed = _ask()
    answer = _reset(mailed, new=new)
    assert answer.status_code == 422
    assert code in {row["code"] for row in answer.json()["errors"]}
    assert answer.json()["errors"][0]["pointer"] == "/new_password"
    assert PasswordReset.objects.get().n_tries == 0


@pytest.mark.django_db
def test_that_a_password_is_like_the_name_is_said_only_after_the_right_code() -> None:
    make_person(name="Augusta Ada King")
    code = _ask()
    assert _reset("WRONG-WRONG", new="augusta ada king").json()["code"] == "invalid_code"
    answer = _reset(code, new="augusta ada king").json()
    assert (answer["code"], answer["errors"][0]["code"]) == ("invalid", "password_too_similar")
    assert _reset(code).status_code == 204


@pytest.mark.django_db
@pytest.mark.parametrize("path", [FORGOT, RESET])
@pytest.mark.parametrize("by", ["network", "address"])
def test_five_a_minute_per_network_and_per_address(path: str, by: str) -> None:
    answers = []
    for number in range(7):
        email = f"p{number}@example.org" if by == "network" else ADA
        ip = "192.0.2.1" if by == "network" else f"192.0.2.{number}"
        answers.append(post(path, {"email": email, "code": "x", "new_password": NEW}, REMOTE_ADDR=ip))
    assert [answer.status_code == 429 for answer in answers] == [False] * 5 + [True] * 2
    assert answers[-1].json()["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


@pytest.mark.django_db
def test_a_reset_unlocks_the_account_but_not_the_network() -> None:
    make_person()
    for _ in range(5):
        post("/api/v1/auth/login", {"email": ADA, "password": "wrong"}, REMOTE_ADDR="192.0.2.1")
    assert post("/api/v1/auth/login", {"email": ADA, "password": PASSWORD}, REMOTE_ADDR="192.0.2.2").status_code == 423
    password_resets.request_code(email=ADA, client=VISITOR)
    outbox.deliver_due()
    found = CODE.search(str(mail.outbox[-1].body))
    assert found
    password_resets.reset(email=ADA, code=found[0], new_password=NEW, client=VISITOR)
    assert post("/api/v1/auth/login", {"email": ADA, "password": NEW}, REMOTE_ADDR="192.0.2.1").status_code == 429
    assert post("/api/v1/auth/login", {"email": ADA, "password": NEW}, REMOTE_ADDR="192.0.2.2").status_code == 200
    assert LoginAttempt.objects.filter(door="reset", outcome="succeeded").count() == 1


def _race(email: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of 30 uses of one code at once set a password. The limits are out of the way, the tries are not."""
    user = make_person(email=email)
    code = _ask(email)
    monkeypatch.setattr(password_resets, "PASSWORD_RESETS_PER_MINUTE", 1000)

    def use(number: int) -> bool:
        try:
            password_resets.reset(email=email, code=code, new_password=f"{NEW}{number}", client=VISITOR)
        except InvalidCode:
            return False
        return True

    n_done = sum(at_once(30, use))
    assert OutboxRow.objects.filter(kind="users.password_changed", user_uid=user.uid).count() == n_done
    return n_done


def test_a_code_is_used_once_by_30_at_once(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [_race(f"ada{number}@example.org", monkeypatch) for number in range(3)] == [1, 1, 1]


def test_without_the_conditional_update_it_would_be_used_several_times(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: a read and a write in the place of one UPDATE."""

    has_read = Meeting()

    def read_then_write(found: PasswordReset) -> bool:
        if PasswordReset.objects.get(pk=found.pk).used_at is not None:
            return False
        has_read.wait()
        PasswordReset.objects.filter(pk=found.pk).update(used_at=timezone.now())
        return True

    monkeypatch.setattr(password_resets, "_consume", read_then_write)
    assert _race(ADA, monkeypatch) > 1


def test_of_30_wrong_codes_at_once_5_are_compared(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_person()
    code = _ask()
    monkeypatch.setattr(password_resets, "PASSWORD_RESETS_PER_MINUTE", 1000)

    def guess(_number: int) -> str:
        with pytest.raises(Problem) as caught:
            password_resets.reset(email=ADA, code="WRONG-WRONG", new_password=NEW, client=VISITOR)
        return caught.value.code

    assert set(at_once(30, guess)) == {"invalid_code"}
    assert PasswordReset.objects.get().n_tries == 5
    assert _reset(code).json()["code"] == "invalid_code"


@pytest.mark.django_db
def test_the_pages_lead_from_the_address_to_the_new_password() -> None:
    make_person()
    browser = Client()
    assert browser.get("/forgot-password/").status_code == 200
    page = browser.post("/forgot-password/", {"email": ADA})
    assert (page.status_code, f'value="{ADA}"' in page.content.decode()) == (200, True)
    assert 'autocomplete="one-time-code"' in page.content.decode()
    outbox.deliver_due()
    found = CODE.search(str(mail.outbox[-1].body))
    assert found
    fields = {"email": ADA, "code": found[0], "new_password": NEW}
    weak = browser.post("/reset-password/", {**fields, "new_password": "password123"})
    assert (weak.status_code, "id_new_password_error" in weak.content.decode()) == (422, True)
    wrong = browser.post("/reset-password/", {**fields, "code": "WRONG-WRONG"})
    assert (wrong.status_code, "id_code_error" in wrong.content.decode()) == (422, True)
    assert NEW not in wrong.content.decode()
    done = browser.post("/reset-password/", fields)
    assert (done.status_code, done.headers["Location"]) == (302, "/sign-in/")
    assert "Sign in with the new one" in browser.get("/sign-in/").content.decode()
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_who_is_signed_in_may_reset_too_and_is_signed_out() -> None:
    make_person()
    browser = Client()
    browser.post("/sign-in/", {"email": ADA, "password": PASSWORD})
    code = _ask()
    done = browser.post("/reset-password/", {"email": ADA, "code": code, "new_password": NEW}, follow=True)
    assert done.request["PATH_INFO"] == "/sign-in/"
    assert "Sign in with the new one" in done.content.decode()


@pytest.mark.django_db
def test_a_limit_and_an_unreadable_address_are_told_on_the_page() -> None:
    assert Client().post("/forgot-password/", {"email": "no address"}).status_code == 422
    assert Client().post("/reset-password/", {}).status_code == 422
    answers = [Client().post("/forgot-password/", {"email": NOBODY}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[5].headers["Retry-After"]) > 0


@pytest.mark.django_db
@pytest.mark.parametrize("path", [FORGOT, RESET])
@pytest.mark.parametrize("body", [{}, {"email": []}, {"email": "a\x00b@example.org", "code": {}, "new_password": 1}])
def test_a_body_that_makes_no_sense_is_refused_by_field(path: str, body: dict[str, Any]) -> None:
    answer = post(path, body)
    assert answer.status_code == 422
    assert {row["pointer"] for row in answer.json()["errors"]} <= {"/email", "/code", "/new_password"}


def test_a_refresh_beside_a_reset_leaves_nothing_alive(committed_db: str) -> None:
    for number in range(5):
        user = make_person(email=f"ada{number}@example.org")
        first, code = start_api(user), _ask(user.email)

        def act(which: int, first: StartedSession = first, code: str = code) -> None:
            if which:
                password_resets.reset(email=first.user.email, code=code, new_password=NEW, client=VISITOR)
                return
            with contextlib.suppress(TokenRevoked):
                tokens.refresh(refresh_token=first.refresh_token or "", client=VISITOR)

        at_once(2, act)
        assert not list(selectors.list_sessions(user=user))

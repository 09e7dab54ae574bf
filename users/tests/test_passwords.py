from __future__ import annotations

import uuid
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from pairly.common import after_commit
from pairly.common import redis as common_redis
from pairly.common.problems import Problem
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from security.models import LoginAttempt
from security.types import Door
from users import selectors
from users.errors import InvalidCredentials
from users.models import Session, User
from users.services import passwords, sign_in, tokens

from .helpers import PASSWORD, VISITOR, Meeting, at_once, bearer, make_person, post, start_api

NEW = "a quite different phrase 4"
CHANGE = "/api/v1/auth/password/change"
PAGE = "/account/password/"


def _fan() -> tuple[dict[str, str], Session]:
    started = start_api(make_person())
    return bearer(tokens.issue(started=started)["access_token"]), started.session


def _browser(email: str = "ada@example.org", password: str = PASSWORD) -> Client:
    client = Client()
    assert client.post("/sign-in/", {"email": email, "password": password}).status_code == 302
    return client


def _change(headers: dict[str, str], current: str = PASSWORD, new: str = NEW) -> Any:
    return post(CHANGE, {"current_password": current, "new_password": new}, **headers)


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What left for the sockets; a real socket ends in messaging/tests/test_doors."""
    events: list[Any] = []

    def push_now(*, user_id: uuid.UUID, event: dict[str, Any]) -> bool:
        events.append((user_id, event))
        return True

    monkeypatch.setattr(after_commit, "push_now", push_now)
    return events


@pytest.mark.django_db
@pytest.mark.usefixtures("product_hashers")
def test_a_change_keeps_this_sign_in_and_ends_all_others(
    pushed: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    headers, session = _fan()
    user = session.user
    other, browser = start_api(user), _browser()
    stranger = start_api(make_person(email="eve@example.org"))
    web = Session.objects.get(kind="web")
    with django_capture_on_commit_callbacks(execute=True):
        assert _change(headers).status_code == 204
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert Client().get("/api/v1/auth/sessions", **headers).status_code == 200
    assert browser.get("/api/v1/auth/sessions").status_code == 401
    assert post("/api/v1/auth/refresh", {"refresh_token": other.refresh_token}).json()["code"] == "token_revoked"
    live = set(Session.objects.filter(ended_at__isnull=True).values_list("pk", flat=True))
    assert live == {session.pk, stranger.session.pk}
    told = {event["family"] for _user, event in pushed if event["type"] == "session.revoked"}
    assert told == {str(other.session.pk), str(web.pk)}
    assert set(Session.objects.filter(ended_at__isnull=False).values_list("end_reason", flat=True)) == {
        "password_changed"
    }


@pytest.mark.django_db
def test_a_change_sends_one_mail_that_holds_no_secret() -> None:
    headers, session = _fan()
    assert _change(headers).status_code == 204
    row = OutboxRow.objects.get()
    assert (row.kind, row.payload, row.user_uid) == ("users.password_changed", {}, session.user.uid)
    assert not mail.outbox
    outbox.deliver_due()
    [sent] = mail.outbox
    text = f"{sent.subject} {sent.body}"
    assert sent.to == ["ada@example.org"]
    assert "/forgot-password/\n" in text
    for secret in (PASSWORD, NEW, "?", str(session.pk)):
        assert secret not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("password123", "password_too_common"),
        ("short1", "password_too_short"),
        ("ada@example.org", "password_too_similar"),
        ("Ada Lovelace 1815", "password_too_similar"),
        (PASSWORD, "password_unchanged"),
    ],
)
def test_a_weak_new_password_is_refused_before_an_attempt_is_spent(new: str, code: str) -> None:
    headers, session = _fan()
    User.objects.update(name="Ada Lovelace 181")
    answer = _change(headers, new=new)
    assert answer.status_code == 422
    assert [row for row in answer.json()["errors"] if row["pointer"] == "/new_password" and row["code"] == code]
    assert not LoginAttempt.objects.exists()
    assert not OutboxRow.objects.exists()
    session.user.refresh_from_db()
    assert session.user.check_password(PASSWORD)


@pytest.mark.django_db
def test_what_is_said_of_the_new_password_tells_nothing_about_the_stored_one() -> None:
    """A wrong guess given twice is refused as unchanged, as the right one is."""
    headers, _session = _fan()
    right, wrong = (_change(headers, current=guess, new=guess).json() for guess in (PASSWORD, "another guess 123"))
    assert right == wrong


@pytest.mark.django_db
def test_a_wrong_current_password_counts_for_the_lockout_of_the_sign_in() -> None:
    headers, session = _fan()
    answers = [_change(headers, current="wrong") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [423]
    assert [answer.json().get("attempts_left") for answer in answers] == [4, 3, 2, 1, 0, None]
    assert {answer.json()["code"] for answer in answers[:5]} == {"wrong_password"}
    assert answers[0].json()["errors"][0]["pointer"] == "/current_password"
    assert answers[5].json()["code"] == "account_locked"
    assert _change(headers).status_code == 423  # the right one too
    assert post("/api/v1/auth/login", {"email": "ada@example.org", "password": PASSWORD}).status_code == 200
    session.user.refresh_from_db()
    assert session.user.check_password(PASSWORD)


@pytest.mark.django_db
def test_a_change_clears_the_accounts_failures() -> None:
    headers, _session = _fan()
    _change(headers, current="wrong")
    assert _change(headers).status_code == 204
    assert _change(headers, current="wrong", new=PASSWORD).json()["attempts_left"] == 4


def test_of_9_parallel_wrong_passwords_5_are_checked(committed_db: str) -> None:
    user, family = make_person(), uuid.uuid4()

    def guess(number: int) -> str:
        try:
            _change_by_service(User.objects.get(pk=user.pk), f"wrong guess {number}", NEW, family)
        except Problem as problem:
            return problem.code
        return "changed"

    assert sorted(at_once(9, guess)) == ["account_locked"] * 4 + ["wrong_password"] * 5


def _change_by_service(user: User, current: str, new: str, family: uuid.UUID | None = None) -> None:
    family = family or uuid.uuid4()
    passwords.change(
        user=user, family=family, current_password=current, new_password=new, door=Door.API, client=VISITOR
    )


def _race_changes(email: str) -> int:
    """How many of five changes from one password are made."""
    user = make_person(email=email)

    def change(number: int) -> bool:
        try:
            _change_by_service(User.objects.get(pk=user.pk), PASSWORD, f"{NEW}{number}")
        except Problem:
            return False
        return True

    return sum(at_once(5, change))


def test_of_parallel_changes_from_one_password_one_is_made(committed_db: str) -> None:
    assert [_race_changes(f"ada{number}@example.org") for number in range(3)] == [1, 1, 1]


def test_without_the_conditional_update_several_would_be_made(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    store, has_checked = passwords.store, Meeting()

    def store_whatever(**fields: Any) -> bool:
        has_checked.wait()
        return store(**{**fields, "expected": None})

    monkeypatch.setattr(passwords, "store", store_whatever)
    assert _race_changes("ada@example.org") > 1


def test_a_sign_in_under_way_with_the_old_password_does_not_outlive_the_change(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is changed between the check and the start of the sign-in."""
    user = make_person()
    check = User.check_password

    def check_then_change(self: User, password: str) -> bool:
        is_right = check(self, password)
        with transaction.atomic():
            assert passwords.store(user=User.objects.get(pk=user.pk), encoded="changed meanwhile")
        return is_right

    monkeypatch.setattr(User, "check_password", check_then_change)
    with pytest.raises(InvalidCredentials):
        sign_in.sign_in(email=user.email, password=PASSWORD, kind=Session.Kind.API, door=Door.API, client=VISITOR)
    assert not Session.objects.exists()
    assert LoginAttempt.objects.get().outcome == "failed"


@pytest.mark.django_db
def test_changes_are_limited_per_account() -> None:
    headers, _session = _fan()
    known = [PASSWORD, *(f"{NEW}{number}" for number in range(12))]
    answers = [_change(headers, current=current, new=new) for current, new in pairwise(known)]
    assert [answer.status_code for answer in answers] == [204] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.django_db
def test_a_stranger_changes_nothing() -> None:
    make_person()
    assert _change({}).status_code == 401
    answer = Client().post(PAGE, {"current_password": PASSWORD, "new_password": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={PAGE}")
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.django_db
def test_the_page_changes_the_password_and_keeps_the_browser() -> None:
    make_person()
    browser, other = _browser(), _browser()
    page = browser.get(PAGE).content.decode()
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="new-password"' in page
    key = browser.cookies["pairly_session"].value
    answer = browser.post(PAGE, {"current_password": PASSWORD, "new_password": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert "Your password is changed" in browser.get(PAGE).content.decode()
    assert browser.cookies["pairly_session"].value != key
    assert other.get(PAGE).status_code == 302
    common_redis.get_client().flushdb()
    assert _browser(password=NEW).get(PAGE).status_code == 200


@pytest.mark.django_db
def test_the_page_says_what_is_wrong_at_the_field() -> None:
    make_person()
    browser = _browser()
    wrong = browser.post(PAGE, {"current_password": "wrong", "new_password": NEW})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "id_current_password_error" in page
    assert "4 tries left" in page
    assert NEW not in page
    weak = browser.post(PAGE, {"current_password": PASSWORD, "new_password": "password123"})
    assert (weak.status_code, "id_new_password_error" in weak.content.decode()) == (422, True)
    assert browser.post(PAGE, {}).status_code == 422
    for _ in range(4):
        browser.post(PAGE, {"current_password": "wrong", "new_password": NEW})
    locked = browser.post(PAGE, {"current_password": PASSWORD, "new_password": NEW})
    assert (locked.status_code, "Retry-After" in locked.headers) == (423, True)


@pytest.mark.django_db
def test_a_browser_that_changes_it_by_the_api_stays_signed_in_and_needs_the_csrf_token() -> None:
    make_person()
    browser = _browser()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert post(CHANGE, body, client=strict).status_code == 403
    strict.get(PAGE)
    token = strict.cookies["pairly_csrf"].value
    assert post(CHANGE, body, client=strict, HTTP_X_CSRFTOKEN=token).status_code == 204
    assert strict.get(PAGE).status_code == 200


@pytest.mark.django_db
def test_a_cookie_beside_a_token_is_another_sign_in_and_ends() -> None:
    headers, session = _fan()
    browser = _browser()
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert post(CHANGE, body, client=browser, **headers).status_code == 204
    assert browser.get(PAGE).status_code == 302
    assert selectors.find_live_session(family=session.pk) is not None


@pytest.mark.django_db
def test_a_strangers_cookie_beside_a_token_is_left_alone() -> None:
    headers, _session = _fan()
    stranger = make_person(email="eve@example.org")
    browser = _browser(stranger.email)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert post(CHANGE, body, client=browser, **headers).status_code == 204
    assert browser.get(PAGE).status_code == 200


@pytest.mark.django_db
def test_the_page_needs_a_csrf_token() -> None:
    make_person()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = _browser().cookies
    body = {"current_password": PASSWORD, "new_password": NEW}
    for path in (PAGE, "/forgot-password/", "/reset-password/"):
        assert strict.post(path, body).status_code == 403


@pytest.mark.django_db
def test_the_pages_lead_to_one_another() -> None:
    make_person()
    assert 'href="/forgot-password/"' in Client().get("/sign-in/").content.decode()
    assert 'href="/reset-password/"' in Client().get("/forgot-password/").content.decode()
    assert 'href="/forgot-password/"' in Client().get("/reset-password/").content.decode()

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from pairly.common import redis as common_redis
from pairly.common.problems import Forbidden, InvalidInput, Problem
from pairly.outbox import services as outbox
from security.models import AuditEntry
from security.types import Door
from users import privacy_selectors, selectors
from users.errors import Suspended
from users.models import AccountClosure, Restriction, Session, User
from users.services import entrance, sign_in, suspensions
from users.tasks import end_suspensions

from .helpers import PASSWORD, VISITOR, at_once, bearer, make_person, post, start_api

ME = "/api/v1/auth/sessions"
HOME = "/account/privacy/"


def _suspend(user: User, *, hours: int | None = 24, **fields: Any) -> Restriction:
    until = timezone.now() + timedelta(hours=hours) if hours else None
    return suspensions.suspend(user=user, until=until, reasons=["spam", "fraud"], **fields)


def _browser(user: User) -> Client:
    client = Client()
    assert client.post("/sign-in/", {"email": user.email, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.django_db
def test_a_suspension_ends_every_sign_in_and_is_mailed_and_noted() -> None:
    user, staff = make_person(), make_person(email="mod@example.org")
    app, browser, other = start_api(user), _browser(user), start_api(staff)
    restriction = _suspend(user, by=staff, client=VISITOR)
    user.refresh_from_db()
    assert not user.is_active
    mine = Session.objects.filter(user=user)
    assert set(mine.values_list("end_reason", flat=True)) == {"suspended"}
    assert selectors.find_live_session(family=other.session.family) is not None
    assert post("/api/v1/auth/refresh", {"refresh_token": app.refresh_token}).json()["code"] == "token_revoked"
    assert browser.get("/inbox/").status_code == 302
    entry = AuditEntry.objects.get(action="account.suspended")
    assert (entry.actor_uid, entry.subject_uid, entry.by_staff) == (staff.uid, user.uid, True)
    assert entry.details["restriction"] == str(restriction.uid)
    outbox.deliver_due()
    [sent] = [one for one in mail.outbox if "suspended" in one.subject]
    assert sent.to == [user.email]
    assert HOME in sent.body
    assert "If it was you" not in sent.body


@pytest.mark.django_db
def test_a_suspended_person_is_told_so_at_the_api_and_gets_a_token_for_their_own_data_only() -> None:
    user = make_person()
    _suspend(user)
    answer = post("/api/v1/auth/login", {"email": user.email, "password": PASSWORD})
    body = answer.json()
    assert (answer.status_code, body["code"], body["limit"]) == (403, "suspended", "suspended")
    assert "refresh_token" not in body
    headers = bearer(body["access_token"])
    for path in ("exports", "deletion", "accesses"):
        assert Client().get(f"/api/v1/privacy/{path}", **headers).status_code == 200
    for path in (ME, "/api/v1/discover", "/api/v1/credits/balance"):
        refused = Client().get(path, **headers)
        assert (refused.status_code, refused.json()["code"], refused.json()["limit"]) == (403, "suspended", "suspended")
    assert selectors.find_sign_in_by_token(token=body["access_token"]) is None  # what a socket asks
    assert post("/api/v1/auth/logout", {}, **headers).status_code == 204
    assert Client().get("/api/v1/privacy/exports", **headers).json()["code"] == "token_revoked"


@pytest.mark.django_db
def test_a_wrong_password_is_told_nothing_about_a_suspension() -> None:
    user = make_person()
    _suspend(user)
    answer = post("/api/v1/auth/login", {"email": user.email, "password": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


@pytest.mark.django_db
def test_a_suspended_browser_comes_to_the_page_of_its_data_and_no_further() -> None:
    user = make_person()
    _suspend(user)
    browser = _browser(user)
    page = browser.get(HOME)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Your account is suspended" in text
    assert "Writing the same to many people" in text
    assert 'href="/inbox/"' not in text
    for path in ("/", "/inbox/", "/wallet/", "/keys/", "/profile/edit/", "/prices/", "/account/sessions/"):
        answer = browser.get(path)
        assert (path, answer.status_code, answer.headers["Location"]) == (path, 302, HOME)
    assert browser.post("/profile/edit/", {"display_name": "x"}).headers["Location"] == HOME
    for path in ("/account/accesses/", "/account/privacy/delete/"):
        assert browser.get(path).status_code == 200
    assert browser.get("/api/v1/auth/sessions").json()["code"] == "suspended"
    assert browser.get("/api/v1/privacy/exports").status_code == 200
    assert browser.get("/nowhere/").status_code == 404
    assert browser.get("/media/nothing.webp").status_code == 404
    assert browser.get("/version").status_code == 200
    assert browser.get("/health").status_code in {200, 503}
    assert browser.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert browser.get(HOME).status_code == 302


@pytest.mark.django_db
def test_it_ends_by_itself_and_the_limited_sign_in_ends_with_it() -> None:
    user = make_person()
    restriction = _suspend(user)
    browser = _browser(user)
    assert end_suspensions() == 0
    Restriction.objects.filter(pk=restriction.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert end_suspensions() == 1
    assert end_suspensions() == 0
    user.refresh_from_db()
    assert user.is_active
    assert browser.get(HOME).headers["Location"] == f"/sign-in/?next={HOME}"  # in anew, with all the proof it takes
    assert Session.objects.latest("created_at").end_reason == "limit_over"
    common_redis.get_client().flushdb()
    assert _browser(user).get("/account/sessions/").status_code == 200


@pytest.mark.django_db
def test_the_sign_in_need_not_wait_for_the_job() -> None:
    user = make_person()
    _suspend(user)
    assert not suspensions.end_if_over(user=user)
    Restriction.objects.update(until=timezone.now())
    assert suspensions.end_if_over(user=user)
    user.refresh_from_db()
    assert selectors.get_limit(user=user) == ""


@pytest.mark.django_db
def test_the_longest_of_two_suspensions_counts() -> None:
    user = make_person()
    first = _suspend(user)
    _suspend(user, hours=None)
    found = privacy_selectors.find_suspension(user=user)
    assert found is not None
    assert found.until is None
    Restriction.objects.filter(pk=first.pk).update(until=timezone.now())
    assert end_suspensions() == 0
    user.refresh_from_db()
    assert not user.is_active


@pytest.mark.django_db
def test_lifting_ends_all_of_them_but_not_a_rest() -> None:
    user, staff = make_person(), make_person(email="mod@example.org")
    _suspend(user)
    _suspend(user, hours=None)
    suspensions.lift(user=user, by=staff)
    suspensions.lift(user=user, by=staff)
    user.refresh_from_db()
    assert user.is_active
    assert AuditEntry.objects.filter(action="account.suspension_lifted").count() == 1
    _suspend(user)
    AccountClosure.objects.create(user=user, kind="rest")
    suspensions.lift(user=user, by=staff)
    user.refresh_from_db()
    assert not user.is_active
    assert selectors.get_limit(user=user) == "closing"


@pytest.mark.django_db
def test_what_makes_no_sense_is_refused() -> None:
    user = make_person()
    with pytest.raises(InvalidInput) as refusal:
        suspensions.suspend(user=user, until=timezone.now(), reasons=["whim"])
    assert {row["pointer"] for row in refusal.value.errors or []} == {"/until", "/reasons"}
    with pytest.raises(Forbidden):
        _suspend(user, by=user)
    _suspend(user)
    with pytest.raises(Forbidden):
        suspensions.lift(user=user, by=user)
    user.refresh_from_db()
    assert not user.is_active


def _race(number: int) -> int:
    """How many full sign-ins are left of sign-ins that meet a suspension."""
    user = make_person(email=f"ada{number}@example.org")

    def run(n: int) -> None:
        person = User.objects.get(pk=user.pk)
        if n == 0:
            _suspend(person)
            return
        try:
            sign_in.sign_in(email=person.email, password=PASSWORD, kind=Session.Kind.API, door=Door.API, client=VISITOR)
        except (Problem, Suspended):
            return

    at_once(3, run)
    full = Session.objects.filter(user=user, limit="", ended_at__isnull=True, parent__isnull=True)
    return full.count()


def test_no_sign_in_slips_past_a_suspension_in_30_rounds(committed_db: str, cheap_passwords: None) -> None:
    left = 0
    for number in range(30):
        common_redis.get_client().flushdb()
        left += _race(number)
    assert left == 0


def test_without_the_row_lock_one_would_slip_past(
    committed_db: str, cheap_passwords: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: the sign-in reads the account, is overtaken, and goes on."""
    user = make_person()
    has_read, is_suspended = threading.Event(), threading.Event()

    def look(*, user: User) -> User | None:
        return User.objects.filter(pk=user.pk).first()

    find = selectors.get_limit

    def read_then_wait(*, user: User) -> Session.Limit:
        found = find(user=user)
        has_read.set()
        assert is_suspended.wait(30)
        return found

    monkeypatch.setattr(entrance, "hold", look)
    monkeypatch.setattr(selectors, "get_limit", read_then_wait)

    def run(n: int) -> None:
        person = User.objects.get(pk=user.pk)
        if n:
            sign_in.sign_in(email=person.email, password=PASSWORD, kind=Session.Kind.API, door=Door.API, client=VISITOR)
            return
        assert has_read.wait(30)
        _suspend(person)
        is_suspended.set()

    at_once(2, run)
    assert Session.objects.filter(user=user, limit="", ended_at__isnull=True).count() == 1


@pytest.fixture
def cheap_passwords(settings: Any) -> None:
    """The race is about the row, not about hashing; two slow cores hash 90 times otherwise."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.django_db
def test_a_suspension_that_is_over_holds_up_no_sign_in() -> None:
    user = make_person()
    _suspend(user)
    Restriction.objects.update(until=timezone.now() - timedelta(seconds=1))
    answer = post("/api/v1/auth/login", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert Session.objects.get(ended_at__isnull=True).limit == ""


@pytest.mark.django_db
def test_who_forgot_the_password_still_reaches_their_data() -> None:
    user = make_person()
    _suspend(user)
    post("/api/v1/auth/password/forgot", {"email": user.email})
    outbox.deliver_due()
    [sent] = [one for one in mail.outbox if one.subject == "A new password for Pairly"]
    code = re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", sent.body)
    assert code is not None
    new = {"email": user.email, "code": code[0], "new_password": "a quite different phrase 4"}
    assert post("/api/v1/auth/password/reset", new).status_code == 204
    answer = post("/api/v1/auth/login", {"email": user.email, "password": new["new_password"]})
    assert (answer.status_code, answer.json()["limit"]) == (403, "suspended")

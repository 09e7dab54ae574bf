"""Attacks on browser sessions: fixation, login CSRF, cookies that are too open, sign-ins that live too long."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from pairly.testing.fixtures import RunningServer
from users import browser_sessions, second_steps
from users.constants import SEEN_STEP
from users.models import Session
from users.services import sessions
from users.session_store import SessionStore
from users.types import Challenged

from .helpers import PASSWORD, VISITOR, make_person

COOKIE, CSRF = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
CREDENTIALS = {"email": "ada@example.org", "password": PASSWORD}
API = "/api/v1/auth/sessions"


def _browser() -> Client:
    client = Client()
    assert client.post("/sign-in/", CREDENTIALS).status_code == 302
    return client


def _planted() -> Client:
    """A browser with a session that somebody else knows the key of."""
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[COOKIE] = session.session_key
    return client


def _with_key(key: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = key
    return client


@pytest.mark.django_db
def test_a_cookie_from_before_the_sign_in_is_dead_after_it() -> None:
    make_person()
    victim = _planted()
    key = victim.cookies[COOKIE].value
    victim.post("/sign-in/", CREDENTIALS)
    assert victim.cookies[COOKIE].value != key
    assert victim.get(API).status_code == 200
    assert _with_key(key).get(API).status_code == 401
    assert not SessionStore().exists(key)


@pytest.mark.django_db
def test_signing_in_again_gives_another_key_and_the_old_one_is_dead() -> None:
    make_person()
    browser = _browser()
    key = browser.cookies[COOKIE].value
    # The page sends on who is signed in, so the same person signs in again where the sign-in had ended.
    sessions.end_family(family=Session.objects.get().pk, reason="signed_out")
    browser.post("/sign-in/", CREDENTIALS)
    assert browser.cookies[COOKIE].value != key
    assert _with_key(key).get(API).status_code == 401


def _request_with_session() -> HttpRequest:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session["planted"] = True
    request.session.save()
    return request


@pytest.mark.django_db
def test_the_second_step_renews_the_key_when_it_begins_and_when_it_ends() -> None:
    user = make_person()
    request = _request_with_session()
    keys = [request.session.session_key]
    second_steps.wait_for(request=request, challenged=Challenged("token", "factor", [], 600))
    request.session.save()
    keys.append(request.session.session_key)
    assert "planted" not in request.session
    started = sessions.start_session(user=user, kind=Session.Kind.WEB, client=VISITOR)
    browser_sessions.attach(request=request, started=started)
    request.session.save()
    keys.append(request.session.session_key)
    assert len(set(keys)) == 3
    for dead in keys[:2]:
        assert not SessionStore().exists(dead)


@pytest.mark.django_db
def test_a_key_that_somebody_made_up_is_not_taken_over() -> None:
    make_person()
    client = _with_key("a" * 32)
    client.post("/sign-in/", CREDENTIALS)
    assert client.cookies[COOKIE].value != "a" * 32


@pytest.mark.django_db
@pytest.mark.parametrize("origin", [{}, {"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_ORIGIN": "null"}])
def test_nobody_elses_page_signs_a_visitor_in_or_out(origin: dict[str, str]) -> None:
    make_person()
    strict = Client(enforce_csrf_checks=True)
    strict.get("/sign-in/")
    token = strict.cookies[CSRF].value
    forged = {**CREDENTIALS, "csrfmiddlewaretoken": token} if origin else CREDENTIALS
    assert strict.post("/sign-in/", forged, **origin).status_code == 403
    assert not Session.objects.exists()
    strict.cookies = _browser().cookies
    assert strict.post("/sign-out/", {}, **origin).status_code == 403
    assert strict.get("/sign-out/").status_code == 405
    assert strict.get(API).status_code == 200


@pytest.mark.django_db
def test_the_csrf_token_is_renewed_at_sign_in() -> None:
    make_person()
    client = Client()
    client.get("/sign-in/")
    before = client.cookies[CSRF].value
    client.post("/sign-in/", CREDENTIALS)
    assert client.cookies[CSRF].value != before


def _cookies_of(server: RunningServer) -> dict[str, str]:
    """The cookies that a sign-in sets, by name, as the server wrote them; the names without the prefix."""
    page = httpx.get(f"{server.url}/sign-in/")
    [csrf] = [line for line in page.headers.get_list("set-cookie") if "pairly_csrf=" in line]
    field = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert field
    answer = httpx.post(
        f"{server.url}/sign-in/",
        data={**CREDENTIALS, "csrfmiddlewaretoken": field[1]},
        headers={"Cookie": csrf.partition(";")[0]},
    )
    assert answer.status_code == 302, answer.text
    lines = answer.headers.get_list("set-cookie")
    session = next(line for line in lines if "pairly_session=" in line).partition(";")[0]
    assert httpx.get(f"{server.url}{API}", headers={"Cookie": session}).status_code == 200
    bare = session.replace("__Host-", "") if session.startswith("__Host-") else f"__Host-{session}"
    assert httpx.get(f"{server.url}{API}", headers={"Cookie": bare}).status_code == 401
    return {line.partition("=")[0]: line for line in lines}


def test_cookies_are_kept_from_scripts_from_other_sites_and_over_tls_from_other_hosts(
    start_server: Callable[..., RunningServer],
) -> None:
    make_person()
    for public_url, prefix in (("http://127.0.0.1", ""), ("https://pairly.example", "__Host-")):
        cookies = _cookies_of(start_server(PUBLIC_URL=public_url))
        assert set(cookies) == {f"{prefix}pairly_session", f"{prefix}pairly_csrf", f"{prefix}pairly_device"}
        for name, line in cookies.items():
            attributes = {part.strip().lower() for part in line.split(";")[1:]}
            assert "samesite=lax" in attributes
            assert "path=/" in attributes
            assert not [part for part in attributes if part.startswith("domain")]
            assert ("httponly" in attributes) == (not name.endswith("csrf"))
            assert ("secure" in attributes) == bool(prefix)


def _age(session: Session, **ago: Any) -> None:
    """As if the sign-in had begun, and had last been used, so long ago."""
    shift = timedelta(**ago)
    session.refresh_from_db()
    fields = ("created_at", "last_seen_at", "expires_at", "absolute_expires_at")
    Session.objects.filter(pk=session.pk).update(**{name: getattr(session, name) - shift for name in fields})


@pytest.mark.django_db
def test_a_browser_is_signed_out_after_7_days_without_a_request() -> None:
    make_person()
    browser = _browser()
    session = Session.objects.get()
    _age(session, days=6, hours=23)
    assert browser.get(API).status_code == 200
    _age(session, days=7, minutes=1)
    assert browser.get(API).status_code == 401
    assert browser.get("/account/sessions/").status_code == 302


@pytest.mark.django_db
def test_a_browser_in_daily_use_is_signed_out_after_30_days() -> None:
    make_person()
    browser = _browser()
    session = Session.objects.get()
    for _day in range(29):
        _age(session, days=1)
        assert browser.get(API).status_code == 200
    session.refresh_from_db()
    assert session.expires_at == session.absolute_expires_at
    _age(session, days=1, minutes=1)
    assert browser.get(API).status_code == 401


@pytest.mark.django_db
def test_the_idle_end_moves_with_use_at_most_once_in_five_minutes() -> None:
    make_person()
    browser = _browser()
    session = Session.objects.get()
    before = session.expires_at
    browser.get(API)
    session.refresh_from_db()
    assert session.expires_at == before
    _age(session, seconds=SEEN_STEP.total_seconds() + 1)
    browser.get(API)
    session.refresh_from_db()
    assert abs(session.expires_at - timezone.now() - timedelta(days=7)) < timedelta(seconds=30)


@pytest.mark.django_db
def test_signing_out_in_one_tab_ends_the_api_of_that_session_and_twice_is_harmless() -> None:
    make_person()
    browser, other = _browser(), _browser()
    tab = _with_key(browser.cookies[COOKIE].value)
    assert tab.get(API).status_code == 200
    for _time in range(2):
        answer = browser.post("/sign-out/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    assert tab.get(API).status_code == 401
    assert tab.get("/account/sessions/").headers["Location"].startswith("/sign-in/")
    assert other.get(API).status_code == 200
    assert Session.objects.filter(end_reason="signed_out").count() == 1


@pytest.mark.django_db
def test_signing_out_by_the_api_twice_is_harmless() -> None:
    make_person()
    browser = _browser()
    key = browser.cookies[COOKIE].value
    logout = "/api/v1/auth/logout"
    assert browser.post(logout, {}, content_type="application/json").status_code == 204
    assert browser.post(logout, {}, content_type="application/json").status_code == 401
    assert _with_key(key).get(API).status_code == 401

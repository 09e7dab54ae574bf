"""F3: who may call from another origin, and what a forged request of a browser comes to."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from pairly.testing.people import PASSWORD, make_staff, make_user, sign_in_as
from users.models import Session, User
from users.tests.factor_helpers import api_of

from .access_routes import list_routes
from .access_table import API, PAGES

IN_FULL = bool(os.environ.get("PAIRLY_PROVE"))
OURS, THEIRS = "https://app.example", "https://evil.example"
PROFILES = "/api/v1/profiles"
# As a browser writes an origin that is not quite the one that may call.
NEARLY = [
    THEIRS, "null", "", "http://app.example", "https://app.example.evil.example", "https://evilapp.example",
    "https://app.example:8443", "https://app.example@evil.example", "HTTPS://APP.EXAMPLE.", "file://", "https://",
    "https://app.example, https://evil.example", "https://sub.app.example", "*",
]  # fmt: skip
WAYS = ("access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods")


@pytest.fixture(autouse=True)
def may_call(settings):
    settings.CORS_ALLOWED_ORIGINS = [OURS]


def cross_origin(answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items() if name.lower().startswith("access-control")}


def preflight(path: str, origin: str, *, method: str = "PUT", headers: str = "authorization,content-type"):
    asked = {"access-control-request-method": method, "access-control-request-headers": headers}
    return Client().options(path, headers={"origin": origin, **asked})


# -- other origins --------------------------------------------------------------------------------------------
def test_no_origin_may_call_unless_it_is_named():
    from pairly.settings import environment

    assert environment.CORS_ORIGINS == []
    assert not getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False)
    assert not getattr(settings, "CORS_ALLOWED_ORIGIN_REGEXES", [])
    assert not getattr(settings, "CORS_ALLOW_CREDENTIALS", False)  # front ends elsewhere come with a token


@pytest.mark.django_db
def test_a_named_origin_may_ask_first_and_then_call():
    asked = cross_origin(preflight(PROFILES, OURS))
    assert asked["access-control-allow-origin"] == OURS
    assert "PUT" in asked["access-control-allow-methods"]
    assert {"authorization", "idempotency-key", "if-match"} <= set(asked["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in asked
    headers, _ = api_of(make_user())
    answer = Client().get(PROFILES, headers={"origin": OURS}, **headers)
    assert answer.status_code == 200
    assert cross_origin(answer)["access-control-allow-origin"] == OURS
    assert "ETag" in cross_origin(answer)["access-control-expose-headers"]
    assert "origin" in answer.headers["Vary"].lower()


@pytest.mark.django_db
@pytest.mark.parametrize("origin", NEARLY)
def test_any_other_origin_is_told_nothing(origin):
    headers, _ = api_of(make_user())
    for answer in (
        preflight(PROFILES, origin),
        preflight("/api/v1/auth/login", origin, method="POST"),
        Client().get(PROFILES, headers={"origin": origin}, **headers),
        Client().get("/api/v1/nowhere", headers={"origin": origin}),
    ):
        assert not [name for name in WAYS if name in cross_origin(answer)], answer.request
        assert "origin" in answer.headers["Vary"].lower()  # no cache may mix the two up


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/wallet/", "/staff/", "/admin/", "/media/x.webp", "/health"])
def test_pages_are_read_from_no_other_origin_not_even_a_named_one(path):
    assert cross_origin(Client().get(path, headers={"origin": OURS})) == {}
    assert cross_origin(preflight(path, OURS)) == {}


@pytest.mark.django_db
def test_a_refusal_can_be_read_by_who_may_call():
    for answer, status in (
        (Client().get(PROFILES, headers={"origin": OURS}), 401),
        (Client().get("/api/v1/nowhere", headers={"origin": OURS}), 404),
        (Client().get(PROFILES, headers={"origin": OURS, "host": "evil.example"}), 400),
    ):
        assert answer.status_code == status
        assert cross_origin(answer)["access-control-allow-origin"] == OURS


@pytest.mark.django_db
def test_a_named_origin_cannot_use_the_visitors_cookie():
    """Without Access-Control-Allow-Credentials a browser keeps the answer from the script (Fetch, 3.2.5)."""
    browser = sign_in_as(make_user())
    answer = browser.get("/api/v1/auth/sessions", headers={"origin": OURS})
    assert "access-control-allow-credentials" not in cross_origin(answer)


# -- forged requests ------------------------------------------------------------------------------------------
@pytest.fixture
def browser(db):
    """Somebody's browser, in which CSRF is checked."""
    user = make_user()
    client = sign_in_as(user, client=Client(enforce_csrf_checks=True))
    client.user = user
    return client


def token_of(client: Client) -> str:
    return client.get("/account/phone/").cookies[settings.CSRF_COOKIE_NAME].value


def state_of(user: User):
    return (
        User.objects.values("name", "email", "password", "phone").get(pk=user.pk),
        sorted(Session.objects.filter(user=user).values_list("pk", "ended_at")),
    )


WRITES = [
    (name, method)
    for name, entry in {**PAGES, **{f"api-v1:{name}": one for name, one in API.items()}}.items()
    for method, access in entry.methods.items()
    if method != "GET" and not (name.startswith("api-v1:") and access.who in ("public", "nobody"))
]
# A press in a mail program brings no cookie (RFC 8058): the token in the address says whose mails end, whoever asks.
WRITES.remove(("users:notification-mails-stop", "POST"))
# The public ones of the API take no cookie: a signature, a token or a code in the body proves it. But one does.
WRITES.append(("api-v1:users:session-end", "POST"))
FORGERIES = [{}, {"origin": THEIRS}, *([{"referer": f"{THEIRS}/"}, {"origin": "null"}] if IN_FULL else [])]


@pytest.mark.parametrize(("name", "method"), WRITES)
def test_a_write_with_the_cookie_alone_is_refused(browser, name, method):
    before, entry = state_of(browser.user), (PAGES | {f"api-v1:{n}": e for n, e in API.items()})[name]
    some = {"kind": "factor_recovery", "name": "x", "passkey_id": 1, "index": 1, "number": 0}
    objects = {key: some.get(key, "00000000-0000-7000-8000-000000000001") for key in entry.objects}
    path = reverse(name, kwargs=objects)
    for headers in FORGERIES:
        answer = getattr(browser, method.lower())(path, "{}", content_type="application/json", headers=headers)
        assert answer.status_code == 403, (answer.status_code, answer.content[:200])
    assert state_of(browser.user) == before


def test_with_its_token_the_same_write_is_taken(browser):
    """The test above would be as green if nothing could be written at all."""
    token = token_of(browser)
    answer = browser.delete("/api/v1/auth/sessions", headers={"x-csrftoken": token})
    assert answer.status_code == 204
    assert browser.post("/account/sessions/end-others/", {"csrfmiddlewaretoken": token}).status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": THEIRS},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "https://testserver"},
    ],
)
def test_with_the_right_token_a_wrong_origin_is_refused_all_the_same(browser, headers):
    token = token_of(browser)
    page = browser.post("/account/sessions/end-others/", {"csrfmiddlewaretoken": token}, headers=headers)
    api = browser.delete("/api/v1/auth/sessions", headers={"x-csrftoken": token, **headers})
    assert (page.status_code, api.status_code) == (403, 403)


@pytest.mark.parametrize("referer", [f"{THEIRS}/", "https://testserver.evil.example/", "", "http://testserver/"])
def test_over_tls_a_wrong_referer_is_refused_where_no_origin_is_sent(browser, referer):
    token = token_of(browser)
    headers = {"referer": referer} if referer else {}
    fields = {"csrfmiddlewaretoken": token}
    answer = browser.post("/account/sessions/end-others/", fields, headers=headers, secure=True)
    assert answer.status_code == 403
    right = {"referer": "https://testserver/account/sessions/"}
    assert browser.post("/account/sessions/end-others/", fields, headers=right, secure=True).status_code == 302


def test_a_token_of_another_browser_is_refused(browser):
    foreign = token_of(sign_in_as(make_user(), client=Client(enforce_csrf_checks=True)))
    assert browser.delete("/api/v1/auth/sessions", headers={"x-csrftoken": foreign}).status_code == 403
    assert browser.post("/account/sessions/end-others/", {"csrfmiddlewaretoken": foreign}).status_code == 403


def test_nobody_is_signed_in_to_a_strangers_account(db):
    """Login CSRF: a forged form signs nobody in or up, and a token from before the sign-in is of no use after it."""
    user = make_user()
    user.set_password(PASSWORD)
    user.save()
    victim, fields = Client(enforce_csrf_checks=True), {"email": user.email, "password": PASSWORD}
    for headers in ({}, {"origin": THEIRS}):
        assert victim.post("/sign-in/", fields, headers=headers).status_code == 403
    token = victim.get("/sign-in/").cookies[settings.CSRF_COOKIE_NAME].value
    assert (
        victim.post("/sign-in/", {**fields, "csrfmiddlewaretoken": token}, headers={"origin": THEIRS}).status_code
        == 403
    )
    assert settings.SESSION_COOKIE_NAME not in victim.cookies
    answer = victim.post("/sign-in/", {**fields, "csrfmiddlewaretoken": token})
    assert answer.status_code == 302
    assert victim.cookies[settings.CSRF_COOKIE_NAME].value != token
    assert victim.delete("/api/v1/auth/sessions", headers={"x-csrftoken": token}).status_code == 403


@pytest.mark.django_db
def test_signing_in_at_the_api_makes_no_cookie():
    """So a form of another site that posts there signs no browser in."""
    user = make_user()
    user.set_password(PASSWORD)
    user.save()
    body = {"email": user.email, "password": PASSWORD}
    for given in (
        Client().post("/api/v1/auth/login", body, content_type="application/json"),
        Client().post("/api/v1/auth/login", body),
        Client().post("/api/v1/auth/login", '{"email": "=x"}', content_type="text/plain"),
    ):
        assert not given.cookies
        assert given.status_code in (200, 415)


@pytest.mark.django_db
def test_a_token_in_the_header_needs_no_csrf_token_and_a_cookie_beside_it_changes_nothing():
    owner, other = make_user(), make_user()
    headers, _ = api_of(owner)
    client = sign_in_as(other, client=Client(enforce_csrf_checks=True))
    answer = client.delete("/api/v1/auth/sessions", **headers)
    assert answer.status_code == 204
    assert Session.objects.filter(user=other, ended_at=None).exists()


# -- the admin (P10) ------------------------------------------------------------------------------------------
ADMIN = [route for route in list_routes() if route.pattern.startswith("admin/")]


@pytest.mark.django_db
def test_no_address_of_the_admin_opens_without_a_second_factor_nor_takes_a_forged_request():
    """Staff with every permission, a superuser too, in a sign-in that only a password began."""
    staff = make_staff("admin")
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    weak, strong = sign_in_as(staff, factor=None), sign_in_as(staff, client=Client(enforce_csrf_checks=True))
    paths = {
        "/" + route.pattern.replace("<path:object_id>", "1").replace("<path:content_type_id>", "1") for route in ADMIN
    }
    paths = {path for path in paths if "(?P" not in path} | {"/admin/users/", "/admin/nowhere/"}
    assert len(paths) > 100
    for path in paths - {"/admin/logout/"}:
        answer = weak.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/account/two-factor/?next="), path
    for path in paths:
        assert strong.post(path, {"action": "delete_selected"}).status_code in (403, 405), path

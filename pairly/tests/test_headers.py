"""P7: headers of refusals and files, where `next` may lead, and what changes with TLS.

Every route by every kind of caller is looked at with the same rules in `test_access_matrix`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import HttpResponse
from django.test import Client, RequestFactory

from pairly.common import redis as common_redis
from pairly.layers.headers import HeadersMiddleware
from pairly.testing import databases
from pairly.testing.people import PASSWORD, make_staff, make_user, sign_in_as
from users.tests.helpers import start_api

from .access_setups import SIGN_UP
from .header_rules import faults_of

# -- refusals and files ---------------------------------------------------------------------------------------
BIG = b'{"display_name": "' + b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1) + b'"}'
REFUSALS = {
    "a page that is not there": (404, "/nowhere/", {}),
    "an address of the API that is not there": (404, "/api/v1/nowhere", {}),
    "the socket without an upgrade": (404, "/api/v1/messages/ws", {}),
    "a host that is not ours": (400, "/", {"host": "evil.example"}),
    "a host that is not ours at the API": (400, "/api/v1/version", {"host": "evil.example"}),
    "no credentials": (401, "/api/v1/credits/balance", {}),
    "a forged token": (401, "/api/v1/credits/balance", {"authorization": "Bearer a.b.c"}),
    "a picture that is not there": (404, "/media/nowhere.webp", {}),
    "a file outside the folder": (404, "/media/../../secrets.env", {}),
    "a static file that is not there": (404, "/static/nowhere.css", {}),
    "a redirect to sign in": (302, "/inbox/", {}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_bears_every_header(name):
    status, path, headers = REFUSALS[name]
    answer = Client().get(path, headers=headers)
    assert answer.status_code == status
    assert faults_of(answer, path=path) == []


@pytest.mark.django_db
def test_a_body_that_is_too_large_or_of_another_method_is_refused_with_every_header():
    client = sign_in_as(make_user())
    for path, status, send in (
        ("/api/v1/profiles", (413, 400), {"data": BIG, "content_type": "application/json"}),
        ("/profile/edit/", (413, 400), {"data": BIG, "content_type": "application/x-www-form-urlencoded"}),
        ("/wallet/", (405,), {}),
        ("/api/v1/credits/balance", (405,), {}),
    ):
        answer = client.post(path, **send)
        assert answer.status_code in status, path
        assert faults_of(answer, path=path, is_private=True) == []


def test_a_forged_form_and_a_defect_of_ours_are_answered_with_every_header(settings):
    forged = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a@example.org"})
    assert (forged.status_code, faults_of(forged, path="/sign-in/")) == (403, [])
    client = Client(raise_request_exception=False)
    settings.ROOT_URLCONF = "pairly.tests.broken_urls"
    for path in ("/broken/", "/api/v1/broken", "/busy/", "/api/v1/busy"):
        answer = client.get(path)
        assert answer.status_code == (503 if "busy" in path else 500)
        assert faults_of(answer, path=path) == []


@pytest.mark.django_db
def test_files_bear_every_header_and_are_for_everybody():
    name = storages["default"].save("headers/picture.webp", ContentFile(b"RIFF"))
    for path in ("/static/app/main.css", f"/media/{name}"):
        answer = Client().get(path)
        assert answer.status_code == 200
        assert faults_of(answer, path=path) == []
        assert "Set-Cookie" not in answer.headers
        answer.close()


def test_a_cdn_and_front_ends_elsewhere_may_show_files(settings):
    def policy(path: str) -> str:
        answer = HeadersMiddleware(lambda _: HttpResponse())(RequestFactory().get(path))
        return answer.headers["Cross-Origin-Resource-Policy"]

    settings.CDN_BASE_URL, settings.CORS_ALLOWED_ORIGINS = "https://cdn.example", ["https://app.example"]
    assert [policy(path) for path in ("/static/a.css", "/media/a.webp", "/inbox/", "/api/v1/profiles")] == [
        "cross-origin", "cross-origin", "same-origin", "same-origin",
    ]  # fmt: skip


def test_what_is_missing_or_loose_is_found():
    """The rules can fail: an answer without any of it, and one of each kind that is too loose."""
    bare = HttpResponse(headers={"Location": "//evil.example/?token=x", "Server": "x", "Cache-Control": "public"})
    bare.set_cookie("sid", "x")
    faults = " ".join(faults_of(bare, path="/inbox/", is_private=True) if bare.headers else [])
    for word in (
        "default-src", "frame-ancestors", "script-src", "trusted-types", "X-Frame-Options", "X-Content",
        "Referrer-Policy", "Opener", "Resource", "camera", "tells Server", "Cache-Control", "for scripts sid",
        "leads away", "tells: ",
    ):  # fmt: skip
        assert word in faults, word
    loose = Client().get("/prices/")
    loose.headers["Content-Security-Policy"] += "; style-src-attr 'unsafe-inline'"
    assert "loose" in " ".join(faults_of(loose, path="/prices/"))


# -- where `next` may lead ------------------------------------------------------------------------------------
EVIL = [
    "//evil.example", "///evil.example", "////evil.example", "https://evil.example", "http:evil.example",
    "https:evil.example", "https:/evil.example", "http:///evil.example", "\\\\evil.example", "/\\evil.example",
    "\\/evil.example", "/\\/evil.example", "//evil.example/%2f..", "//127.0.0.1@evil.example/", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,x", " //evil.example", "\t//evil.example", "/\t/evil.example",
    "/\n/evil.example", "\x00//evil.example", "//evil。example", "evil.example", "//[::1]evil", "?next=//evil.example",
]  # fmt: skip


def lands_here(location: str) -> bool:
    """Whether a browser stays: it drops tabs and line ends, and reads "\\" as "/" (WHATWG URL)."""
    read = location.strip().replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/")
    try:
        whole = urlsplit(urljoin("http://testserver/x/", read))
    except ValueError:  # Python 3.11.2 says so of "//[::1]evil", 3.11.7 reads it
        return False
    return (whole.scheme, whole.netloc) == ("http", "testserver")


def test_the_reading_of_a_browser_finds_ways_out():
    assert lands_here("/inbox/?a=//evil.example")
    out = [given for given in EVIL if not lands_here(given)]
    assert len(out) >= 18


@pytest.mark.django_db
def test_next_leads_nowhere_else():
    user, staff = make_user(), make_staff("admin")
    member, boss, waiting = sign_in_as(user, factor=None), sign_in_as(staff), Client()
    other = start_api(make_user()).session
    for given in EVIL:
        common_redis.get_client().flushdb()
        following = {"next": given}
        answers = [
            member.get("/sign-in/", following),
            member.get("/sign-up/", following),
            member.get("/sign-in/second-step/", following),
            waiting.post("/sign-in/second-step/", following),
            waiting.post("/sign-in/second-step/code/", following),
            waiting.get("/admin/login/", following),
            boss.get("/admin/login/", following),
            boss.post(f"/staff/sign-ins/{other.pk}/end/", following),
        ]
        for answer in answers:
            assert answer.status_code == 302, answer.request["PATH_INFO"]
            assert lands_here(answer.headers["Location"]), (given, answer.request["PATH_INFO"])
        body = json.dumps({**following, "credential": {}})
        told = boss.post("/sign-in/passkey/finish/", body, content_type="application/json").json()
        assert lands_here(told.get("next", "/")), given  # with a NUL it is refused
        page = boss.get("/keys/", following).content.decode()
        assert "evil" not in page, given


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["//evil.example", "https:evil.example", "/\\evil.example", "/\t/evil.example"])
def test_next_of_a_form_leads_nowhere_else_once_it_succeeds(given):
    user = make_user()
    user.set_password(PASSWORD)
    user.save()
    signed_in = Client().post("/sign-in/", {"email": user.email, "password": PASSWORD, "next": given})
    signed_up = Client().post("/sign-up/", {**SIGN_UP, "next": given})
    proven = sign_in_as(user, factor=None).post("/step-up/", {"method": "password", "code": PASSWORD, "next": given})
    buying = sign_in_as(user, factor=None)
    buying.get("/credits/buy/", {"next": given})
    assert "after_buying" not in buying.session
    for answer in (signed_in, signed_up, proven):
        assert answer.status_code == 302
        assert lands_here(answer.headers["Location"])


@pytest.mark.django_db
def test_next_leads_on_to_a_page_of_ours():
    """The tests above would be as green if `next` led nowhere at all."""
    member = sign_in_as(make_user(), factor=None)
    assert member.get("/sign-in/", {"next": "/wallet/"}).headers["Location"] == "/wallet/"


# -- TLS ------------------------------------------------------------------------------------------------------
OVER_TLS = """
import django, json
django.setup()
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS = ["testserver"]
def seen(answer):
    return {"headers": dict(answer.headers), "cookies": {n: m.OutputString() for n, m in answer.cookies.items()}}
print(json.dumps({
    "secure": seen(Client().get("/sign-in/", secure=True)),
    "behind a proxy": seen(Client().get("/sign-in/", headers={"x-forwarded-proto": "https"})),
    "names": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME],
    "flags": [settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY, settings.CSRF_COOKIE_SECURE],
}))
"""


def over_tls(**more: str):
    """What the product answers when its public address is one with TLS."""
    env = databases.server_environment(settings.VAR_DIR, name="postgres")
    env |= {"REDIS_URL": settings.REDIS_URL, "PUBLIC_URL": "https://pairly.example", **more}
    command = [sys.executable, "-c", OVER_TLS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd=databases.ROOT)
    return json.loads(done.stdout.splitlines()[-1])


def test_over_tls_it_stays_tls_and_cookies_are_bound_to_the_host():
    seen = over_tls(TRUSTED_PROXY_COUNT="1", CDN_BASE_URL="https://cdn.example/files")
    assert seen["names"] == ["__Host-pairly_session", "__Host-pairly_csrf"]
    assert seen["flags"] == [True, True, True]
    for way in ("secure", "behind a proxy"):
        headers = seen[way]["headers"]
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert "upgrade-insecure-requests" in headers["Content-Security-Policy"]
        assert "script-src 'self' https://cdn.example;" in headers["Content-Security-Policy"] + ";"
        cookie = seen[way]["cookies"]["__Host-pairly_csrf"]
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


def test_without_a_trusted_proxy_nobody_can_claim_to_come_over_tls():
    assert "Strict-Transport-Security" not in over_tls()["behind a proxy"]["headers"]

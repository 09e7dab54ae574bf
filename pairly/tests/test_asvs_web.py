"""What OWASP ASVS 5.0 asks of pages, sessions, sockets and settings (V3, V4, V7, V13, V14, V16)."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from math import log2
from pathlib import Path

import pytest
from channels.testing import WebsocketCommunicator
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import URLResolver, get_resolver

from pairly import settings as product
from pairly.asgi import application
from pairly.testing.people import make_staff, make_user, sign_in_as
from users.models import Session, User
from users.services import sessions, tokens

ROOT = Path(__file__).resolve().parents[2]
MINE = ["/inbox/", "/wallet/", "/profile/edit/", "/credits/buy/", "/keys/", "/discover/", "/prices/", "/how-it-works/"]
ACCOUNT = [
    "security",
    "sessions",
    "sign-ins",
    "devices",
    "passkeys",
    "password",
    "email",
    "phone",
    "privacy",
    "accesses",
]
API = ["auth/sessions", "auth/login-history", "profiles", "credits/balance", "messages/conversations", "discover", "x"]


# -- sign-out, caches -----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_page_of_who_is_signed_in_has_a_way_out():
    fan, staff = sign_in_as(make_user("fan")), sign_in_as(make_staff("admin"))
    for browser, paths in (
        (fan, [*MINE, *(f"/account/{name}/" for name in ACCOUNT), "/nowhere/"]),
        (staff, ["/staff/", "/staff/people/", "/staff/invitations/", "/admin/"]),
    ):
        for path in paths:
            page = browser.get(path).content.decode()
            assert '<form method="post" action="/sign-out/">' in page or 'action="/sign-out/"' in page, path


@pytest.mark.django_db
def test_what_is_made_for_one_person_is_kept_by_no_cache():
    browser = sign_in_as(make_user("fan"))
    paths = [*MINE, *(f"/account/{name}/" for name in ACCOUNT), *(f"/api/v1/{name}" for name in API), "/", "/nowhere/"]
    answers = {path: browser.get(path).headers.get("Cache-Control", "") for path in paths}
    assert {path: held for path, held in answers.items() if "no-store" not in held} == {}
    token = tokens.issue(started=_api_sign_in())["access_token"]
    answer = Client().get("/api/v1/profiles", headers={"authorization": f"Bearer {token}"})
    assert "no-store" in answer.headers["Cache-Control"]
    refused = Client().post("/api/v1/auth/login", {"email": "a", "password": "b"}, content_type="application/json")
    assert "no-store" in refused.headers["Cache-Control"]


@pytest.mark.django_db
def test_what_is_the_same_for_everybody_may_be_kept():
    for path in ("/", "/prices/"):
        assert "no-store" not in Client().get(path).headers.get("Cache-Control", "")
    answer = sign_in_as(make_user("fan")).get("/static/app/main.css")
    assert "no-store" not in answer.headers["Cache-Control"]
    answer.close()


# -- tokens -------------------------------------------------------------------------------------------------
def _api_sign_in(user=None):
    from security.types import Client as Visitor

    return sessions.start_session(user=user or make_user("fan"), kind=Session.Kind.API, client=Visitor(ip="192.0.2.1"))


def bits(texts):
    """What guessing one of random texts costs at least, by the letters they are made of."""
    alphabet = Counter("".join(texts))
    most = max(alphabet.values()) / alphabet.total()
    return min(map(len, texts)) * -log2(most)


@pytest.mark.django_db
def test_what_stands_for_a_sign_in_has_128_bits_and_comes_once():
    user = make_user("fan")
    refresh = [_api_sign_in(user).refresh_token or "" for _ in range(30)]
    keys = [sign_in_as(user).cookies[settings.SESSION_COOKIE_NAME].value for _ in range(30)]
    for texts in (refresh, keys):
        assert len(set(texts)) == 30
        assert bits(texts) > 128
    assert bits(["aaaa" * 20] * 30) == 0


# -- settings -----------------------------------------------------------------------------------------------
CHECK = """
import django
django.setup()
from django.conf import settings
from django.core import checks
assert not settings.DEBUG
print(sorted(m.id for m in checks.run_checks(tags=["security"], include_deployment_checks=True)))
print(settings.SECURE_HSTS_SECONDS >= 31_536_000 and settings.SECURE_HSTS_INCLUDE_SUBDOMAINS)
"""


def in_production(code, tmp_path, **env):
    """Run code with the settings of a server: secrets given, HTTPS, nothing embedded."""
    secret = "Zq7-xV_mn2" * 6
    given = {
        "DATABASE_URL": "postgres://app@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0", "SECRET_KEY": secret,
        "JWT_SECRET": f"k:{secret}", "E2E_SERVER_KEYS": "A" * 43, "FIELD_ENCRYPTION_KEY": f"k:{'A' * 43}",
        "WEB_PUSH_KEY": f"{'A' * 42}E", "STRIPE_WEBHOOK_SECRET": secret,
        "PUBLIC_URL": "https://pairly.example", "ALLOWED_HOSTS": "pairly.example",
        "PAIRLY_VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "pairly.settings", "PATH": os.environ["PATH"], **env,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=given, capture_output=True, text=True)


def test_the_checks_for_deployment_warn_of_nothing_that_is_ours(tmp_path):
    result = in_production(CHECK, tmp_path)
    warnings, has_hsts = result.stdout.splitlines()
    # W008: the proxy redirects pages and refuses the API. W021: a preload list is the operator's decision.
    assert warnings == "['security.W008', 'security.W021']", result.stderr
    assert has_hsts == "True"


SECRETS = [
    "SECRET_KEY",
    "JWT_SECRET",
    "E2E_SERVER_KEYS",
    "FIELD_ENCRYPTION_KEY",
    "WEB_PUSH_KEY",
    "STRIPE_WEBHOOK_SECRET",
]


@pytest.mark.parametrize("name", SECRETS)
def test_a_server_makes_up_no_secret(name, monkeypatch):
    assert product._secret(name)  # this machine's own
    monkeypatch.setattr(product.e, name, "")
    monkeypatch.setattr(product, "_generated", {})  # as where DATABASE_URL is set
    with pytest.raises(ImproperlyConfigured, match=f"{name} is required"):
        product._secret(name)


@pytest.mark.django_db
def test_a_fresh_database_has_no_account():
    assert not User.objects.exists()
    browser = Client()
    for email, password in (("admin", "admin"), ("root@localhost", "root"), ("admin@pairly.example", "password")):
        browser.post("/sign-in/", {"email": email, "password": password})
    assert not Session.objects.exists()


def test_no_account_has_a_hint_or_a_secret_question():
    names = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    assert len(names) > 100
    assert {
        name for name in names if any(word in name for word in ("hint", "question", "maiden", "answer_to"))
    } == set()


# -- errors, methods ----------------------------------------------------------------------------------------
SECRET = "SELECT secret FROM users_user WHERE /srv/pairly"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/wallet/", "/api/v1/credits/balance"])
def test_a_defect_is_answered_without_its_cause(path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError(SECRET)

    browser = sign_in_as(make_user("fan"))
    browser.raise_request_exception = False
    monkeypatch.setattr("credits.selectors.get_balance", fail)
    answer = browser.get(path)
    assert answer.status_code == 500
    for told in ("SELECT", "RuntimeError", "Traceback", "/srv/", "credits/", "line "):
        assert told not in answer.content.decode()


def routes(resolver=None, prefix="/"):
    """The address of every route, with something for each part that may vary."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = re.sub(r"<uuid:\w+>", "00000000-0000-7000-8000-000000000000", getattr(entry.pattern, "_route", ""))
        route = prefix + re.sub(r"<(\w+:)?\w+>", "1", route)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route


@pytest.mark.django_db
def test_no_route_echoes_a_request():
    """TRACE would show a script what a cookie keeps from it."""
    browser = sign_in_as(make_user("fan"))
    apart = re.compile(r"/admin/\w|/api/(?!v1/)")  # the same views again
    paths = sorted({path for path in routes() if not apart.match(path)})
    assert len(paths) > 100
    answers = {path: browser.generic("TRACE", path, headers={"x-canary": "echo-me"}) for path in paths}
    assert {path for path, answer in answers.items() if answer.status_code < 300} == set()
    assert {path for path, answer in answers.items() if b"echo-me" in answer.content} == set()


# -- sockets ------------------------------------------------------------------------------------------------
async def _open(*headers):
    """How a socket that says nothing but "auth" is answered: whether it opens, and the code that closes it."""
    given = [(b"host", b"127.0.0.1"), *((name.encode(), value.encode()) for name, value in headers)]
    socket = WebsocketCommunicator(application, "/api/v1/messages/ws", headers=given)
    is_open, code = await socket.connect()
    if is_open:
        await socket.send_to(text_data='{"type": "auth"}')
        code = (await socket.receive_output())["code"]
    await socket.disconnect()
    return is_open, code


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:81"],
)
def test_a_socket_of_another_site_is_refused_before_it_opens(origin):
    assert asyncio.run(_open(("origin", origin), ("cookie", "pairly_session=x"))) == (False, 4401)


def test_a_socket_of_no_page_opens_and_a_cookie_alone_is_worth_nothing():
    assert asyncio.run(_open(("cookie", "pairly_session=x"))) == (True, 4401)

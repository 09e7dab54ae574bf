"""Public pages, health, refusals and the content policy."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from pairly.common import process_state
from pairly.common import redis as common_redis
from pairly.common.database_health import DatabaseAway
from pairly.common.problems import Overloaded
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from pairly.site import health, views
from pairly.site.middleware import ProblemMiddleware
from pairly.testing.people import make_user
from payments.constants import CURRENCIES
from payments.selectors import list_offers
from profiles.tests.browsing import browser_of

ROOT = Path(__file__).resolve().parents[2]
# A mail has its styles with it, for most mail programs read no others.
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mail")
CSS = sorted((ROOT / "frontend" / "css").rglob("*.css"))
PUBLIC = ["/", "/how-it-works/", "/prices/", "/discover/", "/sign-in/", "/sign-up/", "/nowhere/"]
MINE = ["/inbox/", "/keys/", "/wallet/", "/profile/edit/", "/credits/buy/", "/discover/", "/verify-email/"]
HEALTH = ["/health", "/api/", "/api/health", "/api/v1/health"]


def policy_of(answer) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts}


def assert_page_is_strict(answer) -> None:
    policy, page = policy_of(answer), answer.content.decode()
    assert policy["default-src"] == ["'none'"]
    assert policy["style-src"] == ["'self'"]
    assert set(policy["script-src"]) <= {"'self'", "'wasm-unsafe-eval'"}
    assert "'unsafe-inline'" not in str(policy)
    assert "'unsafe-eval'" not in policy["script-src"]
    assert inline_parts(page) == []


def inline_parts(html: str) -> list[str]:
    """What the policy would block: inline scripts (JSON blocks are data), styles, handlers, script URLs."""
    scripts = [tag for tag in re.findall(r"<script\b[^>]*>", html, re.I) if "src=" not in tag]
    code = [tag for tag in scripts if 'type="application/json"' not in tag]
    other = re.findall(r"""<style\b|\sstyle\s*=|<[^>]+\son\w+\s*=|javascript:""", html, re.I)
    return code + other


def test_the_search_for_inline_parts_finds_each_kind():
    planted = '<script>x</script><style>a</style><p style="x"><p onclick="x"><a href="javascript:x">'
    assert len(inline_parts(planted)) == 5
    assert inline_parts('<script src="a.js"></script><script id="t" type="application/json">{}</script>') == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_has_no_inline_script_or_style(path):
    assert inline_parts(path.read_text(encoding="utf-8")) == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_strict_named_and_small(path):
    make_user("creator", name="Cleo", price_centi=10_000)
    answer = Client().get(path)
    page = answer.content.decode()
    assert answer.status_code == (404 if path == "/nowhere/" else 200)
    assert_page_is_strict(answer)
    assert page.count("<h1") == 1
    assert re.search(r"<title>\S.* · Pairly</title>", page)
    assert '<html lang="en" dir="ltr">' in page
    assert page.index('href="#content"') < page.index("<header")
    assert len(gzip.compress(answer.content)) < 14_000
    assert Client().head(path).status_code == answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["fan", "creator"])
def test_the_pages_of_who_is_signed_in_are_strict_and_small(role):
    browser = browser_of(make_user(role))
    for path in MINE:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert_page_is_strict(answer)
        assert answer.content.decode().count("<h1") == 1, path
        assert len(gzip.compress(answer.content)) < 14_000


@pytest.mark.django_db
def test_only_the_key_and_chat_pages_allow_wasm_and_they_enforce_trusted_types():
    browser = browser_of(make_user("fan"))
    keys, wallet = policy_of(browser.get("/keys/")), policy_of(browser.get("/wallet/"))
    assert "'wasm-unsafe-eval'" in keys["script-src"]
    assert keys["require-trusted-types-for"] == ["'script'"]
    assert wallet["script-src"] == ["'self'"]


@pytest.mark.django_db
def test_the_styles_stay_within_their_budget_and_are_one_file_with_its_fonts():
    built = ROOT / "frontend" / "dist" / "main.css"
    css = built.read_text()
    assert len(gzip.compress(css.encode())) < 20_000
    assert "@import" not in css
    fonts = set(re.findall(r'url\("?([^")]+)"?\)', css))
    assert fonts == {f"./fonts/{path.name}" for path in (ROOT / "frontend" / "dist" / "fonts").iterdir()}
    for name, kind in [("main.css", "text/css"), *((font[2:], "font/woff2") for font in fonts)]:
        answer = Client().get(f"/static/app/{name}")
        assert b"".join(answer.streaming_content) == (built.parent / name).read_bytes()
        assert answer.headers["Content-Type"].startswith(kind)
        answer.close()


@pytest.mark.django_db
def test_every_icon_that_a_page_names_is_drawn():
    drawn = set(re.findall(r'<symbol id="(\w+)"', (ROOT / "frontend" / "art" / "icons.svg").read_text()))
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    assert set(re.findall(r'{% icon "(\w+)"', pages)) | set(re.findall(r'drawing="(\w+)"', pages)) <= drawn


def test_the_styles_use_logical_properties_and_import_nothing_foreign():
    text = "".join(path.read_text() for path in CSS)
    physical = r"[;{]\s*(?:margin|padding|border)-(?:left|right|top|bottom)\b|[;{]\s*(?:left|right|width|height)\s*:"
    assert re.findall(physical, text) == []
    assert re.findall(r"https?:", text) == []


@pytest.mark.django_db
def test_a_stranger_is_asked_in_and_who_is_signed_in_starts_at_work():
    assert b"Create an account" in Client().get("/").content
    assert browser_of(make_user("fan")).get("/").headers["Location"] == "/discover/"
    assert browser_of(make_user("creator")).get("/").headers["Location"] == "/inbox/"


@pytest.mark.django_db
def test_the_header_goes_by_sign_in_and_role():
    def links(page):
        header = page[page.index("<header") : page.index("</header>")].split('class="menu"')[0]
        return re.findall(r'<a [^>]*href="([^"]+)"', header)

    stranger = Client().get("/prices/").content.decode()
    assert links(stranger) == ["/", "/discover/", "/how-it-works/", "/prices/", "/sign-in/", "/sign-up/"]
    assert 'href="/prices/" aria-current="page"' in stranger
    own = ["/notifications/", "/credits/buy/"]
    fan = browser_of(make_user("fan")).get("/prices/").content.decode()
    assert links(fan) == ["/", "/discover/", "/inbox/", "/wallet/", "/profile/edit/", *own]
    creator = browser_of(make_user("creator")).get("/prices/").content.decode()
    assert links(creator) == ["/", "/inbox/", "/wallet/", "/discover/", "/profile/edit/", *own]
    assert '<span data-part="balance">0</span>' in creator


@pytest.mark.django_db
def test_a_stranger_costs_the_plain_pages_no_query(django_assert_num_queries):
    for path in ("/how-it-works/", "/prices/", "/nowhere/"):
        with django_assert_num_queries(0):
            Client().get(path)


@pytest.mark.django_db
def test_the_prices_are_those_that_are_charged():
    page = Client().get("/prices/").content.decode()
    for currency in CURRENCIES:
        for offer in list_offers(currency=currency):
            assert f">{offer.amount}<" in page
            assert f">{offer.n_credits:,}<" in page
    assert "<strong>80</strong> the creator" in page
    assert "<strong>20</strong> our fee" in page
    assert "The fee is 20 %." in page
    assert "50 to 50,000 credits" in page


# -- health and version -----------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def _looks_anew():
    """A look at the health is good for a second: no test takes an earlier one's."""
    health.forget()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/ready", "/api/ready", "/api/v1/ready"])
def test_a_process_is_ready_until_it_is_asked_to_stop(path, monkeypatch):
    answer = Client().get(path)
    checks = {"database": "ok", "migrations": "ok", "draining": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": checks})
    monkeypatch.setattr(process_state.state, "is_draining", True)
    assert Client().get(path).status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("path", HEALTH)
def test_health_tells_at_each_address_what_is_missing(path):
    """No worker runs beside this test: everything else is well."""
    answer = Client().get(path)
    checks = {"database": "ok", "redis": "ok", "worker": "failed", "storage": "ok", "mail": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded", "checks": checks})
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.fixture
def redis_away(settings):
    """Redis as it looks when nothing listens."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    common_redis.get_client.cache_clear()
    yield
    common_redis.get_client.cache_clear()


@pytest.mark.django_db
def test_health_answers_without_redis(redis_away):
    assert health.check()["checks"]["redis"] == "failed"


@pytest.mark.django_db
def test_health_answers_without_a_writable_folder(settings, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    settings.MEDIA_ROOT = in_the_way / "media"
    assert health.check()["checks"]["storage"] == "failed"


def test_a_mail_that_waited_for_an_hour_shows_in_the_health_and_one_for_later_does_not(committed_db):
    an_hour_ago = timezone.now() - timedelta(minutes=61)
    row = outbox.write(kind="test", payload={}, deliver_at=timezone.now() + timedelta(days=1))
    OutboxRow.objects.filter(pk=row.pk).update(created_at=an_hour_ago)
    assert health.check()["checks"]["mail"] == "ok"
    OutboxRow.objects.filter(pk=row.pk).update(deliver_at=timezone.now())
    health.forget()
    assert health.check()["checks"]["mail"] == "failed"


@pytest.mark.parametrize("path", ["/x/", "/api/v1/x"])
def test_what_a_layer_above_the_views_raises_is_refused_and_not_called_a_defect(path):
    try:
        raise DatabaseAway
    except DatabaseAway as cause:
        away = OperationalError()
        away.__cause__ = cause
    try:
        raise away
    except OperationalError:
        answer = views.server_error(RequestFactory().get(path))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/version", "/api/version", "/api/v1/version"])
def test_the_version_is_public(path):
    assert Client().get(path).json()["api"] == "v1"


# -- refusals ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/nowhere", "/api/v1/nowhere", "/api/v1/profiles/"])
def test_an_unknown_address_of_the_api_answers_with_a_problem_document(path):
    answer = Client().get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert set(answer.json()) >= {"type", "title", "status", "detail", "code"}
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("view", "status", "code"),
    [(views.bad_request, 400, "malformed"), (views.forbidden, 403, "forbidden"), (views.not_found, 404, "not_found")],
)
def test_refusals_are_documents_for_the_api_and_pages_elsewhere(view, status, code):
    for path, content_type in (("/api/v1/x", "application/problem+json"), ("/x", "text/html; charset=utf-8")):
        request = RequestFactory().get(path)
        request.user = AnonymousUser()
        answer = view(request, Exception())
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)
        assert "api" not in path or code in answer.content.decode()


def test_a_defect_of_ours_says_nothing_of_its_cause():
    page = views.server_error(RequestFactory().get("/x"))
    document = views.server_error(RequestFactory().get("/api/v1/x"))
    assert (page.status_code, document.status_code) == (500, 500)
    assert b'"code": "internal_error"' in document.content
    assert inline_parts(page.content.decode()) == []


@pytest.mark.django_db
def test_the_busy_page_asks_the_database_nothing(django_assert_num_queries):
    """It is shown when no connection is left: asking for one more would wait for nothing."""
    request = RequestFactory().get("/inbox/")
    request.user = make_user("fan")
    with django_assert_num_queries(0):
        answer = ProblemMiddleware(lambda _: answer).process_exception(request, Overloaded(retry_after_s=2))
    assert answer is not None
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert b"busy" in answer.content


def test_a_form_without_its_token_is_refused_with_a_page_of_ours():
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a@example.org"})
    assert answer.status_code == 403
    assert_page_is_strict(answer)
    assert "out of date" in answer.content.decode()


def test_an_unknown_host_is_refused():
    answer = Client().get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert inline_parts(answer.content.decode()) == []
    document = Client().get("/api/v1/profiles", headers={"host": "evil.example"})
    assert (document.status_code, document.json()["code"]) == (400, "malformed")


# -- filters ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("centi", "text"),
    [
        (0, "0"),
        (None, "0"),
        (5_000, "50"),
        (5_050, "50.50"),
        (5_001, "50.01"),
        (123_456_700, "1,234,567"),
        (-150, "-1.50"),
    ],
)
def test_credits_show_decimals_only_when_there_are_some(centi, text):
    assert Template("{% load pairly %}{{ centi|credits }}").render(Context({"centi": centi})) == text


@pytest.mark.parametrize(("name", "text"), [("Ada Lovelace", "AL"), ("ada", "A"), ("  ", ""), ("A B C", "AB")])
def test_initials_stand_for_a_name(name, text):
    assert Template("{% load pairly %}{{ name|initials }}").render(Context({"name": name})) == text


@pytest.mark.django_db
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_each_language_gets_its_page_and_direction(language):
    page = Client().get("/", headers={"accept-language": language}).content.decode()
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in page
    translation.activate("en")


def test_addresses_of_pages_end_in_a_slash_and_those_of_the_api_do_not():
    assert reverse("site:prices") == "/prices/"
    assert reverse("profiles:discover") == "/discover/"
    assert reverse("api-v1:profiles:profile-discover") == "/api/v1/discover"

"""Pairly as an app: what is served for it, and the worker in a real Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image

from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import make_user, sign_in_as

from .header_rules import policy_of

ROOT = Path(__file__).resolve().parents[2]


def facts_of(answer) -> dict:
    first, _, code = answer.content.decode().partition(";\n")
    assert code
    return json.loads(first.removeprefix("self.PAIRLY="))


@pytest.mark.django_db
def test_the_manifest_names_icons_that_are_there_in_the_sizes_it_says():
    answer = Client().get("/manifest.webmanifest")
    assert answer.headers["Content-Type"].startswith("application/manifest+json")
    document = json.loads(answer.content)
    assert (document["start_url"], document["scope"], document["display"]) == ("/", "/", "standalone")
    sizes = set()
    for icon in document["icons"]:
        path = ROOT / "frontend" / "dist" / icon["src"].removeprefix("/static/app/")
        if icon["type"] == "image/png":
            with Image.open(path) as picture:
                assert "x".join(map(str, picture.size)) == icon["sizes"]
        assert path.exists()
        sizes.add((icon["sizes"], icon["purpose"]))
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes


@pytest.mark.django_db
def test_the_colours_are_those_of_the_pages():
    from pairly.site import installable

    tokens = (ROOT / "frontend" / "css" / "tokens.css").read_text()
    assert f"--paper: light-dark({installable.PAPER}, {installable.DARK_PAPER})" in tokens
    head = (ROOT / "templates" / "site" / "head.html").read_text()
    assert re.findall(r'"theme-color" content="(#\w+)"', head) == [installable.PAPER, installable.DARK_PAPER]


@pytest.mark.django_db
def test_the_worker_may_serve_the_whole_site_and_is_asked_for_anew_each_time():
    answer = Client().get("/service-worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert "no-cache" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert set(answer.headers["Vary"].split(", ")) >= {"Cookie", "Accept-Language"}
    policy = policy_of(Client().get("/prices/"))
    assert policy["worker-src"] == policy["manifest-src"] == ["'self'"]


@pytest.mark.django_db
def test_other_texts_are_another_worker():
    english, hindi = (
        facts_of(Client().get("/service-worker.js", headers={"Accept-Language": code})) for code in ("en", "hi")
    )
    assert (english["language"], hindi["language"]) == ("en", "hi")
    assert english["version"] != hindi["version"]
    assert facts_of(Client().get("/service-worker.js", headers={"Accept-Language": "ar"}))["direction"] == "rtl"


@pytest.mark.django_db
def test_the_worker_keeps_files_of_the_build_only(settings):
    facts = facts_of(Client().get("/service-worker.js"))
    assert facts["files"]
    assert all(path.startswith("/static/app/") for path in facts["files"])
    assert facts["offline"] == "/offline/"
    settings.CDN_BASE_URL = "https://cdn.example"
    policy = policy_of(Client().get("/service-worker.js"))
    assert policy["connect-src"] == ["'self'", "https://cdn.example"]


@pytest.mark.django_db
def test_the_offline_page_is_the_same_whoever_asks():
    user = make_user("fan", name="Ada Canary")
    mine, anybodys = sign_in_as(user).get("/offline/").content, Client().get("/offline/").content
    assert mine == anybodys
    assert b"No connection" in mine


@pytest.mark.django_db
def test_who_is_suspended_gets_the_same_and_no_redirect():
    user = make_user("fan")
    browser = sign_in_as(user)
    user.sign_in_sessions.update(limit="suspended")
    for path in ("/service-worker.js", "/manifest.webmanifest", "/offline/"):
        assert browser.get(path).status_code == 200, path


# -- in a browser ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("worker")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def tab(server, chromium):
    """A page of somebody signed in, with the worker in control, and the developer tools."""
    context = chromium.new_context(base_url=server.url, service_workers="allow")
    context.grant_permissions(["notifications"], origin=server.url)
    client = sign_in_as(make_user("fan", name="Robin Fan"))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": server.url}])
    page = context.new_page()
    page.goto("/wallet/")
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    page.reload()
    assert page.evaluate("() => navigator.serviceWorker.controller !== null")
    yield page
    context.close()


def test_a_browser_finds_nothing_that_keeps_it_from_installing(tab):
    tools = tab.context.new_cdp_session(tab)
    found = tools.send("Page.getAppManifest")
    assert found["errors"] == []
    assert json.loads(found["data"])["name"] == "Pairly"
    errors = {one["errorId"] for one in tools.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert errors <= {"in-incognito"}  # every context of a test is a private window


def test_without_a_network_there_is_a_page_of_ours_and_nothing_of_anybodys(tab):
    kept = tab.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async (name) =>"
        " (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)))).flat()"
    )
    assert "/offline/" in kept
    assert all(path == "/offline/" or path.startswith("/static/app/") for path in kept)
    tab.context.set_offline(True)
    tab.goto("/inbox/")
    tab.get_by_role("heading", name="No connection").wait_for()
    assert tab.evaluate("() => document.fonts.ready.then(() => getComputedStyle(document.body).fontFamily)")
    sheet = "() => [...document.styleSheets].some((one) => one.cssRules.length > 0)"
    assert tab.evaluate(sheet)
    tab.context.set_offline(False)
    tab.get_by_role("link", name="Try again").click()
    tab.wait_for_url("**/inbox/")
    tab.get_by_role("heading", name="No connection").wait_for(state="detached")


NEWS = ["You have news on Pairly", "Open Pairly to see what it is."]


def test_a_push_shows_words_that_tell_nothing_and_a_second_one_takes_its_place(tab, server):
    assert shown(tab) == []
    tools = Tools(tab)
    tools.push(server.url, "")
    first = wait_for_news(tab, after=0)
    tools.push(server.url, "what a stranger wrote")
    wait_for_news(tab, after=first)
    assert [one[:2] for one in shown(tab)] == [NEWS]


def shown(tab):
    """Title, text and time of each notification there is."""
    return tab.evaluate(
        "async () => (await (await navigator.serviceWorker.ready).getNotifications())"
        ".map((one) => [one.title, one.body, one.timestamp])"
    )


def wait_for_news(tab, *, after):
    """Until there is a notification later than `after`; gives its time."""
    for _ in range(3000):
        times = [at for *_words, at in shown(tab) if at > after]
        if times:
            return times[0]
        tab.wait_for_timeout(10)
    raise AssertionError("no notification")


class Tools:
    """The developer tools of a tab, for its worker; attached until the tab closes."""

    def __init__(self, tab):
        self._tab, self._session, self._found = tab, tab.context.new_cdp_session(tab), []
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._session.send("ServiceWorker.enable")

    def _note(self, event):
        self._found.extend(one for one in event["registrations"] if not one["isDeleted"])

    def push(self, origin, data):
        """As a push service would."""
        for _ in range(3000):
            if self._found:
                break
            self._tab.wait_for_timeout(10)
        how = {"origin": origin, "registrationId": self._found[-1]["registrationId"], "data": data}
        self._session.send("ServiceWorker.deliverPushMessage", how)


def test_no_other_policy_and_no_other_address_makes_a_worker(tab):
    tried = tab.evaluate(
        """() => {
            const outcomes = {};
            for (const [name, act] of Object.entries({
                again: () => trustedTypes.createPolicy('pairly-worker', { createScriptURL: (a) => a }),
                other: () => trustedTypes.createPolicy('other', { createScriptURL: (a) => a }),
            })) {
                try { act(); outcomes[name] = 'done'; } catch (error) { outcomes[name] = error.name; }
            }
            return outcomes;
        }"""
    )
    assert tried == {"again": "TypeError", "other": "TypeError"}
    plain = "() => navigator.serviceWorker.register('/service-worker.js?x').then(() => 'done', (error) => error.name)"
    assert tab.evaluate(plain) == "TypeError"

"""Every page in a real browser: axe, widths, themes, both directions, budgets, valid HTML, a silent console.

The table is in `pages_table`; a page that is missing from it fails here. Screenshots of the pages are left in
var/artefacts/screens where somebody chose them (-k) or in the long form, the gzipped bytes of each in
var/artefacts/weights.json.
"""

from __future__ import annotations

import functools
import json
import os
import re
import secrets
from collections import defaultdict

import httpx
import pytest
from django.conf import settings
from django.urls import URLPattern, get_resolver, reverse

from pairly.testing import html_validate
from pairly.testing.keyboard import Keyboard
from pairly.testing.survey import THEMES, WIDTHS, Tab, Visit, survey

from .demo_world import enter, seeded_server
from .pages_table import NO_PAGES, PAGES

PROVE = bool(os.environ.get("PAIRLY_PROVE"))
ARTEFACTS = settings.BASE_DIR / "var" / "artefacts"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    """The seeded product with every persona inside."""
    with seeded_server(django_db_blocker, tmp_path_factory.mktemp("pages")) as found:
        enter(found, chromium)
        yield found


@pytest.fixture(scope="module")
def tab_of(world):
    """The tab of a persona; another one when a test closed it."""
    tabs = {}

    def find(persona):
        if persona not in tabs or tabs[persona].page.is_closed():
            tabs[persona] = Tab(world.contexts[persona])
        return tabs[persona]

    return find


@pytest.fixture(scope="module")
def look(world, tab_of, request):
    """Survey a page of the table, once. What was weighed is left beside the screenshots."""
    screens = ARTEFACTS / "screens"
    screens.mkdir(parents=True, exist_ok=True)
    is_for_eyes = PROVE or request.config.option.keyword
    weights = {}

    @functools.cache
    def once(entry):
        tab = tab_of(entry.persona)
        found = survey(tab, visit=entry.as_visit(world), screens=screens if is_for_eyes else None)
        weights[found.name] = found.weights
        return found

    yield once
    (ARTEFACTS / "weights.json").write_text(json.dumps(weights, indent=1))


def report(findings):
    """Fail with the findings, one a line, and nothing else."""
    if findings:
        pytest.fail("\n".join(findings), pytrace=False)


@pytest.mark.parametrize("entry", PAGES, ids=str)
def test_a_page_has_nothing_that_a_check_finds(look, entry):
    report(look(entry).findings)


def test_the_html_of_every_page_is_valid(look, tmp_path):
    for entry in PAGES:
        (tmp_path / f"{entry}.html").write_text(look(entry).html, encoding="utf-8")
    report(html_validate.list_errors(tmp_path))


def list_shared_titles(pages):
    """The titles that different pages share; `pages` are pairs of a title and what makes the page another one."""
    pages_of = defaultdict(set)
    for title, page in pages:
        pages_of[title].add(page)
    return [
        f"{title!r} is the title of {sorted(pages, key=str)}" for title, pages in pages_of.items() if len(pages) > 1
    ]


def test_different_pages_have_different_titles(look):
    # A page in another state is the same page; so is a refusal for another reason.
    report(list_shared_titles((look(entry).title, entry.view or entry.status) for entry in PAGES))


IDENTITY = re.compile(r"users:(?!sign-out)|moderation:|trust:verif")


def list_walked():
    """One state of each page about one's account; all of them in the long form."""
    states = [entry for entry in PAGES if IDENTITY.match(entry.view) and not entry.rendered and not entry.act]
    return states if PROVE else list({entry.view: entry for entry in reversed(states)}.values())


@pytest.mark.parametrize("entry", list_walked(), ids=str)
def test_every_control_of_a_page_about_ones_account_is_reached_by_keys(world, entry):
    page = world.contexts[entry.persona].new_page()
    try:
        page.emulate_media(reduced_motion="reduce")  # where a stop is scrolled to is looked at right after the key
        visit = entry.as_visit(world)
        visit.open(page)
        page.wait_for_selector(visit.ready)
        keys = Keyboard(page)
        report([*(f"no tab stop: {control}" for control in keys.walk()), *keys.problems])
        assert keys.stops > 3
    finally:
        page.close()


def test_the_walk_finds_what_no_key_reaches(world):
    page = world.contexts["stranger"].new_page()
    body = """<button id="a">a</button><button id="b">b</button><a href="#" tabindex="0">c</a>
        <div inert><button>d</button></div>"""
    page.route("**/planted/", lambda route: route.fulfill(headers={"Content-Type": "text/html"}, body=body))
    page.goto("/planted/")
    assert Keyboard(page).walk() == ["<button>d</button>"]
    page.close()


# -- each check finds what it is for -------------------------------------------------------------------------
NOISE = secrets.token_hex(90_000)  # about 90 KB however it is packed
PLANTED = f"""<html><head><title> </title>
<link rel="stylesheet" href="/planted/heavy.css"><script src="/planted/heavy.js"></script>
</head><body><h1>One</h1><h1>Two</h1><p id="pale">Pale</p><img src="/planted/nowhere.png"><script>inline()</script>
<table width="3000"><tr><td>wide</td></tr></table><!-- {NOISE} --></body></html>"""
PLANTED_FILES = {
    "/planted/": ("text/html", PLANTED),
    "/planted/heavy.css": ("text/css", f"#pale {{ color: #ddd; background: #fff }} /* {NOISE} */"),
    "/planted/heavy.js": ("text/javascript", f"throw new Error('planted') // {NOISE}"),
}


def open_planted(policy):
    """Lead a tab to the planted page on the server's origin, under its policy."""

    def answer(route):
        kind, body = PLANTED_FILES[httpx.URL(route.request.url).path]
        route.fulfill(headers={"Content-Type": kind, "Content-Security-Policy": policy}, body=body)

    def act(page):
        for path in PLANTED_FILES:
            page.route(f"**{path}", answer)
        page.goto("/planted/")

    return act


@pytest.fixture(scope="module")
def planted(world, tmp_path_factory):
    """The survey of a page that has everything wrong, and the folder of its screenshots."""
    visit = Visit(name="planted", open=open_planted(world.policy()), ready="body", status=201, is_thorough=True)
    screens = tmp_path_factory.mktemp("screens")
    return survey(Tab(world.contexts["stranger"]), visit=visit, screens=screens), screens


@pytest.mark.parametrize(
    "finding",
    [
        "status 200 instead of 201",
        "structure: a title is missing",
        "structure: a language is missing",
        "structure: a direction is missing",
        "structure: exactly one h1 is missing",
        "structure: exactly one main is missing",
        "structure: a banner is missing",
        "weight: html",
        "weight: style",
        "weight: script",
        "axe, light, 1280 px: color-contrast at #pale",
        "axe, light, 1280 px: html-has-lang at html",
        "axe, light, 360 px: image-alt at img",
        "axe, dark, 360 px: image-alt at img",
        "axe, other direction: image-alt at img",
        "sideways scroll: 3",
        "uncaught: planted",
        "404: GET",
        "console: ",
    ],
)
def test_the_survey_finds(planted, finding):
    found, _ = planted
    assert [line for line in found.findings if line.startswith(finding)]


def test_the_survey_leaves_a_screenshot_of_each_width_and_theme(planted):
    _, screens = planted
    names = {path.name for path in screens.iterdir()}
    assert names == {f"planted-{width}-{theme}.png" for width in WIDTHS for theme in THEMES}


def test_the_validator_finds_what_is_invalid(tmp_path):
    (tmp_path / "page.html").write_text("<!doctype html><html><body><p><div>in</div></p></body></html>")
    rules = {line.split(": ")[1] for line in html_validate.list_errors(tmp_path)}
    assert {"close-order", "element-required-content"} <= rules


def test_a_shared_title_is_found():
    assert list_shared_titles([("Inbox", "inbox"), ("Inbox", "inbox"), ("Not here", 404)]) == []
    assert list_shared_titles([("Inbox", "inbox"), ("Inbox", 404)]) == ["'Inbox' is the title of [404, 'inbox']"]


# -- the table ----------------------------------------------------------------------------------------------
def list_urls(resolver, namespace=""):
    """The name of every URL outside the API and Django's admin, or its route when it has none."""
    for found in resolver.url_patterns:
        if isinstance(found, URLPattern):
            yield f"{namespace}{found.name}" if found.name else f"route {found.pattern}"
        elif not str(found.pattern).startswith(("api/", "admin/")):
            yield from list_urls(found, f"{namespace}{found.namespace}:" if found.namespace else namespace)


def test_every_page_is_in_the_table():
    urls = {url for url in list_urls(get_resolver()) if url != "route api/"}
    table = {entry.view for entry in PAGES if entry.view}
    assert urls - table - set(NO_PAGES) == set(), "add the page to pages_table.py (or to NO_PAGES what shows none)"
    assert (table | set(NO_PAGES)) - urls == set()


@pytest.mark.parametrize("name", sorted(NO_PAGES))
def test_what_is_not_in_the_table_shows_no_page(world, name):
    cookies = {c["name"]: c["value"] for c in world.contexts["fan"].cookies()}
    answer = httpx.get(f"{world.url}{reverse(name, kwargs=NO_PAGES[name])}", cookies=cookies)
    assert answer.status_code in (403, 404, 405) or not answer.headers["Content-Type"].startswith("text/html")

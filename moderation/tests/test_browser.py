"""Staff's pages in a real browser: the keys, and Django's admin under our content policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django import DjangoDbBlocker

from pairly.testing import axe
from pairly.testing.browser import Beside, Watch
from pairly.testing.fixtures import RunningServer, own_database, running_daphne
from pairly.testing.people import make_staff, sign_in_as

from .kinds import KIND, open_cases, registered
from .test_admin import make_somebody, url_of


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("staff")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def staff() -> Client:
    return sign_in_as(make_staff("admin"))


@pytest.fixture
def context(server: RunningServer, staff: Client, chromium: Browser) -> Iterator[BrowserContext]:
    name = settings.SESSION_COOKIE_NAME
    found = chromium.new_context(base_url=server.url)
    found.add_cookies([{"name": name, "value": staff.cookies[name].value, "url": server.url}])
    yield found
    found.close()


# -- keys -----------------------------------------------------------------------------------------------------
class Shown:
    """A page with the queue of the tests, which the server does not know: rendered here, shown on its origin."""

    def __init__(self, context: BrowserContext, client: Client) -> None:
        self.client, self.page = client, context.new_page()
        self.posted: list[tuple[str, str]] = []
        self.page.route("**/staff/**", self._answer)

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def _answer(self, route: Any) -> None:
        if route.request.method == "POST":
            self.posted.append((route.request.url.partition("/staff/")[2], route.request.post_data or ""))
            route.fulfill(body="<h1>done</h1>", content_type="text/html")
            return
        answer = self.client.get(route.request.url.partition("/staff/")[2].join(["/staff/", ""]))
        route.fulfill(body=answer.content, headers={"Content-Type": "text/html; charset=utf-8"})


@pytest.fixture
def shown(context: BrowserContext, staff: Client) -> Iterator[Shown]:
    with registered():
        yield Shown(context, staff)


def test_the_keys_press_the_buttons_of_a_case(shown: Shown) -> None:
    (item,) = open_cases(1)
    shown.client.post(f"/staff/cases/{item.uid}/take/")
    for key, ending, word in (("a", "decide/", "approved"), ("r", "decide/", "refused"), ("e", "pass-on/", "")):
        page = shown.open(f"/staff/cases/{item.uid}/")
        page.keyboard.press(key)
        page.wait_for_selector("h1:text('done')")
        path, body = shown.posted.pop()
        assert path == f"cases/{item.uid}/{ending}"
        assert word in body


def test_the_keys_walk_through_a_queue_and_take_the_next(shown: Shown) -> None:
    cases = open_cases(3)
    page = shown.open(f"/staff/queues/{KIND}/")
    rows = [f"/staff/cases/{case.uid}/" for case in cases]
    links = page.eval_on_selector_all("[data-row]", "rows => rows.map(row => row.getAttribute('href'))")
    assert set(rows) <= set(links)

    def focused() -> str:
        found: str = page.evaluate("document.activeElement.getAttribute('href')")
        return found

    seen = []
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
        seen.append(focused())
    assert seen == [links[0], links[1], links[0]]
    page.keyboard.press("n")
    page.wait_for_selector("h1:text('done')")
    assert shown.posted[0][0] == f"queues/{KIND}/take/"


def test_keys_are_letters_while_one_types_and_can_be_turned_off(shown: Shown) -> None:
    (item,) = open_cases(1)
    shown.client.post(f"/staff/cases/{item.uid}/take/")
    page = shown.open(f"/staff/cases/{item.uid}/")
    page.locator("[name=note]").focus()
    page.keyboard.type("are we near?")
    assert page.locator("[name=note]").input_value() == "are we near?"
    page.locator("h1").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    page.locator("[data-part=keys-switch]").uncheck()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("a")
    page = shown.open(f"/staff/cases/{item.uid}/")
    page.keyboard.press("r")
    assert shown.posted == []
    page.get_by_role("button", name="Keys").click()
    page.locator("[data-part=keys-switch]").check()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("r")
    page.wait_for_selector("h1:text('done')")
    assert len(shown.posted) == 1


# -- Django's admin -------------------------------------------------------------------------------------------
def test_the_admin_keeps_to_our_content_policy_and_wears_our_colours(context: BrowserContext, tmp_path: Path) -> None:
    staff = make_staff("support")
    (item,) = _case()
    paths = ["/admin/", "/admin/users/user/", f"/admin/users/user/{staff.pk}/change/"]
    paths += [f"/admin/moderation/workitem/{item.pk}/change/", f"/admin/users/user/{staff.pk}/history/"]
    paths += ["/admin/users/user/?is_staff__exact=1&q=x"]
    for path in paths:
        page = context.new_page()
        watch = Watch(page)
        answer = page.goto(path)
        page.wait_for_load_state("load")
        assert answer is not None
        assert answer.status == 200
        assert "'unsafe" not in answer.headers["content-security-policy"]
        assert watch.list_complaints() == [], path
        font = page.evaluate("getComputedStyle(document.body).fontFamily")
        assert "Instrument Sans" in font
        page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_admins_pages_are_readable_in_both_themes(context: BrowserContext, theme: Any) -> None:
    staff = make_staff("support")
    screens = settings.BASE_DIR / "var" / "artefacts" / "screens"
    screens.mkdir(parents=True, exist_ok=True)
    row = f"/admin/users/user/{staff.pk}/change/"
    found = []
    for name, path in (("index", "/admin/"), ("list", "/admin/users/user/"), ("row", row)):
        page = context.new_page()
        page.emulate_media(color_scheme=theme)
        page.goto(path)
        page.screenshot(path=screens / f"admin-{name}-{theme}.png", full_page=True)
        beside = Beside(page)
        axe.load(beside)
        found += [f"{path}: {line}" for line in axe.list_violations(beside)]
        page.close()
    assert "\n".join(found) == ""


def _case() -> list[Any]:
    with registered():
        return open_cases(1)


def test_every_list_and_a_row_of_each_is_silent_in_the_console_and_readable(context: BrowserContext) -> None:
    """Every model's list in the light theme, and one row of it in the dark one."""
    make_somebody()
    page = context.new_page()
    watch, found, n_rows = Watch(page), [], 0
    for model in admin.site._registry:
        row = model._default_manager.order_by("-pk").first()
        for theme, path in (
            ("light", url_of(model, "changelist")),
            ("dark", url_of(model, "change", row.pk) if row else ""),
        ):
            if not path:
                continue
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            beside = Beside(page)
            axe.load(beside)
            found += [f"{path}: {line}" for line in axe.list_violations(beside)]
            n_rows += theme == "dark"
    assert "\n".join(found) == ""
    assert watch.list_complaints() == []
    assert n_rows >= len(admin.site._registry) - 2

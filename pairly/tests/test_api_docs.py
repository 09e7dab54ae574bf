"""Swagger UI in a real browser, under the policy of every other page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from django.conf import settings
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import DjangoDbBlocker

from pairly.testing.browser import Watch
from pairly.testing.fixtures import RunningServer, own_database, running_daphne

SCREENS = settings.BASE_DIR / "var" / "artefacts" / "screens"


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with (
        own_database(django_db_blocker) as database,
        running_daphne(database=database, log_folder=tmp_path_factory.mktemp("logs")) as found,
    ):
        yield found


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_the_description_can_be_browsed_and_tried_out(
    server: RunningServer, chromium: Browser, width: int, theme: Literal["dark", "light"]
):
    page = chromium.new_page(base_url=server.url, viewport={"width": width, "height": 900}, color_scheme=theme)
    watch = Watch(page)
    page.goto("/api/v1/docs")
    expect(page.locator(".opblock-tag").first).to_be_visible()
    answer = _try_version(page)
    expect(answer).to_contain_text('"api": "v1"')
    page.screenshot(path=SCREENS / f"api-docs-{width}-{theme}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watch.list_complaints() == []
    policy = watch.document.headers["content-security-policy"]
    parts = {part.strip() for part in policy.split(";")}  # in any order: the package writes them out of a set
    assert "unsafe" not in policy
    assert {"style-src 'self'", "script-src 'self'"} <= parts
    page.close()


def _try_version(page: Page) -> Locator:
    """Send GET /api/v1/version from the page; the box that shows the answer."""
    page.locator("#operations-tag-version").click()
    operation = page.locator("#operations-version-get_version")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table .response-col_description .highlight-code").first


def test_the_page_says_what_to_do_where_there_are_no_scripts(server: RunningServer):
    page = httpx.get(f"{server.url}/api/v1/docs").text
    assert "turn JavaScript on" in page
    assert "<script>" not in page
    assert "style=" not in page

"""The pages in a real browser: no sideways scroll, nothing that the content policy had to block."""

from __future__ import annotations

import pytest

from pairly.testing.browser import is_complaint
from pairly.testing.people import PASSWORD, make_user

WIDTHS = (360, 768, 1280)
THEMES = ("light", "dark")
PUBLIC = ["/", "/how-it-works/", "/prices/", "/discover/", "/discover/?max_price=-1", "/sign-in/", "/sign-up/"]
MINE = ["/inbox/", "/wallet/", "/profile/edit/", "/credits/buy/", "/keys/"]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
def visit(asgi_server, chromium):
    """A browser tab on the server, with what its console complained of."""
    context = chromium.new_context(base_url=asgi_server.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if is_complaint(m) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    context.close()


def assert_fits(page, path):
    """The page at each width and in each theme is no wider than the window."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 780})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide at {width} in {theme}"


def background(page):
    return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")


def test_public_pages_fit_and_break_no_policy(visit):
    page, complaints = visit
    creator = make_user("creator", name=LONG[:80], price_centi=5_000_000)
    creator.profile.bio = LONG * 3
    creator.profile.save()
    for path in [*PUBLIC, f"/creators/{creator.uid}/"]:
        assert page.goto(path).status == 200
        assert_fits(page, path)
    assert complaints == []


def test_the_pages_of_who_is_signed_in_fit_and_break_no_policy(visit):
    page, complaints = visit
    user = make_user("creator", name=LONG[:80])
    user.set_password(PASSWORD)
    user.save()
    page.goto("/sign-in/")
    page.fill("[name=email]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector(".balance")
    for path in MINE:
        assert page.goto(path).status == 200
        assert_fits(page, path)
    assert complaints == []


def test_the_theme_follows_the_system_and_arabic_runs_from_right_to_left(visit):
    page, complaints = visit
    page.emulate_media(color_scheme="light")
    page.goto("/prices/")
    light = background(page)
    page.emulate_media(color_scheme="dark")
    assert background(page) != light
    page.set_extra_http_headers({"Accept-Language": "ar"})
    page.goto("/prices/")
    brand, nav = page.locator("header .brand").bounding_box(), page.locator(".site-user").bounding_box()
    assert brand["x"] > nav["x"]
    assert_fits(page, "/prices/ in Arabic")
    assert complaints == []


def test_the_first_tab_stop_skips_to_the_content(visit):
    page, _ = visit
    page.goto("/")
    page.keyboard.press("Tab")
    box = page.locator(".skip-link").bounding_box()
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    page.wait_for_url("**/#content")

"""Two people get to know each other, each in a browser of their own, with scripts and without."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import expect

from pairly.testing.browser import Watch
from pairly.testing.people import make_user, sign_in_as
from profiles.services import visits


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def pair(start_server, chromium, request):
    """A fan and a creator in front of the product, 360 px wide."""
    server = start_server()
    people = [make_user("fan", name="Fay Fan"), make_user("creator", name="Cleo Creator")]
    pages, watches, contexts = [], [], []
    for user in people:
        context = chromium.new_context(
            base_url=server.url, viewport={"width": 360, "height": 740}, java_script_enabled=request.param
        )
        value = sign_in_as(user).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": server.url}])
        page = context.new_page()
        pages.append(page)
        watches.append(Watch(page))
        contexts.append(context)
    yield *people, *pages
    for page, watch in zip(pages, watches, strict=True):
        assert watch.list_complaints() == []
        assert page.locator("body").bounding_box()["width"] <= 360
    for context in contexts:
        context.close()


def press(page, text):
    with page.expect_navigation():
        page.get_by_role("button", name=text).first.click()


def test_they_follow_ask_accept_and_keep_each_other_in_a_list_and_see_who_looked(pair):
    _fan, creator, fans, creators = pair
    fans.goto(f"/creators/{creator.uid}/")
    press(fans, "Follow")
    press(fans, "Connect")
    assert fans.get_by_role("button", name="Take back request").is_visible()
    fans.get_by_text("Add to a list").click()
    fans.get_by_label("A new list").fill("Tea friends")
    press(fans, "Make it")
    assert fans.url.endswith(f"/creators/{creator.uid}/")
    for path, text in (("/people/", "Cleo Creator"), ("/people/connections/?show=asked", "Cleo Creator")):
        fans.goto(path)
        assert fans.get_by_role("link", name=text).is_visible()

    creators.goto("/people/")
    creators.get_by_role("link", name="Connections").click()
    creators.get_by_role("link", name="Answer them").click()
    expect(creators.locator("main .line").get_by_text("Fay Fan").first).to_be_visible()
    press(creators, "Accept Fay Fan")
    assert creators.url.endswith("show=asking")
    creators.goto("/people/connections/")
    assert creators.locator("main .line").get_by_text("Fay Fan").first.is_visible()

    fans.goto(f"/creators/{creator.uid}/")
    assert fans.get_by_role("button", name="Connected").is_visible()
    fans.goto("/people/lists/")
    with fans.expect_navigation():
        fans.get_by_role("link", name="Tea friends").click()
    press(fans, "Take out Cleo Creator")
    assert fans.get_by_text("Nobody is in this list").is_visible()
    fans.get_by_text("Delete the list").click()
    press(fans, "Delete it")
    assert fans.get_by_text("No lists yet").is_visible()

    assert visits.flush() == 1
    creators.goto("/people/visitors/")
    assert creators.locator("main .line").get_by_text("Fay Fan").first.is_visible()
    creators.goto(f"/creators/{creator.uid}/")
    assert creators.get_by_text("1 person has looked").is_visible()
    press_away = creators.get_by_role("link", name="Your visitors")
    with creators.expect_navigation():
        press_away.click()

"""Nearby and the field for a city in a browser: with a keyboard, without scripts, and with a position."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.conf import settings
from playwright.sync_api import expect

from pairly.testing.browser import Watch
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import make_user, sign_in_as
from pairly.testing.places import LISBON, MALMO, SPRINGFIELDS, load_a_few
from profiles import selectors, services
from profiles.types import Whereabouts


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """One server for all, and two creators who live somewhere."""
    folder = tmp_path_factory.mktemp("nearby")
    with own_database(django_db_blocker) as database:
        load_a_few()
        for city, name in ((LISBON, "Cleo"), (SPRINGFIELDS[1], "Homer")):
            user = make_user("creator", name=name)
            services.update_profile(user=user, location=Whereabouts(place_id=city.id, cell_km=5))
        with running_daphne(database=database, log_folder=folder) as running:
            yield running


@contextmanager
def tab(chromium, server, *, user=None, **options):
    """A page of a new browser; as `user`, signed in. It must not complain of anything."""
    context = chromium.new_context(base_url=server.url, **options)
    if user is not None:
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": sign_in_as(user).cookies[name].value, "url": server.url}])
    page = context.new_page()
    watch = Watch(page)
    yield page
    assert watch.list_complaints() == []
    context.close()


def test_without_scripts_a_city_is_typed_and_chosen_among_several(chromium, server):
    with tab(chromium, server, java_script_enabled=False) as page:
        page.goto("/nearby/")
        expect(page.get_by_role("button", name="Use my position")).to_be_hidden()
        page.get_by_label("City", exact=True).fill("lisboa")
        page.get_by_role("button", name="Look around").click()
        expect(page.get_by_role("heading", name="Around Lisbon")).to_be_visible()
        expect(page.get_by_role("link", name="Cleo")).to_be_visible()
        page.get_by_label("City", exact=True).fill("springfield")
        page.get_by_role("button", name="Look around").click()
        page.get_by_role("link", name="Springfield, Massachusetts, United States").click()
        expect(page.get_by_role("link", name="Homer")).to_be_visible()


def test_without_scripts_one_says_where_one_is(chromium, server):
    user = make_user("creator")
    with tab(chromium, server, user=user, java_script_enabled=False) as page:
        page.goto("/profile/edit/")
        page.get_by_label("City", exact=True).fill("springfield")
        page.get_by_label("About 5 km").check()
        page.get_by_role("button", name="Save").click()
        page.get_by_label("Springfield, Australia").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Your profile is saved.")).to_be_visible()
        expect(page.get_by_label("City", exact=True)).to_have_value("Springfield, Australia")
        expect(page.get_by_label("About 5 km")).to_be_checked()
    assert selectors.get_own_profile(user=user).place_id == SPRINGFIELDS[2].id


def test_the_field_is_a_combobox_that_the_keyboard_works(chromium, server):
    with tab(chromium, server) as page:
        page.goto("/nearby/")
        field = page.get_by_role("combobox", name="City")
        expect(field).to_have_attribute("aria-expanded", "false")
        field.press_sequentially("spring")
        options = page.get_by_role("listbox", name="Cities").get_by_role("option")
        expect(options).to_have_count(3)
        expect(field).to_have_attribute("aria-expanded", "true")
        assert page.locator(f"#{field.get_attribute('aria-controls')}").get_attribute("role") == "listbox"
        expect(page.locator("pairly-place-field [role=status]")).to_have_text("3 cities: choose with the arrow keys")
        field.press("ArrowDown")
        expect(options.nth(0)).to_have_attribute("aria-selected", "true")
        assert field.get_attribute("aria-activedescendant") == options.nth(0).get_attribute("id")
        field.press("ArrowUp")  # from the first to the last
        expect(options.nth(2)).to_have_attribute("aria-selected", "true")
        field.press("Escape")
        expect(options.nth(0)).to_be_hidden()
        expect(field).to_have_value("spring")
        field.press("ArrowDown")
        field.press("ArrowDown")
        field.press("Enter")
        expect(field).to_have_value("Springfield, Massachusetts, United States")
        expect(field).to_have_attribute("aria-expanded", "false")
        assert "/nearby/?" not in page.url  # the first Enter chose, and sent nothing
        field.press("Enter")
        expect(page.get_by_role("link", name="Homer")).to_be_visible()
        assert f"place={SPRINGFIELDS[1].id}" in page.url
        expect(page.get_by_role("combobox", name="City")).to_be_visible()


def test_a_city_is_chosen_with_the_mouse_and_typing_on_forgets_it(chromium, server):
    user = make_user("creator")
    with tab(chromium, server, user=user) as page:
        page.goto("/profile/edit/")
        field, number = page.get_by_role("combobox", name="City"), page.locator("[name=place]")
        field.press_sequentially("malm")
        page.get_by_role("option", name="Malmö").click()
        expect(field).to_have_value("Malmö, Sweden")
        expect(number).to_have_value(str(MALMO.id))
        field.press("End")
        field.press("Backspace")
        expect(number).to_have_value("")
        field.press_sequentially("n")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    assert selectors.get_own_profile(user=user).place_id == MALMO.id


def test_a_position_is_rounded_before_it_leaves_the_browser(chromium, server):
    exact = {"latitude": 38.713_171_3, "longitude": -9.133_424_7}
    with tab(chromium, server, geolocation=exact, permissions=["geolocation"]) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
        page.goto("/nearby/")
        page.get_by_role("button", name="Use my position").click()
        expect(page.get_by_role("link", name="Cleo")).to_be_visible()
        assert "lat=38.7&lon=-9.1" in page.url
        assert not [url for url in asked if "38.71" in url or "9.13" in url]


def test_who_refuses_to_say_is_told_what_to_do(chromium, server):
    with tab(chromium, server) as page:
        page.goto("/nearby/")
        page.get_by_role("button", name="Use my position").click()
        expect(page.get_by_text("Type a city instead.")).to_be_visible()

"""The main job without a mouse: from signing in to the released credits, by keys only."""

from __future__ import annotations

import pytest

from pairly.testing import demo
from pairly.testing.keyboard import Keyboard
from users.models import User

from .demo_world import seeded_server

QUESTION = "May I ask you something by keyboard?"
ANSWER = "You may, and I answer by keyboard."
READY = "pairly-conversation[data-ready]"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    """The seeded product; nobody has signed in yet."""
    with seeded_server(django_db_blocker, tmp_path_factory.mktemp("keyboard")) as found:
        yield found


@pytest.fixture
def someone(world, chromium):
    """Start a person with a keyboard and a browser of their own."""
    contexts = []

    def start():
        # Less motion: where a stop is scrolled to is looked at right after the key.
        contexts.append(chromium.new_context(base_url=world.url, reduced_motion="reduce"))
        return Keyboard(contexts[-1].new_page())

    yield start
    for context in contexts:
        context.close()


def sign_in(keys, login):
    keys.page.goto("/sign-in/")
    keys.tab_to("[name=email]")
    keys.type(login.email)
    keys.tab_to("[name=password]")
    keys.type(login.password)
    keys.press("Enter")
    keys.page.wait_for_selector("[data-part=balance]")


def unlock(keys, login):
    """On the keys page, which a device without keys is sent to; goes on to where it was going."""
    keys.page.wait_for_url("**/keys/**")
    keys.page.wait_for_selector("[data-step=unlock]:not([hidden])")
    keys.note_where("the unlock step is shown")
    keys.tab_to("[data-part=recovery-input]")
    keys.type("not the code")
    keys.tab_to("[data-part=unlock]")
    keys.press("Enter")
    keys.page.wait_for_selector("[data-part=message]:not(:empty)")
    keys.note_where("a mistyped code is refused")
    keys.tab_to("[data-part=recovery-input]")
    keys.press("Control+A")
    keys.type(login.recovery)
    keys.tab_to("[data-part=unlock]")
    keys.press("Space")
    keys.page.wait_for_selector("[data-step=done]:not([hidden])")
    keys.note_where("unlocking")
    keys.tab_to("[data-step=done] a[href]")
    keys.press("Enter")


def find_the_creator(keys, creator):
    """Search on discover, with the order chosen by arrow."""
    keys.page.goto("/discover/")
    keys.tab_to("main [name=q]")
    keys.type(creator.profile.display_name)
    keys.tab_to("main [name=sort]")
    keys.press("ArrowDown")
    keys.back_to("main [name=q]")
    keys.press_to("Enter", url="**/discover/?*sort=price*")
    keys.tab_to(f'main a[href="/creators/{creator.uid}/"]')
    keys.press_to("Enter", url=f"**/creators/{creator.uid}/")


def test_a_fan_writes_and_a_creator_answers_without_a_mouse(world, someone):
    fan, creator = someone(), someone()
    mara = User.objects.select_related("profile").get(email=demo.CREATOR)
    sign_in(fan, world.logins[demo.FAN])
    find_the_creator(fan, mara)
    fan.tab_to("main form:has([name=user_id]) [type=submit]")
    fan.press_to("Space", url="**/keys/**")  # by way of the conversation: this device has no keys
    unlock(fan, world.logins[demo.FAN])
    fan.page.wait_for_selector(READY)
    fan.tab_to("[data-part=text-input]")
    fan.type(QUESTION)
    fan.tab_to("[data-part=send]")
    price = f"{mara.profile.price_per_message_centi // 100:,}"
    assert price in fan.page.text_content("[data-part=send]")
    fan.press("Enter")
    held = fan.page.locator("[data-hold=open]", has_text=QUESTION)
    held.wait_for()
    assert held.get_attribute("data-status") == "sent"
    fan.note_where("sending by the button")

    sign_in(creator, world.logins[demo.CREATOR])
    creator.page.goto("/inbox/")
    path = fan.page.url.removeprefix(world.url)
    creator.tab_to(f'main a[href="{path}"]')
    creator.press_to("Enter", url="**/keys/**")
    unlock(creator, world.logins[demo.CREATOR])
    creator.page.wait_for_selector(READY)
    creator.page.get_by_text(QUESTION, exact=True).wait_for()
    creator.tab_to("[data-part=text-input]")
    creator.type(ANSWER)
    creator.press("Enter")
    creator.page.get_by_text(ANSWER, exact=True).wait_for()
    creator.note_where("sending by Enter")

    fan.page.get_by_text(ANSWER, exact=True).wait_for()
    fan.page.locator("[data-hold=hold_released]", has_text=QUESTION).wait_for()
    fan.note_where("an answer arrives")
    fan.back_to("[data-part=log]")  # what was written can be scrolled by keys
    assert not fan.problems + creator.problems, "\n".join(fan.problems + creator.problems)
    assert fan.stops > 20


@pytest.mark.parametrize("path", ["/", "/discover/", "/sign-up/"])
def test_the_first_stop_skips_to_the_content(someone, path):
    keys = someone()
    keys.page.goto(path)
    keys.press("Tab")
    assert keys.focused('a[href^="#"]')["matches"]
    keys.note_where("the first Tab")
    keys.press("Enter")
    keys.press("Tab")
    assert keys.focused("main *")["matches"]
    assert keys.problems == []


def test_every_stop_of_the_public_pages_is_seen(someone):
    keys = someone()
    for path in ("/", "/discover/", "/prices/", "/sign-up/"):
        keys.page.goto(path)
        keys.tab_to("footer a:last-of-type, body > footer li:last-child a")
    assert not keys.problems, "\n".join(keys.problems)


# -- the checks find what they are for ----------------------------------------------------------------------
def test_a_focus_that_is_not_seen_or_lost_is_noted(someone):
    keys = someone()
    keys.page.goto("/sign-in/")
    keys.tab_to("[name=email]")
    keys.page.locator("[name=email]").evaluate(
        "(field) => { field.style.outline = 'none'; field.style.boxShadow = 'none' }"
    )
    keys.note_where("hiding the outline")
    keys.page.locator("[name=email]").evaluate("(field) => field.remove()")
    keys.note_where("the field went away")
    assert [line.split(" at ")[0] for line in keys.problems] == [
        "the focus is not visible",
        "the focus is lost after the field went away",
    ]
    with pytest.raises(AssertionError, match="no tab stop"):
        keys.tab_to("[name=nowhere]")

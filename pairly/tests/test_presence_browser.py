"""Two browsers: whether the other one is here shows in the head of the conversation, and follows by itself."""

from __future__ import annotations

import pytest

from messaging.services import presence
from pairly.common.redis import get_client
from pairly.common.sightings import Sightings
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from profiles.services.visibility import change_visibility
from users.models import User

from .test_chat_page import Desk

LINE = "[data-part=presence]"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    """A fan and a creator at their desks; who is online the tests tell Redis."""
    folder = tmp_path_factory.mktemp("presence")
    env = {"PRESENCE_FLUSH_SECONDS": "0"}
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder, **env) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = PenFriend("creator", name="Mara Lindqvist", price_centi=10_000)
        yield Desk(chromium, server.url, fan), Desk(chromium, server.url, creator)


def see(*people: User) -> None:
    about = Sightings()
    for person in people:
        about.note(user_id=person.pk)
    about.flush()
    presence.move()


@pytest.fixture(autouse=True)
def nobody_is_about(world):
    """As Redis, which each test begins with empty, says."""
    presence.move()


def go() -> None:
    get_client().flushdb()
    presence.move()


def test_a_peer_comes_and_goes_and_comes_again(world):
    fan, creator = world
    letters = Letters(fan=fan.friend, creator=creator.friend)
    fan.open(letters)
    creator.open(letters)
    assert not fan.page.is_visible(LINE)
    see(creator.friend.user)
    fan.page.wait_for_selector(f"{LINE}.is-online:text-is('Online')")
    assert not creator.page.is_visible(LINE)  # the fan was not seen
    see(fan.friend.user)
    creator.page.wait_for_selector(f"{LINE}.is-online")
    go()
    fan.page.wait_for_selector(f"{LINE}:not(.is-online):text-is('Seen 1 minute ago')")
    fan.page.reload()
    fan.page.wait_for_selector(f"{LINE}:text-is('Seen 1 minute ago')")  # the page begins with it
    see(creator.friend.user)
    fan.page.wait_for_selector(f"{LINE}.is-online")
    fan.page.goto(f"/creators/{creator.friend.user.uid}/")
    fan.page.wait_for_selector(".facts .is-online:text-is('Online')")
    fan.page.goto("/discover/")
    assert fan.page.locator(".person .is-online").inner_text() == "Online"
    assert not fan.errors
    assert not creator.errors


def test_switching_it_off_takes_it_off_the_other_ones_open_page(world):
    fan, creator = world
    letters = Letters(fan=fan.friend, creator=creator.friend)
    fan.open(letters)
    see(creator.friend.user)
    fan.page.wait_for_selector(f"{LINE}.is-online")
    creator.page.goto("/profile/visibility/")
    creator.page.uncheck("[name=shows_online]")
    creator.page.click("main form button[type=submit]")
    creator.page.wait_for_selector(".notice")
    presence.tell(user_id=creator.friend.user.pk)  # the worker's part
    fan.page.wait_for_selector(LINE, state="hidden")
    fan.page.reload()
    fan.page.wait_for_selector("pairly-conversation[data-ready]")
    assert not fan.page.is_visible(LINE)
    change_visibility(user=creator.friend.user, shows_online=True)


def test_blocking_from_the_conversation_needs_no_script_and_is_said_to_the_blocker_alone(world):
    fan, creator = world
    letters = Letters(fan=fan.friend, creator=creator.friend)
    fan.open(letters)
    fan.page.click("[popovertarget=chat-menu]")
    fan.page.click("#chat-menu a[href*='/account/blocked/']")
    fan.page.fill("[name=reason]", "Only for me")
    fan.page.click(".button-danger")
    fan.page.wait_for_selector(".line-text:text-is('Only for me')")
    fan.page.goto(letters.path)
    fan.page.wait_for_selector(".chat-banner a[href*='/account/blocked/']")
    creator.page.goto(letters.path)
    creator.page.wait_for_selector("pairly-conversation")
    assert creator.page.locator(".chat-banner a").count() == 0
    fan.page.goto("/account/blocked/")
    fan.page.click("button:has-text('Unblock')")
    fan.page.wait_for_selector(".empty")
    fan.open(letters)
    assert fan.page.locator(".chat-banner a").count() == 0

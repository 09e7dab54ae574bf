"""Held credits after a reply, as a fan, a creator and a moderator meet them in their browsers."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from messaging import key_selectors
from messaging.services import keys
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff, sign_in_as
from pairly.tests.test_chat_page import PRICE, Desk

DECISION = "Two letters after eight seconds."


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = PenFriend("creator", name="Mara Lindqvist", price_centi=PRICE)
        yield server.url, Desk(chromium, server.url, fan), Desk(chromium, server.url, creator)


def bubble(desk, text):
    return desk.page.locator(".bubble", has=desk.page.get_by_text(text, exact=True))


def held(desk, text, state, words):
    """The line of credits below a message."""
    row = bubble(desk, text)
    expect(row).to_have_attribute("data-hold", state)
    expect(row.locator("[data-part=hold]")).to_contain_text(words)


def choose(desk, text, action):
    row = bubble(desk, text)
    row.hover()
    row.locator("[data-part=more]").click()
    desk.page.locator(f"[data-part=menu] [data-action={action}]").click()


def decide(chromium, url, button):
    """A moderator takes the next case and decides it; returns what the page of the case shows."""
    moderator = sign_in_as(make_staff("moderator", name="Mo"))
    cookie = moderator.cookies[settings.SESSION_COOKIE_NAME].value
    context = chromium.new_context(base_url=url)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
    page = context.new_page()
    page.goto("/staff/queues/no_answer/")
    page.get_by_role("button", name=re.compile("Take the next")).click()
    page.get_by_role("heading", name=re.compile("Not an answer")).first.wait_for()
    shown = page.locator("main").inner_text()
    page.fill("textarea[name=note]", DECISION)
    page.get_by_role("button", name=re.compile(button)).click()
    page.get_by_text("The case is decided.").wait_for()
    context.close()
    return shown


def test_no_answer_is_frozen_and_decided_credits_are_given_back_and_a_lost_key_is_told(world, chromium):
    url, fan, creator = world
    letters = Letters(fan=fan.friend, creator=creator.friend)
    for desk in (fan, creator):
        desk.open(letters)

    # A reply that is none: frozen on both sides.
    fan.send("What do you think of my song?")
    held(creator, "What do you think of my song?", "open", "100 credits")
    creator.send("ok")
    held(fan, "What do you think of my song?", "hold_released", "paid out")
    choose(fan, "ok", "no-answer")
    fan.page.get_by_label("Something else").check()
    fan.page.fill("#dispute-words", "It says ok.")
    fan.page.get_by_role("button", name="Freeze the credits").click()
    held(fan, "What do you think of my song?", "hold_frozen", "100 credits frozen")
    held(creator, "What do you think of my song?", "hold_frozen", "said to be no answer")
    assert fan.balance_centi == 990_000

    # A moderator decides: both read why, and the fan has the credits.
    shown = decide(chromium, url, "Not an answer")
    assert "It says ok." in shown
    assert "song" not in shown
    held(fan, "What do you think of my song?", "hold_refunded", "100 credits came back")
    held(creator, "What do you think of my song?", "hold_refunded", DECISION)
    expect(fan.page.locator("[data-part=balance]").first).to_have_text("10,000")
    assert fan.balance_centi == 1_000_000

    # The creator gives back what is held; the page says the same when it is loaded again.
    fan.send("Would you listen to it once more?")
    held(creator, "Would you listen to it once more?", "open", "100 credits")
    choose(creator, "Would you listen to it once more?", "give-back")
    creator.page.get_by_role("button", name="Give them back").click()
    held(fan, "Would you listen to it once more?", "hold_refunded", "gave your 100 credits back")
    fan.page.reload()
    held(fan, "Would you listen to it once more?", "hold_refunded", "gave your 100 credits back")
    held(fan, "What do you think of my song?", "hold_refunded", DECISION)
    fan.page.wait_for_selector("pairly-conversation[data-ready]")

    # A key that the creator's browser does not have.
    identity, last = creator.friend.identity, key_selectors.find_last_statement(user_id=creator.friend.user.pk)
    identity.log_seq, identity.log_hash = last.seq, bytes(last.log_hash)  # the browser has enrolled meanwhile
    entry = identity.rotate(now_ms=now_ms()).as_json()
    keys.add_statement(user=creator.friend.user, family=uuid7(), label_=entry.pop("label"), **entry)
    fan.send("Can you read this?")
    lost = creator.page.locator(".bubble", has_text="You cannot open this message")
    lost.get_by_role("button", name="Tell them and give the credits back").click()
    expect(lost).to_contain_text("They know, and can send it again.")
    again = bubble(fan, "Can you read this?").get_by_role("button", name="Send again for 100 credits")
    expect(bubble(fan, "Can you read this?")).to_contain_text("Mara Lindqvist could not open this")
    again.click()
    expect(bubble(fan, "Can you read this?")).to_have_count(2)
    expect(again).to_have_count(0)
    held_last = bubble(fan, "Can you read this?").last
    expect(held_last).to_have_attribute("data-hold", "open")
    assert fan.balance_centi == 990_000
    assert fan.errors == creator.errors == []

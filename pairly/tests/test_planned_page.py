"""A creator's own tools in the browser: kept texts, a welcome, a message at a time, one to many."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from messaging.models import Plan, SealedText
from messaging.services import plans
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend

from .test_chat_page import Desk

PRICE = 5_000
DUE = "**/api/v1/messages/planned/due"
READY = "pairly-planned[data-ready]"


@pytest.fixture(scope="module")
def desks(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planned")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = PenFriend("creator", name="Mara", price_centi=PRICE)
        yield Desk(chromium, server.url, fan), Desk(chromium, server.url, creator)


def automatic(desk, text):
    """What the fan reads below an automatic message."""
    row = desk.page.locator(".bubble", has=desk.page.get_by_text(text, exact=True))
    row.wait_for()
    return row.locator("[data-part=automatic]").inner_text().strip()


def test_a_creator_keeps_plans_and_greets_and_the_fan_sees_that_it_was_a_machine(desks):
    fan, creator = desks
    page = creator.page
    page.goto("/inbox/planned/")
    page.wait_for_selector(READY)
    page.fill("[data-part=kept-name]", "Thanks")
    page.fill("[data-part=kept-text]", "Thank you for the letter")
    page.click("[data-part=kept-form] button")
    page.get_by_text("Thank you for the letter").wait_for()
    page.fill("[data-part=welcome-text]", "Welcome to my letters")
    page.click("[data-part=welcome-form] button")
    page.get_by_role("button", name="Change the welcome").wait_for()
    page.wait_for_selector(READY)
    assert page.input_value("[data-part=welcome-text]") == "Welcome to my letters"
    stored = bytes(SealedText.objects.get().box) + bytes(Plan.objects.get().box)
    assert not re.search(rb"Thank|Welcome", stored)

    # the fan writes for the first time: the creator's open page greets
    letters = Letters(fan=fan.friend, creator=creator.friend)
    letters.write(fan.friend, "Hello Mara")
    fan.open(letters)
    page.reload()
    assert automatic(fan, "Welcome to my letters") == "Automatic: a welcome"

    # a kept text goes into the composer, and can wait for its time
    creator.open(letters)
    page.click("[data-part=tools-open]")
    page.click("[popovertarget=kept-menu]")
    page.get_by_role("button", name="Thanks").click()
    expect(page.locator("[data-part=text-input]")).to_have_value("Thank you for the letter")
    page.click("[data-part=tools-open]")
    page.click("[popovertarget=kept-menu]")
    page.click("[data-part=later]")

    # its time comes while the page still waits for "nothing is due": it looks again
    def while_it_looks(route):
        answer = route.fetch()
        assert answer.json() == {"results": []}
        planned = Plan.objects.get(kind="scheduled")
        assert planned.state == "queued"
        assert fan.page.get_by_text("Thank you for the letter").count() == 0
        with creator.socket.expect_event("framereceived", lambda frame: '"sending"' in frame):
            assert plans.start_due(at=planned.send_at) == 1
        route.fulfill(response=answer)

    page.route(DUE, while_it_looks, times=1)
    page.click("[data-part=later-plan]")
    page.locator("[data-part=text-input]:placeholder-shown").wait_for()
    assert automatic(fan, "Thank you for the letter") == "Automatic: planned beforehand"

    # one to many; who paid still waits for an answer. Each page has looked before the next thing is done: one that is
    # left with a message in its hands would keep it for the length of its lease
    with page.expect_response(DUE):
        page.goto("/inbox/planned/")
    page.wait_for_selector(READY)
    page.fill("[data-part=plan-text]", "A new series begins")
    with page.expect_response(DUE):
        page.click("[data-part=plan-form] button")
    page.get_by_text("A new series begins").wait_for()
    page.wait_for_selector(READY)
    assert plans.start_due() == 1
    with page.expect_response("**/api/v1/messages/planned/messages/*"):  # it is settled, too
        page.reload()
    assert automatic(fan, "A new series begins") == "Automatic: to several people"
    page.reload()
    page.get_by_text("1 sent").first.wait_for()
    assert fan.page.locator(".bubble[data-hold=open]").count() == 1
    assert (fan.errors, creator.errors) == ([], [])

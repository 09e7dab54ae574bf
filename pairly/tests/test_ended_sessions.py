"""A sign-in that is ended from another window: the open chat page goes to the sign-in page by itself."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD
from users.models import Session

from .test_chat_page import Desk

WITHIN_MS = 60_000
AT_SIGN_IN = re.compile(r"/sign-in/\?next=%2Fconversations")
OTHERS = ".line:not(:has(.badge-good))"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """The real server on a database of its own."""
    folder = tmp_path_factory.mktemp("ended")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def chatting(server, chromium):
    """A fan whose browser shows a conversation, its socket open."""
    fan = PenFriend("fan", name="Robin Fan", credits_centi=100_000)
    desk = Desk(chromium, server.url, fan)
    desk.open(Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=10_000)))
    desk.page.wait_for_function("document.querySelector('[data-part=send]').disabled === false")
    yield desk
    desk.context.close()


@pytest.fixture
def window(server, chromium, chatting):
    """Another browser of the same fan, on the page of sign-ins."""
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in/?next=/account/sessions/")
    page.fill("input[name=email]", chatting.friend.user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector(".badge-good")
    yield page
    context.close()


@pytest.mark.parametrize("button", [f"{OTHERS} button", "main button:has-text('everywhere else')"])
def test_a_chat_page_leaves_when_its_sign_in_is_ended_in_another_window(chatting, window, button):
    assert window.locator(OTHERS).count() == 1
    window.click(button)
    chatting.page.wait_for_url(AT_SIGN_IN, timeout=WITHIN_MS)
    expect(window.locator(OTHERS)).to_have_count(0)
    chatting.page.goto("/inbox/")
    assert "/sign-in/" in chatting.page.url
    assert chatting.errors == []
    window.goto("/inbox/")
    assert window.url.endswith("/inbox/")


def test_it_leaves_too_when_no_push_comes(chatting):
    """Redis away: only the row tells, and every process looks at the rows."""
    user = chatting.friend.user
    assert Session.objects.filter(user=user, ended_at__isnull=True).update(ended_at=timezone.now()) == 1
    chatting.page.wait_for_url(AT_SIGN_IN, timeout=WITHIN_MS)


LEFT = """async () => {
  const opened = indexedDB.open("pairly", 1);
  await new Promise((resolve) => (opened.onsuccess = resolve));
  const rows = opened.result.transaction("devices").objectStore("devices").getAll();
  await new Promise((resolve) => (rows.onsuccess = resolve));
  return {
    tab: Object.keys(sessionStorage), disk: Object.keys(localStorage), cookies: document.cookie,
    keys: rows.result.flatMap((row) => [row.pair.privateKey.extractable, row.keyringKey.extractable]),
  };
}"""


def test_signing_out_leaves_no_words_and_no_key_that_can_be_read(chatting):
    page = chatting.page
    page.fill("[data-part=text-input]", "half a private thought")
    before = page.evaluate(LEFT)
    assert len(before["tab"]) == 1  # an unsent draft outlives a reload
    assert before["keys"] == [False, False]
    page.locator("form[action='/sign-out/'] button").first.evaluate("button => button.form.requestSubmit(button)")
    page.wait_for_url(re.compile("/sign-in/"))  # by its own way, or by the push that the sign-in has ended
    page.wait_for_selector("[name=password]")
    left = page.evaluate(LEFT)
    assert (left["tab"], left["disk"], left["keys"]) == ([], [], [False, False])
    assert "pairly_session" not in left["cookies"]
    assert "private thought" not in page.content()

"""A conversation that lives, in three browsers: a fan, a creator, and the creator's second device."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from credits import selectors as ledger
from messaging.models import Conversation, Message
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend

from .test_chat_page import PRICE, READY, SENT, Desk, ms

N_BEFORE = 60  # more than a page of the history
WAIT = 60_000


class Talker(Desk):
    """Somebody who uses the menu of messages."""

    def bubble(self, text):
        return self.page.locator(".chat-rows > .bubble").filter(
            has=self.page.locator(".bubble-text").get_by_text(text, exact=True)
        )

    def menu(self, text):
        self.bubble(text).hover()
        self.bubble(text).locator(".bubble-more").click()

    def act(self, text, action):
        self.menu(text)
        self.page.click(f".menu [data-action={action}]")

    def react(self, text, emoji):
        self.menu(text)
        self.page.click(f".menu-reactions button:text-is('{emoji}')")

    def reactions(self, text):
        return self.bubble(text).locator(".reaction").all_inner_texts()

    def see_reactions(self, text, *emoji):
        self.bubble(text).locator(".reaction").nth(len(emoji) - 1).wait_for(timeout=WAIT)
        for one in emoji:
            self.bubble(text).locator(f".reaction:text-is('{one}')").wait_for(timeout=WAIT)
        assert self.reactions(text) == list(emoji)

    def arrive(self, text):
        self.send(text)
        self.page.locator(SENT, has_text=text).wait_for(timeout=WAIT)

    def see_bubble(self, text):
        self.bubble(text).wait_for(timeout=WAIT)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("talk")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=10_000_000)
        creator = PenFriend("creator", name="Mara Lindqvist", price_centi=PRICE)
        letters = Letters(fan=fan, creator=creator)
        start = timezone.now() - timedelta(days=2)
        for i in range(N_BEFORE):
            writer, text = (fan if i == 0 else creator), ("Une crème brûlée au Café" if i == 2 else f"line {i}")
            letters.write(writer, text, at_ms=ms(start + timedelta(minutes=10 * i)))
        desks = [Talker(chromium, server.url, friend) for friend in (fan, creator, creator)]
        for desk in desks:
            desk.open(letters)
        yield server.url, letters, desks


def stored(letters):
    return Message.objects.filter(conversation__uid=letters.uid).order_by("n")


def test_a_lively_conversation_is_the_same_on_every_device_and_after_a_reload(world, chromium):
    url, letters, (fan, creator, second) = world
    everybody = (fan, creator, second)

    # typing, and the message that ends it
    fan.page.locator("[data-part=text-input]").press_sequentially("Do you like it?")
    for desk in (creator, second):
        desk.page.wait_for_selector("[data-part=typing]:not([hidden])", timeout=WAIT)
        assert desk.page.is_visible("[data-part=typing-dots]")
    fan.page.keyboard.press("Enter")
    for desk in everybody:
        desk.see_bubble("Do you like it?")
    for desk in (creator, second):
        desk.page.wait_for_selector("[data-part=typing]", state="hidden")
        assert not desk.page.is_visible("[data-part=typing-dots]")
    fan.page.locator(".bubble[data-status=read]", has_text="Do you like it?").wait_for(timeout=WAIT)

    # reactions: the latest of a person counts, the same of both is counted, "" takes back
    creator.react("Do you like it?", "👍")
    for desk in everybody:
        desk.see_reactions("Do you like it?", "👍")
    expect(fan.page.locator("[data-part=announcer]")).to_contain_text("Mara Lindqvist reacted with 👍")
    second.menu("Do you like it?")
    second.page.click("[data-part=reaction-more]")
    second.page.click(".reaction-grid button:text-is('🔥')")
    for desk in everybody:
        desk.see_reactions("Do you like it?", "🔥")
    fan.bubble("Do you like it?").locator(".reaction").click()
    for desk in everybody:
        desk.see_reactions("Do you like it?", "🔥 2")
    fan.bubble("Do you like it?").locator(".reaction[aria-pressed=true]").click()
    for desk in everybody:
        desk.see_reactions("Do you like it?", "🔥")

    # an edit, from the keyboard; it costs nothing and what it said before stays to be seen
    before = fan.balance_centi
    fan.page.fill("[data-part=text-input]", "")
    fan.page.press("[data-part=text-input]", "ArrowUp")
    assert fan.page.input_value("[data-part=text-input]") == "Do you like it?"
    assert not fan.page.is_visible("[data-part=send-price]")
    fan.page.reload()  # an edit that was begun does not become a message that costs
    fan.page.wait_for_selector(READY, timeout=WAIT)
    assert fan.page.is_visible("[data-part=context]")
    fan.page.fill("[data-part=text-input]", "Do you like it too?")
    fan.page.keyboard.press("Enter")
    for desk in everybody:
        desk.see_bubble("Do you like it too?")
    assert not fan.page.is_visible("[data-part=context]")
    assert fan.page.input_value("[data-part=text-input]") == ""
    assert fan.balance_centi == before
    second.bubble("Do you like it too?").locator(".bubble-edited").click()
    versions = second.page.locator("[data-part=versions] p")
    expect(versions).to_have_text(["Do you like it too?", "Do you like it?"])
    second.page.keyboard.press("Escape")

    # an answer that quotes; what the quoted message becomes shows in it
    creator.act("Do you like it too?", "answer")
    creator.arrive("Very much so")
    for desk in everybody:
        desk.see_bubble("Very much so")
        assert "Do you like it too?" in desk.bubble("Very much so").locator(".bubble-quote").inner_text()
    expect(fan.bubble("Do you like it too?")).to_have_attribute("data-hold", "hold_released")

    # deleted for both: the words go everywhere, the credits stay where they are
    fan.arrive("I regret this")
    second.react("I regret this", "😮")
    fan.see_reactions("I regret this", "😮")
    fan.act("I regret this", "edit")
    fan.page.fill("[data-part=text-input]", "I regret this deeply")
    fan.page.keyboard.press("Enter")
    creator.see_bubble("I regret this deeply")
    before = fan.balance_centi
    fan.act("I regret this deeply", "delete")
    assert fan.page.is_visible("[data-part=delete-money]")
    fan.page.click("[data-part=delete-accept]")
    fan.see_bubble("You deleted this message.")
    for desk in (creator, second):
        desk.see_bubble("Robin Fan deleted this message.")
    expect(fan.bubble("You deleted this message.")).to_have_attribute("data-hold", "open")
    assert fan.balance_centi == before
    gone = stored(letters).get(n=Message.objects.filter(conversation__uid=letters.uid, price_centi=PRICE).last().n)
    changes = stored(letters).filter(target=gone.id)
    assert [(row.kind, row.ct) for row in (gone, *changes.exclude(kind=3))] == [(1, None), (4, None), (2, None)]
    hold = ledger.holds_by_position(scope=Conversation.objects.get(uid=letters.uid).pk, positions=[gone.n])[gone.n]
    assert hold.state == "open"

    # search: what is loaded first, then further back; case and accents do not matter
    creator.page.reload()  # all is read: it opens at the end, with the newest page alone
    creator.page.wait_for_selector(READY, timeout=WAIT)
    creator.page.focus("[data-part=log]")
    creator.page.keyboard.press("/")
    creator.page.keyboard.type("BRULEE")
    creator.page.locator("[data-part=search-count]", has_text="Nothing found").wait_for()
    with creator.page.expect_request_finished(lambda request: "/messages/history/" in request.url) as asked:
        creator.page.click("[data-part=search-back]")
    assert "brul" not in asked.value.url.lower()
    creator.page.locator("[data-part=search-count]", has_text="1 of 1").wait_for(timeout=WAIT)
    assert creator.bubble("Une crème brûlée au Café").is_visible()
    found = "[...CSS.highlights.get('chat-here')].map((r) => r.startContainer.data.slice(r.startOffset, r.endOffset))"
    assert creator.page.evaluate(found) == ["brûlée"]
    creator.page.keyboard.press("Escape")
    assert creator.page.evaluate("CSS.highlights.get('chat-here').size") == 0

    # an answer to what is further back than the other one's page
    creator.act("Une crème brûlée au Café", "answer")
    creator.arrive("That one")
    creator.react("Une crème brûlée au Café", "❤️")
    creator.see_reactions("Une crème brûlée au Café", "❤️")
    fan.page.reload()
    fan.page.wait_for_selector(READY, timeout=WAIT)
    quote = fan.bubble("That one").locator(".bubble-quote")
    expect(quote).to_contain_text("An earlier message")
    quote.click()
    fan.page.wait_for_selector(".bubble.is-pointed-at", timeout=WAIT)
    fan.see_reactions("Une crème brûlée au Café", "❤️")  # it came before its message did
    expect(quote).to_contain_text("Une crème brûlée au Café")

    # the same everywhere, after a reload and in a browser that was never here
    fresh = Talker(chromium, url, fan.friend)
    fresh.open(letters)
    for desk in (*everybody[:2], fresh):
        if desk is not fresh:
            desk.page.reload()
            desk.page.wait_for_selector(READY, timeout=WAIT)
        words = re.compile("deleted this message")
        desk.page.locator(".bubble.is-erased", has_text=words).wait_for(timeout=WAIT)
        desk.see_reactions("Do you like it too?", "🔥")
        assert desk.bubble("Do you like it too?").locator(".bubble-edited").is_visible()
        assert desk.page.locator(".is-unverified").count() == 0
        assert desk.page.locator("[data-part=notice]").is_hidden()
    assert fresh.texts()[-4:] == fan.texts()[-4:]
    fresh.context.close()
    assert [desk.errors for desk in everybody] == [[], [], []]

"""The conversation page as two people use it: what they see of the past, of money, of a lost connection."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from credits import selectors
from messaging.models import Message
from messaging.services import deadlines
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD
from profiles.services import update_profile

PRICE = 10_000
READY = "pairly-conversation[data-ready]"
MINE = ".bubble[data-mine=true]"
SENT = f"{MINE}:is([data-status=sent], [data-status=delivered], [data-status=read])"
WIDTHS = (360, 768, 1280)


class Desk:
    """One person at one browser, with the keys open."""

    def __init__(self, chromium, url, friend):
        self.friend = friend
        self.context = chromium.new_context(base_url=url, viewport={"width": 420, "height": 700}, timezone_id="UTC")
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("websocket", lambda socket: setattr(self, "socket", socket))
        self.page.goto("/sign-in/")
        self.page.fill("input[name=email]", friend.user.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_selector(".balance")
        self.page.goto("/keys/")
        self.page.fill("[data-part=recovery-input]", friend.recovery)
        self.page.click("[data-part=unlock]")
        self.page.wait_for_selector("[data-step=done]:not([hidden])")

    def open(self, letters):
        self.page.goto(letters.path)
        self.page.wait_for_selector(READY)

    def send(self, text):
        self.page.fill("[data-part=text-input]", text)
        self.page.click("[data-part=send]")

    def see(self, text):
        self.page.get_by_text(text, exact=True).wait_for()

    def drawn(self):
        """The list as it is read: days, the line, texts."""
        rows = self.page.locator("[data-part=list] > li")
        return [re.sub(r"\s+", " ", row).strip() for row in rows.all_inner_texts()]

    def texts(self, within=""):
        return self.page.locator(f"{within} .bubble-text").all_inner_texts()

    @property
    def balance_centi(self):
        return selectors.get_balance(user_id=self.friend.user.pk).balance_centi


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    """A server, a fan and a creator at their desks."""
    folder = tmp_path_factory.mktemp("chat")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = PenFriend("creator", name="Mara Lindqvist", price_centi=PRICE)
        yield server.url, Desk(chromium, server.url, fan), Desk(chromium, server.url, creator)


@pytest.fixture
def letters(world):
    """A conversation of the fan with a creator of its own: an empty one for each test."""
    _, fan, _ = world
    fan.page.goto("/inbox/")
    return Letters(fan=fan.friend, creator=PenFriend("creator", name="Cleo", price_centi=PRICE))


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def test_days_and_what_belongs_together(world, letters):
    fan = world[1]
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    before, yesterday = noon - timedelta(days=20), noon - timedelta(days=1)
    for writer, text, at in (
        (fan.friend, "one", before),
        (fan.friend, "two", before + timedelta(minutes=2)),
        (fan.friend, "three", before + timedelta(minutes=9)),
        (letters.creator, "four", before + timedelta(minutes=10)),
        (fan.friend, "five", yesterday),
    ):
        letters.write(writer, text, at_ms=ms(at))
    fan.open(letters)
    fan.send("six")
    fan.page.locator(SENT, has_text="six").wait_for()
    days = fan.page.locator(".day").all_inner_texts()
    assert days == [f"{before:%A}, {before:%B} {before.day}", "Yesterday", "Today"]
    assert fan.texts(".is-continued") == ["two"]
    assert fan.texts(".is-followed") == ["one"]
    assert fan.page.locator(".bubble", has_text="four").get_attribute("data-mine") == "false"
    answered = fan.page.locator(".bubble", has_text="one").locator("[data-part=hold]").inner_text()
    assert "10 min" in answered
    assert "100" in answered
    held = fan.page.locator(".bubble", has_text="six").locator("[data-part=hold]")
    assert "3 days" in held.inner_text()
    assert datetime.fromisoformat(held.locator("time").get_attribute("datetime")) > timezone.now()
    assert fan.errors == []


def test_the_deadline_ticks_down_and_the_creator_sees_the_nearest(world, letters):
    _, fan, creator = world
    with_mara = Letters(fan=fan.friend, creator=creator.friend)
    written = timezone.now() - timedelta(hours=70)
    with_mara.write(fan.friend, "May I ask?", at_ms=ms(written))
    with_mara.write(fan.friend, "And this?")
    creator.page.clock.install()
    creator.open(with_mara)
    hold = creator.page.locator(".bubble", has_text="May I ask?").locator("[data-part=hold]")
    assert re.search(r"\b2 hr\b|1 hr 59 min", hold.inner_text())
    nearest = creator.page.locator("[data-part=nearest]")
    assert re.search(r"\b2 hr\b|1 hr 59 min", nearest.inner_text())
    creator.page.clock.fast_forward("01:01:00")
    creator.page.locator("[data-part=nearest]", has_text=re.compile(r"5\d min")).wait_for()
    assert re.search(r"5\d min", hold.inner_text())


def test_what_is_new_has_a_line_above_it_and_does_not_move_the_reader(world, letters):
    fan = world[1]
    start = timezone.now() - timedelta(days=3)
    for i in range(70):
        writer = fan.friend if i == 0 else letters.creator
        letters.write(writer, f"line {i}", at_ms=ms(start + timedelta(minutes=10 * i)))
    fan.open(letters)
    fan.see("line 20")  # all is new: it opens at the oldest of the newest page
    fan.page.wait_for_selector(".new-divider")
    assert fan.page.is_visible("[data-part=jump]")
    fan.page.locator("[data-part=log]").evaluate("(log) => log.scrollTo(0, 0)")
    fan.see("line 0")  # the page before was fetched and its chain verified
    assert fan.texts() == [f"line {i}" for i in range(70)]
    assert fan.drawn().count("New") == 1
    with fan.socket.expect_event("framereceived", lambda frame: '"read_n":70' in frame):
        fan.page.click("[data-part=jump]")
    fan.page.wait_for_selector("[data-part=jump]", state="hidden")

    fan.page.reload()
    fan.page.wait_for_selector(READY)
    assert fan.page.locator(".new-divider").count() == 0
    log = fan.page.locator("[data-part=log]")
    assert log.evaluate("(log) => log.scrollHeight - log.clientHeight - log.scrollTop") < 2
    log.evaluate("(log) => log.scrollTo(0, log.scrollHeight / 2)")
    fan.page.wait_for_selector("[data-part=jump]:not([hidden])")
    place = log.evaluate("(log) => log.scrollTop")
    letters.write(letters.creator, "news")
    fan.page.locator("[data-part=jump-count]", has_text="1").wait_for()
    assert log.evaluate("(log) => log.scrollTop") == place
    assert fan.drawn()[-2:] == ["New", fan.drawn()[-1]]
    assert fan.page.text_content("[data-part=jump-text]").startswith("New messages: 1")
    assert fan.page.text_content("[data-part=announcer]") == "Cleo: news"
    fan.page.click("[data-part=jump]")
    fan.page.wait_for_selector("[data-part=jump]", state="hidden")
    fan.send("read it")
    fan.page.locator(SENT, has_text="read it").wait_for()
    assert fan.page.locator(".new-divider").count() == 0
    assert fan.page.text_content("[data-part=announcer]") == "Cleo: news"  # one's own are not announced
    assert fan.errors == []


def test_a_draft_outlives_a_reload_and_stays_with_its_conversation(world, letters):
    fan = world[1]
    fan.open(letters)
    assert fan.page.is_visible("[data-part=empty]")
    fan.page.fill("[data-part=text-input]", "half a thought")
    fan.page.reload()
    fan.page.wait_for_selector(READY)
    assert fan.page.input_value("[data-part=text-input]") == "half a thought"
    other = Letters(fan=fan.friend, creator=PenFriend("creator", name="Ines", price_centi=PRICE))
    fan.open(other)
    assert fan.page.input_value("[data-part=text-input]") == ""
    fan.open(letters)
    fan.page.press("[data-part=text-input]", "Shift+Enter")
    fan.page.press("[data-part=text-input]", "End")
    fan.page.keyboard.type("and the rest")
    fan.page.keyboard.press("Enter")
    fan.page.locator(SENT).wait_for()
    assert "\n" in fan.texts()[0]
    assert fan.page.input_value("[data-part=text-input]") == ""
    assert not fan.page.is_visible("[data-part=empty]")
    assert fan.page.evaluate("Object.keys(sessionStorage).length") == 0


def test_a_refusal_keeps_the_text_and_charges_nothing(world, chromium, letters):
    url = world[0]
    poor = Desk(chromium, url, PenFriend("fan", name="Ada", credits_centi=2 * PRICE + 100))
    mine = Letters(fan=poor.friend, creator=letters.creator)
    poor.open(mine)
    hint = poor.page.locator("[data-part=hint]")
    assert "2 more messages" in hint.inner_text()
    for text in ("first", "second"):
        poor.send(text)
        poor.page.locator(SENT, has_text=text).wait_for()
    poor.page.locator("[data-part=hint].is-short").wait_for()
    assert mine.path in poor.page.get_attribute("[data-part=hint] a", "href").replace("%2F", "/")
    poor.send("third")
    failed = poor.page.locator(".bubble.is-failed")
    failed.wait_for()
    assert failed.locator(".bubble-text").inner_text() == "third"
    assert "not charged" in failed.locator("[data-part=failure-text]").inner_text()
    assert failed.locator("[data-part=buy]").is_visible()
    assert poor.balance_centi == 100

    poor.page.reload()  # on the way to more credits and back
    poor.page.wait_for_selector(READY)
    failed.wait_for()
    failed.locator("[data-part=edit]").click()
    assert failed.count() == 0
    assert poor.page.input_value("[data-part=text-input]") == "third"
    assert poor.page.evaluate("document.activeElement.id") == "composer-text"
    assert (poor.balance_centi, Message.objects.filter(conversation__uid=mine.uid).count()) == (100, 2)
    poor.context.close()


def test_another_price_is_asked_for_and_charged_only_after_a_yes(world, letters):
    fan = world[1]
    fan.open(letters)
    before = fan.balance_centi
    update_profile(user=letters.creator.user, price_per_message_centi=15_000)
    fan.send("still worth it")
    fan.page.wait_for_selector("dialog[open]")
    assert [fan.page.text_content(f"[data-part=price-{which}]") for which in ("old", "new")] == ["100", "150"]
    asked = fan.page.text_content("[data-part=price-text]")
    assert "100" in asked
    assert "150" in asked
    fan.page.keyboard.press("Escape")  # a no
    fan.page.locator(".bubble").wait_for(state="detached")
    assert fan.page.input_value("[data-part=text-input]") == "still worth it"
    assert fan.balance_centi == before
    assert "150" in fan.page.text_content("[data-part=send]")

    update_profile(user=letters.creator.user, price_per_message_centi=20_000)
    fan.page.click("[data-part=send]")
    fan.page.wait_for_selector("dialog[open]")
    assert fan.balance_centi == before
    fan.page.click("[data-part=price-accept]")
    fan.page.locator(f"{SENT}[data-hold=open]", has_text="still worth it").wait_for()
    assert fan.balance_centi == before - 20_000
    assert fan.page.evaluate("document.activeElement.id") == "composer-text"


def test_what_is_written_without_a_connection_waits_and_is_sent_once(world, letters):
    fan = world[1]
    fan.open(letters)
    fan.send("before")
    fan.page.locator(SENT, has_text="before").wait_for()
    fan.page.clock.install()
    fan.context.set_offline(True)
    fan.page.wait_for_selector("[data-part=connection]:not([hidden])")
    for text in ("waits", "waits too", "not this"):
        fan.send(text)
    fan.page.locator(f"{MINE}[data-status=waiting]").nth(2).wait_for()
    fan.page.locator(".bubble", has_text="not this").locator("[data-part=edit]").click()
    assert fan.page.input_value("[data-part=text-input]") == "not this"
    missed = letters.write(letters.creator, "missed")
    assert not fan.page.is_visible("[data-part=try-now]")
    fan.page.clock.fast_forward("00:10")
    fan.page.wait_for_selector("[data-part=try-now]:not([hidden])")
    fan.context.set_offline(False)
    fan.page.wait_for_selector("[data-part=connection]", state="hidden")
    for text in ("waits", "waits too"):
        fan.page.locator(SENT).get_by_text(text, exact=True).wait_for()
    assert fan.texts() == ["before", "missed", "waits", "waits too"]
    rows = Message.objects.filter(conversation__uid=letters.uid)
    assert (rows.count(), missed.srv["n"]) == (4, 2)
    assert fan.errors == []


def test_credits_given_back_without_a_connection_are_seen_after_it(world, letters):
    fan = world[1]
    fan.open(letters)
    fan.send("not answered")
    held = fan.page.locator(".bubble[data-hold=open]", has_text="not answered")
    held.wait_for()
    fan.context.set_offline(True)
    fan.page.wait_for_selector("[data-part=connection]:not([hidden])")
    with ThreadPoolExecutor(1) as worker:  # as in the worker: Playwright runs an event loop in this thread
        late = timezone.now() + timedelta(hours=73)
        assert worker.submit(run_and_close, lambda: deadlines.void_overdue_holds(at=late)).result() >= 1
    assert held.count() == 1
    fan.context.set_offline(False)
    fan.page.locator(".bubble[data-hold=hold_refunded]", has_text="not answered").wait_for()


def run_and_close(job):
    try:
        return job()
    finally:
        connection.close()


def test_an_answer_lost_on_the_way_is_not_paid_twice(world, letters):
    """The server took the message, its ack got lost: the row finds its message again."""
    fan = world[1]
    before = fan.balance_centi
    fan.page.route_web_socket(re.compile(r"/messages/ws$"), lose_first_ack())
    fan.open(letters)
    fan.send("once")
    fan.page.locator(f"{SENT}[data-hold=open]", has_text="once").wait_for()
    fan.send("and on")
    fan.page.locator(SENT, has_text="and on").wait_for()
    assert fan.texts() == ["once", "and on"]
    assert fan.balance_centi == before - 2 * PRICE
    assert Message.objects.filter(conversation__uid=letters.uid).count() == 2


def lose_first_ack():
    """A line that breaks in place of the first ack, and holds from then on."""
    lost = []

    def connect(browser):
        server = browser.connect_to_server()

        def back(text):
            if '"type":"ack"' in text and not lost:
                lost.append(text)
                browser.close(code=3000)
            elif '"type":"message"' not in text or lost:
                browser.send(text)

        server.on_message(back)

    return connect


def test_the_page_fits_at_every_width_in_both_directions(world, letters):
    fan = world[1]
    letters.write(fan.friend, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3)
    letters.write(letters.creator, "yes")
    fan.open(letters)
    for direction in ("ltr", "rtl"):
        fan.page.evaluate(f"document.documentElement.dir = '{direction}'")
        for width in WIDTHS:
            fan.page.set_viewport_size({"width": width, "height": 700})
            assert fan.page.evaluate("document.documentElement.scrollWidth") <= width
            log = fan.page.locator("[data-part=log]")
            assert log.evaluate("(log) => log.scrollWidth <= log.clientWidth")
    fan.page.set_viewport_size({"width": 420, "height": 700})

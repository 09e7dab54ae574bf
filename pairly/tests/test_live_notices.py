"""What happens to somebody shows on the pages that they have open, once, and the count falls when they have read it."""

from __future__ import annotations

import uuid

import pytest
from django.conf import settings
from django.test import Client

from messaging.services import delivery, telling
from pairly.common.clock import now_ms
from pairly.testing.browser import Watch
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_user, sign_in_as
from users.models import Notification, NotificationChoice
from users.services.notifications import notify

NUMBER, TOAST = "[data-part=bell-number]", ".toast"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


class Desk:
    """One person's browser, signed in; nothing on its pages may go wrong unseen."""

    def __init__(self, chromium, server, user, **options):
        self.user = user
        self.context = chromium.new_context(base_url=server.url, viewport={"width": 1000, "height": 700}, **options)
        value = sign_in_as(user, client=Client()).cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": server.url}])
        self.watches: list[Watch] = []
        self.sockets: list[object] = []
        self._ready: set[object] = set()

    def _on_socket(self, socket):
        self.sockets.append(socket)
        socket.on("framereceived", lambda frame: self._ready.add(socket) if _is_ready(frame) else None)

    def open(self, path="/discover/", *, has_socket=True):
        """A new tab at `path`; with `has_socket` it is waited for until the server answers on its socket."""
        page = self.context.new_page()
        page.on("websocket", self._on_socket)
        self.watches.append(Watch(page))
        self.go(page, path, has_socket=has_socket)
        return page

    def go(self, page, path, *, has_socket=True):
        if not has_socket:
            page.goto(path)
            return
        with page.expect_websocket() as opened:
            page.goto(path)
        self.until_ready(opened.value)

    def until_ready(self, socket):
        if socket not in self._ready:
            socket.wait_for_event("framereceived", _is_ready)

    def close(self):
        complaints = [one for watch in self.watches for one in watch.list_complaints()]
        self.context.close()
        assert complaints == []


def _is_ready(frame):
    return '"resumed"' in str(frame)


@pytest.fixture
def sit_down(chromium, server):
    """Give people a browser; closed, and looked through, at the end."""
    desks: list[Desk] = []

    def make(user, **options):
        desks.append(Desk(chromium, server, user, **options))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


def tell(user, name="Ana", kind="follow", **more):
    row = notify(user=user, kind=kind, actor=make_user(name=name), **more)
    assert row is not None
    return row


def wait_for_toast(*pages):
    """The pages that show one, as soon as there are any: they agree on it through the browser."""
    for _ in range(3000):
        if shown := [page for page in pages if page.locator(TOAST).count()]:
            return shown
        pages[0].wait_for_timeout(10)
    raise AssertionError("no toast")


def test_what_happens_shows_on_an_open_page_and_the_count_falls_when_it_was_read(sit_down):
    desk = sit_down(make_user("creator"))
    page = desk.open()
    assert not page.locator(NUMBER).is_visible()
    page.focus(".brand")
    tell(desk.user, "Ana")
    page.locator(TOAST, has_text="Ana").wait_for()
    assert page.locator(NUMBER).inner_text() == "1"
    assert page.locator(":focus").get_attribute("class") == "brand"
    assert page.locator("[data-part=toasts]").get_attribute("role") == "status"
    page.get_by_role("button", name="Dismiss").click()
    assert page.locator(TOAST).count() == 0
    desk.go(page, "/notifications/")
    page.get_by_role("button", name="Ana").click()
    page.wait_for_load_state()
    assert not page.locator(NUMBER).is_visible()
    assert Notification.objects.get(user=desk.user).read_at is not None


def test_of_several_tabs_one_has_the_socket_and_one_shows_it_and_all_count(sit_down):
    desk = sit_down(make_user("creator"))
    first = desk.open()
    second = desk.open("/prices/", has_socket=False)
    tell(desk.user, "Ben")
    for page in (first, second):
        page.locator(NUMBER, has_text="1").wait_for()
    assert (len(wait_for_toast(first, second)), len(desk.sockets)) == (1, 1)
    # The next one takes over.
    with second.expect_websocket() as opened:
        first.close()
    desk.until_ready(opened.value)
    tell(desk.user, "Cleo")
    second.locator(TOAST, has_text="Cleo").wait_for()
    assert second.locator(NUMBER).inner_text() == "2"


def test_reading_in_one_browser_lowers_the_count_in_another(sit_down):
    user = make_user("creator")
    here, there = sit_down(user), sit_down(user)
    tell(user, "Dora")
    looked_at, other = here.open("/notifications/"), there.open()
    assert other.locator(NUMBER).inner_text() == "1"
    looked_at.get_by_role("button", name="Mark all as read").click()
    other.locator("[data-part=bell-count]").wait_for(state="hidden")


def test_somebody_elses_page_shows_nothing_of_it(sit_down):
    user, stranger = make_user("creator"), make_user("creator")
    page = sit_down(stranger).open()
    tell(user, "Emil")
    tell(stranger, "Fay")
    page.locator(TOAST, has_text="Fay").wait_for()
    assert page.locator(NUMBER).inner_text() == "1"
    assert page.get_by_text("Emil").count() == 0


def test_the_chat_shows_what_happens_elsewhere_and_not_what_it_shows_itself(sit_down):
    fan, creator = PenFriend("fan", name="Robin", credits_centi=100_000), PenFriend("creator", name="Mara")
    letters = Letters(fan=fan, creator=creator)
    letters.write(fan, "Hello")
    desk = sit_down(creator.user)
    page = desk.open("/keys/")
    page.fill("[data-part=recovery-input]", creator.recovery)
    page.click("[data-part=unlock]")
    page.wait_for_selector("[data-step=done]:not([hidden])")
    desk.go(page, letters.path)
    page.wait_for_selector("pairly-conversation[data-ready]")
    here = {"conversation": str(letters.uid)}
    assert notify(user=creator.user, kind="message", actor=fan.user, payload=here) is not None
    tell(creator.user, "Gus", kind="message", payload={"conversation": str(uuid.uuid4())})
    page.locator(TOAST, has_text="Gus").wait_for()
    assert page.locator(TOAST).count() == 1
    assert page.locator(NUMBER).inner_text() == "2"


def test_a_message_that_nobody_reads_rings_and_reading_it_silences(sit_down):
    fan, creator = PenFriend("fan", name="Robin", credits_centi=100_000), PenFriend("creator", name="Mara")
    page = sit_down(creator.user).open()
    letters = Letters(fan=fan, creator=creator)
    letters.write(fan, "Hello")
    delivery.sweep()
    assert page.locator(TOAST).count() == 0
    telling.tell_of_messages(at_ms=now_ms() + telling.TELL_AFTER_MS)
    page.locator(TOAST, has_text="Robin").wait_for()
    assert page.locator("[data-part=toast-link]").get_attribute("href") == letters.path
    from messaging.services import conversations

    conversations.mark(user=creator.user, conversation_uid=letters.uid, what="read", n=1)
    page.locator("[data-part=bell-count]").wait_for(state="hidden")


def test_everything_works_without_scripts(sit_down):
    user = make_user("creator")
    tell(user, "Hana")
    tell(user, "Ivo")
    page = sit_down(user, java_script_enabled=False).open("/discover/", has_socket=False)
    page.get_by_role("link", name="Notifications").click()
    page.get_by_role("button", name="Ivo").click()
    page.goto("/notifications/")
    assert page.locator(NUMBER).inner_text() == "1"
    page.get_by_role("button", name="Mark all as read").click()
    assert not page.locator(NUMBER).is_visible()
    page.get_by_role("link", name="Choose what you hear of").click()
    page.get_by_label("By mail: New followers").select_option("now")
    page.get_by_label("On my devices: New followers").check()
    page.get_by_role("button", name="Keep my choices").click()
    page.get_by_text("Your choices are kept.").wait_for()
    row = NotificationChoice.objects.get(user=user, kind="follow")
    assert (row.in_app, row.mail, row.push) == (True, "now", True)

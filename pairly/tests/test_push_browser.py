"""News from staff to a fan's browser: everything real but the subscription itself, for which Chromium needs a push
service on the Internet. Its two functions are replaced by ones that name the tests' own service; what the server sends
there, the developer tools hand to the worker.
"""

from __future__ import annotations

import pytest
from django.conf import settings as configured

from pairly.outbox import services as outbox
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import make_staff, make_user, sign_in_as
from users.models import Announcement, Notification, PushDevice
from users.services import announcements
from users.tests.push_services import running_push_service

from .test_installable import NEWS, Tools, shown, wait_for_news

# As the browser would: one subscription, kept until it is ended.
SUBSCRIBES = """
const made = { endpoint: "%s", unsubscribe: async () => { sessionStorage.removeItem("made"); return true; } };
PushManager.prototype.getSubscription = async () => (sessionStorage.getItem("made") ? made : null);
PushManager.prototype.subscribe = async (how) => {
    if (!how.userVisibleOnly || how.applicationServerKey.length !== 87) throw new TypeError("how");
    sessionStorage.setItem("made", "yes");
    return made;
};
"""


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """A server and a push service that it may call."""
    folder = tmp_path_factory.mktemp("push")
    with (
        own_database(django_db_blocker) as name,
        running_push_service() as service,
        running_daphne(database=name, log_folder=folder, WEB_PUSH_EXTRA_HOSTS=service.netloc) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(configured, "WEB_PUSH_EXTRA_HOSTS", [service.netloc])
        yield server, service


@pytest.fixture
def enter(world, chromium):
    """Open a browser profile in which somebody is signed in."""
    server, _service = world
    opened = []

    def open_for(user, *, permissions=(), **how):
        context = chromium.new_context(base_url=server.url, **how)
        opened.append(context)
        context.grant_permissions(list(permissions), origin=server.url)
        value = sign_in_as(user).cookies[configured.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": configured.SESSION_COOKIE_NAME, "value": value, "url": server.url}])
        return context.new_page()

    yield open_for
    for context in opened:
        context.close()


def deliver():
    while outbox.deliver_due():
        pass


def test_a_browser_is_switched_on_woken_and_switched_off(world, enter):
    server, service = world
    fan = make_user("fan", name="Robin Fan")
    tab = enter(fan, permissions=["notifications"], service_workers="allow")
    tab.add_init_script(SUBSCRIBES % service.endpoint("robin"))
    tab.goto("/notifications/devices/")
    assert not PushDevice.objects.exists()  # nothing without a click
    tab.get_by_role("button", name="Turn on notifications").click()
    tab.get_by_text("Notifications are on in this browser.").wait_for()
    device = PushDevice.objects.get(user=fan)
    assert device.endpoint == service.endpoint("robin")
    tab.get_by_role("button", name="Try it").click()
    tab.get_by_text("A notification is on its way").wait_for()
    deliver()
    assert service.names() == ["robin"]
    assert service.problems == []
    Tools(tab).push(server.url, service.received[0].body.decode())
    wait_for_news(tab, after=0)
    assert [one[:2] for one in shown(tab)] == [NEWS]
    tab.get_by_role("button", name="Turn off notifications").click()
    tab.get_by_role("button", name="Turn on notifications").wait_for()
    assert not PushDevice.objects.exists()


def test_who_does_not_allow_it_is_told_how_to(enter):
    tab = enter(make_user("fan"), service_workers="allow")
    tab.add_init_script("Notification.requestPermission = async () => 'denied'")
    tab.goto("/notifications/devices/")
    state = tab.locator("pairly-push [data-part=state]")
    message = tab.locator("pairly-push [data-part=message]")
    button = tab.get_by_role("button", name="Turn on notifications")
    button.or_(state.filter(has_text="does not let")).first.wait_for()
    if button.is_visible():
        button.click()
        message.filter(has_text="does not let Pairly show notifications").wait_for()
    else:  # a private window denies by itself
        state.filter(has_text="does not let Pairly show notifications").wait_for()
    assert not PushDevice.objects.exists()


def test_a_service_that_cannot_be_had_changes_nothing(enter):
    """Chromium here has no push service: its own refusal."""
    tab = enter(make_user("fan"), permissions=["notifications"], service_workers="allow")
    tab.goto("/notifications/devices/")
    tab.get_by_role("button", name="Turn on notifications").click()
    tab.locator("pairly-push [data-part=message]").filter(has_text="That did not work").wait_for()
    assert not PushDevice.objects.exists()
    tab.get_by_role("button", name="Turn on notifications").wait_for()


def test_staff_publish_and_a_fan_reads_it_both_without_scripts(world, enter):
    fan = make_user("fan", name="Robin Fan")
    staff = make_staff("admin", name="Ada Admin")
    desk = enter(staff, java_script_enabled=False)
    desk.goto("/staff/announcements/")
    desk.get_by_label("Title").fill("A new way to find people")
    desk.get_by_label("Text").fill("It starts on Monday.\nhttps://evil.example")
    desk.get_by_role("button", name="Preview").click()
    assert not Announcement.objects.exists()
    preview = desk.locator("article.announcement")
    assert "It starts on Monday." in preview.inner_text()
    desk.get_by_role("button", name="Publish").click()
    desk.get_by_text("It is published.").wait_for()
    assert Announcement.objects.get().written_by == staff
    announcements.spread_due()
    assert Notification.objects.filter(user=fan, kind="announcement").count() == 1

    reader = enter(fan, java_script_enabled=False)
    reader.goto("/announcements/")
    article = reader.get_by_role("article", name="A new way to find people")
    assert article.get_by_role("link").count() == 0
    assert "https://evil.example" in article.inner_text()

    desk.get_by_text("Take back").click()
    desk.get_by_role("button", name="Yes, take it back").click()
    desk.get_by_text("It is taken back.").wait_for()
    reader.reload()
    reader.get_by_text("No news yet").wait_for()


def test_a_browser_is_removed_without_scripts(world, enter):
    _server, service = world
    fan = make_user("fan")
    tab = enter(fan, java_script_enabled=False)
    PushDevice.objects.create(
        user=fan,
        family=fan.sign_in_sessions.get().pk,
        endpoint=service.endpoint("old"),
        endpoint_sha256=b"o" * 32,
        name="Firefox on Linux",
    )
    tab.goto("/notifications/devices/")
    assert tab.locator("noscript p", has_text="needs JavaScript").is_visible()
    tab.get_by_role("button", name="Turn off Firefox on Linux").click()
    tab.get_by_text("Notifications are off in that browser.").wait_for()
    assert not PushDevice.objects.exists()

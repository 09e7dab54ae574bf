"""From a threat in an encrypted conversation to the end of an appeal, in the browsers of all who have a part in it."""

from __future__ import annotations

import io
import re

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import expect

from moderation.models import Appeal, ReportedAttachment, ReportedMessage, Sanction
from moderation.tests.test_verifications import picture
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff, sign_in_as
from pairly.tests.test_answers_browser import bubble, choose
from pairly.tests.test_chat_page import PRICE, Desk
from users.models import Session

THREAT, FACTS = "I know where you live", "You wrote that you know where somebody lives."


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = PenFriend("creator", name="Mara Lindqvist", price_centi=PRICE)
        yield server.url, Desk(chromium, server.url, fan), Desk(chromium, server.url, creator)


def browse(chromium, url, client):
    """A browser with the sign-in of Django's test client."""
    name = settings.SESSION_COOKIE_NAME
    context = chromium.new_context(base_url=url)
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])
    return context.new_page()


def open_files(page):
    """What the files of the reported messages are, as the case opens them: each a picture of ours with a mark."""
    links = page.get_by_role("link", name=re.compile("^Open "))
    answers = [page.request.get(links.nth(n).get_attribute("href")) for n in range(links.count())]
    assert {answer.headers["content-type"] for answer in answers} == {"image/webp"}
    return [Image.open(io.BytesIO(answer.body())).size for answer in answers]


def decide(page, queue, note, button, look=None):
    """Take the next case of a queue, `look` at it and decide it; returns what its page shows."""
    page.goto(f"/staff/queues/{queue}/")
    page.get_by_role("button", name=re.compile("Take the next")).click()
    page.locator("textarea[name=note]").wait_for()
    if look:
        look(page)
        page.reload()
    shown = page.locator("main").inner_text()
    page.fill("textarea[name=note]", note)
    page.get_by_role("button", name=re.compile(button)).click()
    page.get_by_text("The case is decided.").wait_for()
    return shown


def test_a_threat_is_reported_verified_sanctioned_appealed_and_overturned(world, chromium):
    url, fan, creator = world
    letters = Letters(fan=fan.friend, creator=creator.friend)
    for desk in (fan, creator):
        desk.open(letters)
    fan.send("Good morning")
    expect(bubble(creator, "Good morning")).to_be_visible()
    house = {"name": "house.jpg", "mimeType": "image/jpeg", "buffer": picture("Your house")}
    fan.page.set_input_files("[data-part=attach-input]", [house])
    fan.page.locator(".tray-item[data-stage=ready]").wait_for(timeout=30_000)
    fan.send(THREAT)
    expect(bubble(creator, THREAT)).to_be_visible()

    # The creator opens the one message that they choose, and no other.
    choose(creator, THREAT, "report")
    expect(creator.page.locator("[data-part=report-messages] input:checked")).to_have_count(1)
    creator.page.select_option("#report-category", "harassment")
    creator.page.get_by_role("button", name="Report", exact=True).click()
    expect(creator.page.locator("body")).to_contain_text("A person looks at it")
    assert [(row.verdict, row.flaw) for row in ReportedMessage.objects.all()] == [("verified", "")]

    # A moderator reads it, sees what came with it, knows that it was sent, and suspends its writer, who is out at once.
    first, sizes = browse(chromium, url, sign_in_as(make_staff("moderator", name="Mo First"))), []
    shown = decide(first, "report", FACTS, "Suspend for 7 days", look=lambda page: sizes.extend(open_files(page)))
    assert (sizes[0], len(sizes)) == ((900, 600), 2)  # and its preview
    assert {(row.state, row.flaw) for row in ReportedAttachment.objects.all()} == {("verified", "")}
    assert "Not checked yet" not in shown
    assert THREAT in shown
    assert "Verified" in shown
    assert "Good morning" not in shown
    sanction = Sanction.objects.get()

    # Who is suspended reads why, and appeals; nothing else is open to them.
    fan.friend.user.refresh_from_db()
    signed_in = sign_in_as(fan.friend.user, factor=None)
    Session.objects.filter(user=fan.friend.user, ended_at__isnull=True).update(limit=Session.Limit.SUSPENDED)
    banned = browse(chromium, url, signed_in)
    banned.goto("/reports/")
    banned.get_by_role("link", name="Why, and how to appeal").click()
    banned.get_by_role("link", name="Suspended for a time").click()
    expect(banned.locator("main")).to_contain_text(FACTS)
    banned.get_by_role("link", name="Appeal", exact=True).click()
    banned.fill("textarea[name=text]", "It is a line of our song.")
    banned.get_by_role("button", name="Send the appeal").click()
    expect(banned.locator("main")).to_contain_text("It is a line of our song.")

    # The first moderator gets nothing of it; another one decides, and everybody hears.
    first.goto("/staff/queues/appeal/")
    first.get_by_role("button", name=re.compile("Take the next")).click()
    expect(first.locator("body")).to_contain_text("Nothing waits in this queue for you")
    other = browse(chromium, url, sign_in_as(make_staff("moderator", name="Jo Other")))
    assert "It is a line of our song." in decide(other, "appeal", "It is. Sorry.", "Grant")
    sanction.refresh_from_db()
    assert (Appeal.objects.get().state, sanction.lifted_by.name) == ("granted", "Jo Other")
    fan.friend.user.refresh_from_db()
    assert fan.friend.user.is_active
    creator.page.goto("/notifications/")
    expect(creator.page.locator("main")).to_contain_text("a rule was broken, and we acted")
    expect(creator.page.locator("main")).to_contain_text("Another person found no rule broken")

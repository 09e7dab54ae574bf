"""Kept texts with their preview and many cases at once, in a real browser, without a mouse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import DjangoDbBlocker

from moderation.models import CannedReason, ReportCase, Sanction, WorkItem
from moderation.reports.services import submitting
from moderation.services import reasons, work
from pairly.testing.browser import Watch
from pairly.testing.fixtures import RunningServer, own_database, running_daphne
from pairly.testing.people import make_staff, make_user, sign_in_as
from users.models import User

QUEUE = "/staff/queues/report/"
TEXT = "{handle}, you advertised. You may not write until {until}."


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("staff-keys")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def staff() -> User:
    return make_staff("admin")


@pytest.fixture
def page(server: RunningServer, staff: User, chromium: Browser) -> Iterator[Page]:
    context = _context(server, staff, chromium)
    yield context.new_page()
    context.close()


def _context(server: RunningServer, staff: User, chromium: Browser, *, scripts: bool = True) -> BrowserContext:
    name = settings.SESSION_COOKIE_NAME
    found = chromium.new_context(base_url=server.url, java_script_enabled=scripts)
    value = sign_in_as(staff).cookies[name].value
    found.add_cookies([{"name": name, "value": value, "url": server.url}])
    return found


def keep_text(staff: User) -> None:
    """The text is offered, once: the tests share a database."""
    if not CannedReason.objects.exists():
        reasons.write(user=staff, kind="report", language="en", title="Advertising", text=TEXT)


def report(name: str) -> WorkItem:
    made = submitting.submit(
        reporter=make_user(), kind="user", target=make_user(name=name).uid, category="spam", details="Ads."
    )
    return WorkItem.objects.get(ref=made.case.uid)


def test_a_kept_text_is_chosen_read_and_sent_by_keyboard_alone(page: Page, staff: User) -> None:
    keep_text(staff)
    item = report("Ada Advertiser")
    work.take(uid=item.uid, user=staff)
    watch = Watch(page)
    page.goto(f"/staff/cases/{item.uid}/")
    page.locator("[name=canned]").focus()
    page.keyboard.type("Adv")
    note, preview = page.locator("[name=note]"), page.locator("[data-part=preview]")
    expect(note).to_have_value(TEXT)
    # The first decision that is read is a warning, which has no end: the preview says so.
    expect(preview).to_contain_text("{until} says nothing")
    page.keyboard.press("Tab")
    expect(note).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Mute")
    expect(preview).to_contain_text("What happened: Ada Advertiser, you advertised.")
    expect(preview.locator("h3")).to_have_text("So they will read it")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+End")
    page.keyboard.type(" Be kind.")
    expect(preview).to_contain_text("Be kind.")
    assert not Sanction.objects.filter(case__uid=item.ref).exists()
    shown = preview.locator(".reads-text").inner_text()
    mute = page.get_by_role("button", name="Mute for 7 days")
    for _stop in range(8):
        page.keyboard.press("Tab")
        if mute.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{QUEUE}")
    facts = Sanction.objects.get(case__uid=item.ref).facts
    assert facts.startswith("Ada Advertiser, you advertised.")
    assert facts.endswith(" Be kind.")
    assert f"What happened: {facts}" in shown
    assert watch.list_complaints() == []


def test_without_scripts_the_buttons_of_the_form_do_the_same(
    server: RunningServer, staff: User, chromium: Browser
) -> None:
    keep_text(staff)
    item = report("Ada Advertiser")
    work.take(uid=item.uid, user=staff)
    context = _context(server, staff, chromium, scripts=False)
    page = context.new_page()
    page.goto(f"/staff/cases/{item.uid}/")
    page.locator("[name=canned]").select_option(label="Advertising")
    page.locator("[name=shown]").select_option(label="Mute for 7 days")
    page.get_by_role("button", name="Put it in").press("Enter")
    expect(page.locator("[name=note]")).to_have_value(TEXT)
    expect(page.locator("[data-part=preview]")).to_contain_text("Ada Advertiser, you advertised.")
    page.locator("[name=note]").fill("{handle}!")
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.locator("[data-part=preview]")).to_contain_text("What happened: Ada Advertiser!")
    assert not Sanction.objects.filter(case__uid=item.ref).exists()
    context.close()


def test_many_reports_are_ticked_asked_about_and_dismissed_by_keyboard_alone(page: Page, staff: User) -> None:
    first, second, third = (report(f"Person {n}") for n in range(3))
    watch = Watch(page)
    WorkItem.objects.exclude(pk__in=[first.pk, second.pk, third.pk]).filter(decided_at=None).delete()
    page.goto(QUEUE)
    page.locator("h1").click()
    for key in ("j", "x", "j", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("[data-part=tick-all] [role=status]")).to_have_text("2 ticked")
    tick_all = page.get_by_role("button", name="Tick all")
    tick_all.press("Enter")
    expect(page.locator("[data-part=tick-all] [role=status]")).to_have_text("3 ticked")
    tick_all.press("Enter")
    page.locator("h1").click()
    page.locator(f"[href='/staff/cases/{first.uid}/']").focus()
    page.keyboard.press("x")
    page.locator(f"[href='/staff/cases/{third.uid}/']").focus()
    page.keyboard.press("x")
    page.get_by_role("button", name="Dismiss").press("Enter")
    page.wait_for_selector("h1:text('Dismiss: 2 cases')")
    assert {ReportCase.objects.get(uid=item.ref).state for item in (first, second, third)} == {"open"}
    page.locator("[name=note]").focus()
    page.keyboard.type("A wave of the same reports.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Yes, decide them")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{QUEUE}")
    expect(page.locator("body")).to_contain_text("2 cases are done.")
    states = dict(ReportCase.objects.values_list("uid", "state"))
    assert [states[item.ref] for item in (first, second, third)] == ["dismissed", "open", "dismissed"]
    assert watch.list_complaints() == []

"""The main job, as people do it: two real browsers, the real server, the real sandbox of the payment provider."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from credits import invariants, selectors
from credits.services import purchases
from messaging.services import deadlines
from pairly.common.ids import uuid7
from pairly.embedded import paths
from pairly.testing.browser import is_complaint
from pairly.testing.fixtures import free_port
from payments.tests.sandboxes import SECRET, running_sandbox
from profiles.services import update_profile
from users.models import User

CANARY = "canary-7f3a-the-words-nobody-else-may-read"
ANSWER = "answer-91cc-only-for-the-two-of-us"
PASSWORD = "a long enough passphrase 7"


class Person:
    """One browser profile and what its person does."""

    def __init__(self, browser, base_url, email, name, role):
        self.context = browser.new_context(base_url=base_url)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on(
            "console",
            lambda m: self.errors.append(m.text) if is_complaint(m) else None,
        )
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.email, self.name, self.role = email, name, role

    def sign_up(self):
        page = self.page
        page.goto("/sign-up/")
        page.check(f"input[name=role][value={self.role}]")
        page.fill("input[name=name]", self.name)
        page.fill("input[name=email]", self.email)
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=birth_date]", "1990-05-06")
        page.click("main button[type=submit]")
        page.wait_for_selector(".site-header .balance")

    def enrol(self):
        page = self.page
        page.goto("/keys/")
        page.click("[data-part=start]")
        code = page.text_content("[data-part=recovery-code]")
        page.fill("[data-part=code-again]", "not the code")
        page.click("[data-part=confirm]")
        page.wait_for_selector("[data-part=message]:not(:empty)")  # without the right copy nothing is enrolled
        page.fill("[data-part=code-again]", code)
        page.click("[data-part=confirm]")
        try:
            page.wait_for_selector("[data-step=done]:not([hidden])")
        except Exception:
            print("CONSOLE", self.errors, page.text_content("main"))
            raise
        return code

    def has_balance(self, text):
        expect(self.page.locator("[data-part=balance]").first).to_have_text(text)


@pytest.fixture
def world(start_server, chromium, tmp_path):
    port = free_port()
    server = start_server(SANDBOX_PORT=str(port), STRIPE_WEBHOOK_SECRET=SECRET)
    with running_sandbox(tmp_path, port=port, webhook_url=f"{server.url}/api/v1/payments/webhook/stripe"):
        fan = Person(chromium, server.url, "fan@example.org", "Fay", "fan")
        creator = Person(chromium, server.url, "creator@example.org", "Cleo", "creator")
        yield server, fan, creator
        fan.context.close()
        creator.context.close()


def test_a_fan_pays_a_creator_for_an_encrypted_message(world, committed_db):
    server, fan, creator = world
    creator.sign_up()
    creator.enrol()
    creator.page.goto("/profile/edit/")
    creator.page.fill("input[name=price]", "100")
    creator.page.click("main form button[type=submit]")
    creator.page.wait_for_selector(".notice")

    fan.sign_up()
    fan.enrol()
    fan.has_balance("0")
    fan.page.goto("/credits/buy/")
    fan.page.check("input[name=package_id] >> nth=0")
    fan.page.click("main form button[type=submit]")
    fan.page.wait_for_url(re.compile(r"127\.0\.0\.1:\d+/.*"))
    fan.page.click("form button")  # the sandbox's pay button
    fan.page.wait_for_url("**/credits/payments/**")
    fan.page.goto("/wallet/")
    fan.has_balance("500")

    fan.page.goto("/discover/")
    fan.page.click("text=Cleo")
    fan.page.click("text=Write")
    fan.page.wait_for_selector("pairly-conversation[data-ready]")
    assert "100" in fan.page.text_content("[data-part=send]")
    fan.page.fill("[data-part=text-input]", CANARY)
    fan.page.click("[data-part=send]")
    fan.page.wait_for_selector(".bubble[data-hold=open]")
    fan.has_balance("400")

    creator.page.goto("/inbox/")
    assert "100" in creator.page.text_content(".line.is-due .line-text")
    creator.page.click("text=Fay")
    creator.page.wait_for_selector(f".bubble-text:text-is('{CANARY}')")
    creator.page.wait_for_selector("pairly-conversation[data-ready]")
    creator.page.fill("[data-part=text-input]", ANSWER)
    creator.page.click("[data-part=send]")
    fan.page.wait_for_selector(f".bubble-text:text-is('{ANSWER}')")
    fan.page.wait_for_selector(".bubble[data-hold=hold_released]")

    creator.page.goto("/wallet/")
    assert creator.page.text_content("[data-figure=earned]").strip() == "80"
    people = {user.email: user for user in User.objects.all()}
    balance = selectors.get_balance(user_id=people[fan.email].pk)
    assert (balance.balance_centi, balance.held_centi) == (40_000, 0)
    assert selectors.get_earnings(user_id=people[creator.email].pk).earned_centi == 8_000
    assert [f for f in invariants.check_all() if not f.is_ok] == []
    assert fan.errors == []
    assert creator.errors == []

    stored = whole_database(committed_db)
    assert people[fan.email].email in stored  # the search would find what is there
    for secret in (CANARY, ANSWER):
        assert secret not in stored
        assert secret not in server.log_path.read_text()
        for log in (settings.VAR_DIR / "log").glob("*.log"):
            assert secret not in log.read_text(errors="replace")


def whole_database(name: str) -> str:
    """Every row of every table as text, byte strings also as the characters they may hold."""
    url = paths.database_url(settings.VAR_DIR, role="owner", name=name)
    parts = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in tables.fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):  # type: ignore[arg-type]
                parts += [v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in row]
    return "\n".join(parts)


def test_a_short_balance_keeps_the_draft_and_charges_nothing(world):
    _, fan, creator = world
    creator.sign_up()
    creator.enrol()
    creator.page.goto("/profile/edit/")
    creator.page.fill("input[name=price]", "100")
    creator.page.click("main form button[type=submit]")
    fan.sign_up()
    fan.enrol()
    fan.page.goto("/discover/")
    fan.page.click("text=Cleo")
    fan.page.click("text=Write")
    fan.page.wait_for_selector("pairly-conversation[data-ready]")
    fan.page.fill("[data-part=text-input]", CANARY)
    fan.page.click("[data-part=send]")
    fan.page.wait_for_selector(".bubble.is-failed")
    assert fan.page.text_content(".bubble.is-failed .bubble-text") == CANARY
    assert fan.page.is_visible("[data-part=buy]")
    assert fan.page.is_visible("[data-part=retry]")
    fan.has_balance("0")
    assert uuid.UUID(fan.page.get_attribute("pairly-conversation", "data-conversation"))


def test_keys_open_on_a_new_device_with_the_recovery_code_and_the_deadline_refunds(world, chromium):
    server, fan, creator = world
    creator.sign_up()
    creator.enrol()
    fan.sign_up()
    code = fan.enrol()
    people = {user.email: user for user in User.objects.all()}
    update_profile(user=people[creator.email], price_per_message_centi=10_000)
    purchases.record_purchase(
        user_id=people[fan.email].pk, op_id=uuid7(), credits_centi=20_000, currency="USD", amount_minor=200,
        payment_uid=uuid7(),
    )  # fmt: skip
    write_to_cleo(fan)
    fan.has_balance("100")

    again = Person(chromium, server.url, fan.email, fan.name, fan.role)  # a browser that knows nothing
    page = again.page
    page.goto("/sign-in/")
    page.fill("input[name=email]", fan.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.goto("/inbox/")
    page.click("text=Cleo")
    page.wait_for_url("**/keys/**")
    page.fill("[data-part=recovery-input]", "0" * 27)  # well-formed, and not the code
    page.click("[data-part=unlock]")
    page.wait_for_selector("[data-part=message]:not(:empty)")
    page.fill("[data-part=recovery-input]", code.lower())
    page.click("[data-part=unlock]")
    page.wait_for_selector("[data-step=done]:not([hidden])")
    page.click("[data-step=done] a")
    page.wait_for_selector(f".bubble-text:text-is('{CANARY}')")
    page.wait_for_selector("pairly-conversation[data-ready]")

    # In a thread, as in the worker: Playwright runs an event loop in this one.
    with ThreadPoolExecutor(1) as worker:
        late = timezone.now() + timedelta(hours=73)
        assert worker.submit(run_and_close, lambda: deadlines.void_overdue_holds(at=late)).result() == 1
    for device in (fan, again):
        device.page.wait_for_selector(".bubble[data-hold=hold_refunded]")  # pushed to both
    fan.page.goto("/wallet/")
    fan.has_balance("200")
    assert [f for f in invariants.check_all() if not f.is_ok] == []
    again.context.close()


def run_and_close(job):
    try:
        return job()
    finally:
        connection.close()


def write_to_cleo(fan):
    fan.page.goto("/discover/")
    fan.page.click("text=Cleo")
    fan.page.click("text=Write")
    fan.page.wait_for_selector("pairly-conversation[data-ready]")
    fan.page.fill("[data-part=text-input]", CANARY)
    fan.page.click("[data-part=send]")
    fan.page.wait_for_selector(".bubble[data-hold=open]")


def test_a_changed_price_asks_again_and_charges_nothing_before_the_yes(world):
    _, fan, creator = world
    creator.sign_up()
    creator.enrol()
    fan.sign_up()
    fan.enrol()
    people = {user.email: user for user in User.objects.all()}
    update_profile(user=people[creator.email], price_per_message_centi=10_000)
    purchases.record_purchase(
        user_id=people[fan.email].pk, op_id=uuid7(), credits_centi=50_000, currency="USD", amount_minor=500,
        payment_uid=uuid7(),
    )  # fmt: skip
    fan.page.goto("/discover/")
    fan.page.click("text=Cleo")
    fan.page.click("text=Write")
    fan.page.wait_for_selector("pairly-conversation[data-ready]")
    update_profile(user=people[creator.email], price_per_message_centi=15_000)
    fan.page.fill("[data-part=text-input]", CANARY)
    fan.page.click("[data-part=send]")
    fan.page.wait_for_selector("dialog[open]")
    asked = fan.page.text_content("[data-part=price-text]")
    assert "100" in asked
    assert "150" in asked
    assert selectors.get_balance(user_id=people[fan.email].pk).balance_centi == 50_000
    fan.page.click("[data-part=price-accept]")
    fan.page.wait_for_selector(".bubble[data-hold=open]")
    assert selectors.get_balance(user_id=people[fan.email].pk).balance_centi == 35_000

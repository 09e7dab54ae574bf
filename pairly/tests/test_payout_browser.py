"""A payout from the first account to the paper, in real browsers: the creator's without scripts, two of finance's.

The server is the real one, and so is the sandbox of both providers.
"""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from credits import invariants
from pairly.embedded import paths
from pairly.testing.browser import Watch
from pairly.testing.fixtures import free_port, own_database, running_daphne
from pairly.testing.people import PASSWORD, make_staff, sign_in_as
from payments import tasks
from payments.models import Payout, PayoutMethod
from payments.tests.buying import work
from payments.tests.paying_out import LARGE, count_at_provider, make_payee
from payments.tests.sandboxes import RAZORPAY_SECRET, SECRET, running_sandbox
from users.models import Session, TotpDevice
from users.tests.factor_helpers import code_of, give_totp

REQUEST = "/payouts/request/"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """The server on a database of its own, and the sandbox that it pays through."""
    folder, port = tmp_path_factory.mktemp("payouts"), free_port()
    env = {
        "SANDBOX_PORT": str(port), "STRIPE_WEBHOOK_SECRET": SECRET, "RAZORPAY_WEBHOOK_SECRET": RAZORPAY_SECRET
    }  # fmt: skip
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder, **env) as server:
        hook = f"{server.url}/api/v1/payments/webhook/stripe"
        with running_sandbox(folder, port=port, webhook_url=hook) as sandbox:
            yield server, sandbox


@pytest.fixture(autouse=True)
def jobs_pay_through_the_sandbox(world, settings):
    """What Celery would do is done here."""
    _server, sandbox = world
    settings.STRIPE_API_BASE, settings.RAZORPAY_API_BASE = sandbox.url, f"{sandbox.url}/razorpay"


class Desk:
    """One person's browser; nothing on its pages may go wrong unseen."""

    def __init__(self, chromium, base_url, user, **options):
        self.user, self.url = user, base_url
        TotpDevice.objects.filter(user=user).delete()
        give_totp(user)
        self.context = chromium.new_context(base_url=base_url, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.watch = Watch(self.page)

    def sign_in(self):
        """With the password and a code, as everybody."""
        self.user.set_password(PASSWORD)
        self.user.save(update_fields=["password"])
        self.page.goto("/sign-in/")
        self.page.fill("[name=email]", self.user.email)
        self.page.fill("[name=password]", PASSWORD)
        self.press("Sign in")
        self.give_code()

    def carry(self):
        """As somebody of staff who signed in a while ago."""
        name = django_settings.SESSION_COOKIE_NAME
        value = sign_in_as(self.user).cookies[name].value
        self.context.add_cookies([{"name": name, "value": value, "url": self.url}])

    def age(self):
        """The last proof is older than five minutes."""
        Session.objects.filter(user=self.user).update(stepped_up_at=timezone.now() - timedelta(minutes=6))

    def give_code(self):
        self.page.fill("[name=code]", code_of(self.user))
        with self.page.expect_navigation():
            self.page.locator("main form", has=self.page.locator("[name=code]")).locator("[type=submit]").click()

    def press(self, name):
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).first.click()

    def follow(self, name):
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name).first.click()

    def reads(self, *words):
        text = " ".join(self.page.locator("main").inner_text().split())
        for word in words:
            assert word in text, (word, text)

    def leave(self):
        complaints = self.watch.list_complaints()
        self.context.close()
        assert complaints == []


def let_days_pass():
    """The rest of new accounts is over: past the trigger that keeps anybody else from saying so."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(paths.database_url(django_settings.VAR_DIR, role="owner", name=name)) as owner:
        owner.execute("ALTER TABLE payments_payoutmethod DISABLE TRIGGER USER")
        owner.execute("UPDATE payments_payoutmethod SET usable_at = now()")
        owner.execute("ALTER TABLE payments_payoutmethod ENABLE TRIGGER USER")


def add_stripe(desk):
    desk.page.goto("/payouts/accounts/add/?way=stripe")
    desk.age()
    desk.page.reload()
    desk.follow("Confirm now")
    desk.give_code()
    desk.page.select_option("[name=country]", "US")
    desk.press("Go on at Stripe")
    desk.page.fill("[name=account_number]", "000123456780")
    desk.press("Save and go back")
    desk.page.wait_for_url("**/payouts/accounts/")
    desk.reads("Stripe has everything it needs.")


def add_indian(desk):
    desk.page.goto("/payouts/accounts/add/?way=bank")
    for name, value in (("account_holder", "Asha Rao"), ("account_number", "50100123456789"), ("ifsc", "HDFC0001234")):
        desk.page.fill(f"[name={name}]", value)
    desk.press("Add this account")
    desk.reads("Added. We wrote to you about it.")


def ask(desk, amount):
    """As a creator does: what arrives, the proof, the button; gives the payout."""
    desk.age()
    desk.page.goto("/payouts/")
    desk.follow("Ask for a payout")
    desk.page.fill("[name=amount]", str(amount))
    desk.page.locator("[name=method]:enabled").check()
    desk.press("See what arrives")
    arrives = desk.page.locator("[data-figure=arrives]").inner_text()
    desk.reads("two people look at it")
    desk.follow("Confirm that it is me")
    desk.give_code()
    assert desk.page.locator("[data-figure=arrives]").inner_text() == arrives
    desk.press("Ask for this payout")
    desk.reads("Your payout is asked for.", "Next: Pairly.", "At the latest on")
    assert desk.page.locator("h1").inner_text() == arrives
    return Payout.objects.latest("pk")


def approve(desk):
    """Take the next payout and approve it, with the proof that it asks for."""
    desk.page.goto("/staff/queues/payout/")
    desk.press("Take the next")
    where = desk.page.url
    desk.reads("Takes two people", "Asha Rao")
    desk.age()
    desk.press("Approve")
    desk.give_code()
    assert desk.page.url == where
    desk.press("Approve")
    return where


@pytest.mark.parametrize(
    ("kind", "add", "arrived"), [("stripe", add_stripe, "USD 600.00"), ("razorpayx", add_indian, "INR 53,880.00")]
)
def test_earnings_go_from_the_request_to_the_bank(world, chromium, kind, add, arrived):
    server, sandbox = world
    payee = make_payee(earned_centi=LARGE, name="Asha Rao")
    creator = Desk(chromium, server.url, payee, java_script_enabled=False, viewport={"width": 360, "height": 760})
    creator.sign_in()
    creator.page.goto("/payouts/")
    creator.reads("Say where your earnings should go.", "Ready to withdraw, in credits 60,000")

    add(creator)
    creator.reads("Resting", "This one can be used from")
    creator.page.goto(REQUEST)
    assert creator.page.locator("[name=method]:enabled").count() == 0
    let_days_pass()
    payout = ask(creator, LARGE // 100)
    assert (payout.method.kind, payout.status, payout.needs_two) == (kind, "requested", True)

    staff = [Desk(chromium, server.url, make_staff("finance", name=name)) for name in ("Fay First", "Sol Second")]
    first, second = staff
    for desk in staff:
        desk.carry()
    case = approve(first)
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by_id) == ("requested", first.user.pk)
    first.page.goto(case)
    first.reads("You have had your say. Somebody else decides.")
    assert first.page.get_by_role("button", name="Approve").count() == 0
    creator.page.reload()
    creator.reads("One person has approved it.")
    approve(second)
    payout.refresh_from_db()
    assert (payout.status, payout.second_approver_id) == ("approved", second.user.pk)

    tasks.send_payout(uid=str(payout.uid))
    tasks.send_payout(uid=str(payout.uid))
    assert count_at_provider(sandbox, payout) == 1
    if kind == "razorpayx":
        creator.page.reload()
        creator.reads("On its way", "Next: the payment provider.")
        pay_at_the_bank(sandbox, payout)
    creator.page.reload()
    creator.reads(arrived, "Paid", "The money has left.")
    assert creator.page.locator("[data-status=paid]").count() == 1
    see_the_papers(creator, arrived)
    assert [found for found in invariants.check_all() if not found.is_ok] == []
    for desk in (creator, first, second):
        desk.leave()


def pay_at_the_bank(sandbox, payout):
    """The sandbox says so in a signed notice, and the job works on it."""
    body = {"payout_id": str(payout.uid), "event": "paid"}
    assert httpx.post(f"{sandbox.url}/sandbox/payouts/control", json=body, timeout=30).status_code == 200
    work()
    payout.refresh_from_db()
    assert payout.status == "paid"


def see_the_papers(desk, arrived):
    """The receipt, also as it is printed, and the year's report with its file."""
    desk.follow("Receipt to print")
    desk.reads("Asha Rao", arrived, PayoutMethod.objects.get(user=desk.user).label)
    desk.page.emulate_media(media="print")
    assert not desk.page.locator(".site-header").is_visible()
    assert not desk.page.locator(".site-footer").is_visible()
    assert desk.page.locator(".receipt").is_visible()
    desk.page.emulate_media(media="screen")
    desk.page.goto(f"/payouts/years/{timezone.now().year}/")
    desk.reads(arrived)
    where = desk.page.get_by_role("link", name=re.compile("CSV")).get_attribute("href")
    lines = desk.context.request.get(where).text().splitlines()
    assert len(lines) == 2
    desk.page.goto("/notifications/")
    desk.reads("is paid")

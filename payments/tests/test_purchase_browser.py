"""A whole purchase with each provider in Chromium: choosing, the provider's page, coming back, the balance."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from credits import selectors as ledger
from pairly.testing.browser import is_complaint
from pairly.testing.fixtures import free_port
from pairly.testing.people import PASSWORD, make_user
from payments.models import Payment
from payments.tests.sandboxes import RAZORPAY_SECRET, SECRET, running_sandbox

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


class Shopper:
    """A browser profile of the fan: of one width, with scripts or without."""

    def __init__(self, browser, server, sandbox, fan, *, size, scripts=True):
        context = browser.new_context(base_url=server.url, viewport=size, java_script_enabled=scripts)
        self.context, self.page, self.sandbox, self.fan = context, context.new_page(), sandbox, fan
        self.has_scripts, self.complaints = scripts, []
        self.page.on("console", lambda m: self.complaints.append(m.text) if is_complaint(m) else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/sign-in/")
        self.page.fill("input[name=email]", fan.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(lambda url: "/sign-in/" not in url)

    def choose(self, *, provider, currency, price):
        """From the buying page to the provider's, which asks for this price."""
        page = self.page
        page.goto("/credits/buy/?next=/inbox/")
        page.click(f"nav[aria-label=Currency] a:has-text('{currency}')")
        page.locator("input[name=package_id]").first.check()
        page.locator(f"input[name=provider][value={provider}]").check()
        self.look()
        page.click("main form button[type=submit]")
        page.wait_for_url(re.compile(re.escape(self.sandbox.url)))
        expect(page.locator(".amount")).to_have_text(price)
        return Payment.objects.latest("pk")

    def look(self):
        """Nothing is wider than the screen."""
        if self.has_scripts:
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def pay(self, payment, *, balance):
        """The provider's button, and back: the credits are there, and nothing of the provider's in the address."""
        page = self.page
        page.click("button:has-text('Pay')")
        page.wait_for_url(f"**/credits/payments/{payment.uid}/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, your credits are here")
        expect(page.locator("[data-part=balance]").last).to_have_text(balance)
        expect(page.locator(".site-header [data-part=balance]")).to_have_text(balance)
        self.look()
        page.click("text=Back to where you were")
        page.wait_for_url("**/inbox/")
        page.goto("/wallet/")
        expect(page.locator(".figure-main dd").first).to_have_text(balance)


@pytest.fixture
def fan(committed_db):
    user = make_user("fan", name="Fay")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def world(start_server, tmp_path):
    port = free_port()
    server = start_server(SANDBOX_PORT=str(port), STRIPE_WEBHOOK_SECRET=SECRET, RAZORPAY_WEBHOOK_SECRET=RAZORPAY_SECRET)
    with running_sandbox(tmp_path, port=port, webhook_url=f"{server.url}/api/v1/payments/webhook/stripe") as sandbox:
        yield server, sandbox


def test_credits_are_bought_with_either_provider_wide_and_narrow_with_scripts_and_without(chromium, world, fan):
    wide = Shopper(chromium, *world, fan, size=WIDE)
    wide.pay(wide.choose(provider="stripe", currency="EUR", price="EUR 5.00"), balance="500")
    wide.pay(wide.choose(provider="razorpay", currency="INR", price="INR 449.00"), balance="1,000")

    narrow = Shopper(chromium, *world, fan, size=NARROW)
    payment = narrow.choose(provider="razorpay", currency="USD", price="USD 5.00")
    narrow.page.click("text=Let the bank refuse it")
    expect(narrow.page.get_by_role("alert")).to_contain_text("The bank refused it")
    wide.page.goto(f"/credits/payments/{payment.uid}/")
    expect(wide.page.get_by_role("heading", level=1)).to_have_text("This payment was not completed")
    narrow.pay(payment, balance="1,500")

    # The page of a payment that waits follows by itself, here from another tab that asked the provider.
    waiting = narrow.choose(provider="stripe", currency="USD", price="USD 5.00")
    narrow.page.goto(f"/credits/payments/{waiting.uid}/")
    expect(narrow.page.get_by_role("heading", level=1)).to_have_text("Waiting for your payment")
    assert world[1].control(waiting.uid, "paid", webhook="drop").status_code == 200
    wide.page.goto(f"/credits/payments/{waiting.uid}/")
    expect(narrow.page.get_by_role("heading", level=1)).to_have_text("Thank you, your credits are here")
    assert wide.complaints == narrow.complaints == []

    plain = Shopper(chromium, *world, fan, size=NARROW, scripts=False)
    plain.pay(plain.choose(provider="stripe", currency="INR", price="INR 449.00"), balance="2,500")
    assert ledger.get_balance(user_id=fan.pk).balance_centi == 2_500_00
    assert set(Payment.objects.values_list("status", "flag")) == {("paid", "")}

"""First words of a creator, a fan who is short of credits, and being away, as the two see it in their browsers."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from credits import selectors
from credits.errors import CoolingOff
from messaging.page_texts import chat_texts
from messaging.services import exceptions, prices
from pairly.common.problems import IdempotencyConflict, InvalidInput, NotAuthenticated, Overloaded, RateLimited
from pairly.testing.fixtures import free_port
from pairly.testing.pen_friends import Letters, PenFriend
from payments.constants import RISK_UNCONFIRMED_DAY_CENTI
from payments.errors import ProviderUnavailable, PurchaseRefused
from payments.models import Payment
from payments.services.risk import REFUSE, RULES
from payments.tests.sandboxes import SECRET, running_sandbox
from profiles.services.away import come_back, set_away
from users.errors import Suspended
from users.models import User

from .test_chat_page import MINE, PRICE, READY, SENT, Desk


@pytest.fixture
def desks(start_server, chromium, tmp_path):
    port = free_port()
    server = start_server(SANDBOX_PORT=str(port), STRIPE_WEBHOOK_SECRET=SECRET)
    with running_sandbox(tmp_path, port=port, webhook_url=f"{server.url}/api/v1/payments/webhook/stripe"):
        fan = Desk(chromium, server.url, PenFriend("fan", name="Fay Fan"))
        creator = Desk(chromium, server.url, PenFriend("creator", name="Cleo", price_centi=PRICE))
        yield fan, creator
        fan.context.close()
        creator.context.close()


def test_a_request_is_accepted_answered_for_free_and_paid_for_later(desks):
    fan, creator = desks
    letters = Letters(fan=fan.friend, creator=creator.friend, are_strangers=True)
    creator.open(letters)
    creator.send("I saw your page")
    mine = creator.page.locator(SENT, has_text="I saw your page")
    mine.wait_for()

    read_as_a_request(fan)
    assert mine.get_attribute("data-status") == "sent"  # the writer learns nothing
    fan.page.click("[data-part=request-accept] button")
    fan.page.locator("[data-part=request]").wait_for(state="hidden")
    creator.page.locator(f"{MINE}[data-status=read]").wait_for()

    fan.page.locator("[data-part=contact-free]").wait_for()
    fan.send("Oh, hello")
    creator.see("Oh, hello")
    assert fan.page.locator(".bubble[data-hold]").count() == 0

    exceptions.set_paid(user=creator.friend.user, peer_uid=fan.friend.user.uid)  # the page follows by itself
    fan.page.locator("[data-part=send-price]").wait_for()
    assert not fan.page.is_visible("[data-part=contact-free]")
    buy_in_place(fan, "And now?")
    fan.page.keyboard.press("Enter")  # the focus is where the message is sent again
    fan.page.locator(f"{SENT}[data-hold=open]", has_text="And now?").wait_for()
    assert selectors.get_balance(user_id=fan.friend.user.pk).held_centi == PRICE
    creator.see("And now?")
    creator.page.locator("[data-part=nearest]").wait_for()
    creator.page.goto("/inbox/")
    assert "100" in creator.page.inner_text(".line.is-due .line-text")

    set_away(user=creator.friend.user, until=timezone.now() + timedelta(days=3), note="At sea")
    prices.tell(user_id=creator.friend.user.pk)
    fan.page.locator("[data-part=contact-away]").wait_for()
    fan.send("Take your time")
    fan.page.locator(SENT, has_text="Take your time").wait_for()
    assert selectors.get_balance(user_id=fan.friend.user.pk).held_centi == PRICE
    fan.page.reload()
    fan.page.wait_for_selector(READY)
    assert "At sea" in fan.page.inner_text("[data-part=contact-away]")
    come_back(user=creator.friend.user)
    prices.tell(user_id=creator.friend.user.pk)
    fan.page.locator("[data-part=contact-away]").wait_for(state="hidden")
    fan.page.locator("[data-part=send-price]").wait_for()
    assert (fan.errors, creator.errors) == ([], [])


def read_as_a_request(fan):
    fan.page.goto("/inbox/")
    assert fan.page.locator(".line").count() == 0
    fan.page.click("a[href$='box=requests'] >> nth=0")
    fan.page.click("main .line a")
    fan.page.wait_for_selector(READY)
    fan.see("I saw your page")
    assert "wants to write to you" in fan.page.inner_text("[data-part=request]")


def buy_in_place(fan, text):
    """A message that cannot be paid for; credits are bought in another tab meanwhile."""
    fan.send(text)
    fan.page.locator(".bubble.is-failed [data-part=buy]").click()
    sheet = fan.page.locator("[data-part=buy-sheet]")
    sheet.locator("input[name=package]").first.wait_for()
    refused_in_place(fan, sheet)
    with fan.context.expect_page() as opened:
        sheet.locator("[data-part=buy-pay]").click()
    assert "other tab" in sheet.locator("[data-part=buy-status]").inner_text()
    opened.value.click("form button")  # the sandbox's pay button
    sheet.wait_for(state="hidden")
    assert fan.page.evaluate("document.activeElement.dataset.part") == "retry"
    opened.value.close()


def refused_in_place(fan, sheet):
    """The sheet says why a purchase is refused and leads to where that is mended; then it can be made."""
    user = User.objects.filter(pk=fan.friend.user.pk)
    user.update(email_verified_at=None)
    Payment.objects.create(
        user=fan.friend.user, request_id=uuid.uuid4(), provider="stripe", package="credits-500", currency="USD",
        amount_minor=500, credits_centi=RISK_UNCONFIRMED_DAY_CENTI, status="paid", paid_at=timezone.now(),
        provider_payment_id="pi_before",
    )  # fmt: skip
    sheet.locator("[data-part=buy-pay]").click()
    sheet.locator("[data-part=buy-status]", has_text="Confirm your e-mail address to buy this much").wait_for()
    assert [way.get_attribute("href") for way in sheet.locator("[data-way]:visible").all()] == ["/verify-email/"]
    user.update(email_verified_at=timezone.now())


def test_every_refusal_of_the_checkout_has_its_own_sentence():
    rules = {rule.code for rule in RULES if rule.weight >= REFUSE}
    problems = (PurchaseRefused, ProviderUnavailable, CoolingOff, RateLimited, IdempotencyConflict, InvalidInput)
    problems += (NotAuthenticated, Suspended, Overloaded)
    texts = chat_texts(peer_name="Ada")
    sentences = [texts[f"buy_refused_{code}"] for code in (*rules, *(problem.code for problem in problems))]
    assert len(set(sentences)) == len(rules) + len(problems)
    assert texts["buy_failed"] not in sentences

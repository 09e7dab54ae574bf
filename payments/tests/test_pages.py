from __future__ import annotations

import re
import uuid

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from credits import selectors as ledger
from pairly.testing.people import PASSWORD, make_user
from payments.models import Payment
from payments.tests.buying import start
from users.models import User

pytestmark = pytest.mark.django_db

BUY = "/credits/buy/"


@pytest.fixture
def fan() -> User:
    user = make_user("fan")
    user.set_password(PASSWORD)
    user.save()
    return user


def browser_of(user: User) -> Client:
    client = Client()
    answer = client.post(reverse("users:sign-in"), {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def fields_of(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    return {name: value for name, value in found if name in ("currency", "nonce")} | {"provider": "stripe"}


def test_the_pages_need_a_sign_in():
    for path in (BUY, f"/credits/payments/{uuid.uuid4()}/"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={path}")


def test_the_buy_page_shows_the_cards_in_the_chosen_currency_without_a_script(shop, fan):
    html = browser_of(fan).get(BUY, {"currency": "INR"}).content.decode()
    for text in ("500", "1,050", "2,200", "5,750", "INR 449.00", "INR 4,499.00"):
        assert text in html
    assert html.count('type="radio"') == 6  # four packages, two providers
    assert html.count("<script") == 2  # what shows news on every page, and what registers the worker
    assert "app/live" in html
    extras = re.findall(r"(\d+) % more credits", html)
    assert extras == ["4", "9", "14"]
    assert re.findall(r"(\d+) % more credits", browser_of(fan).get(BUY).content.decode()) == ["5", "10", "15"]
    assert "USD 5.00" in browser_of(fan).get(BUY, {"currency": "XXX"}).content.decode()


def test_choosing_a_card_leads_to_the_provider_and_a_double_click_buys_once(shop, fan):
    browser = browser_of(fan)
    fields = fields_of(browser.get(BUY, {"currency": "EUR"}).content.decode())
    chosen = {**fields, "package_id": "credits-2200"}
    first, second = browser.post(BUY, chosen), browser.post(BUY, chosen)
    assert first.status_code == second.status_code == 303
    assert first["Location"] == second["Location"]
    assert "EUR 20.00" in httpx.get(first["Location"]).text
    other = browser.post(BUY, {**chosen, "package_id": "credits-500"})
    assert other["Location"] != first["Location"]
    assert Payment.objects.filter(user=fan).count() == 2


def test_a_form_without_a_choice_or_with_an_absent_provider_says_what_to_do(shop, fan, settings):
    browser = browser_of(fan)
    fields = fields_of(browser.get(BUY).content.decode())
    answer = browser.post(BUY, fields)
    assert answer.status_code == 422
    assert "Choose how many credits you want." in answer.content.decode()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    answer = browser.post(BUY, {**fields, "package_id": "credits-500"})
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()
    assert fields_of(answer.content.decode()) == fields


def test_the_return_page_credits_what_was_paid_before_any_notice_came(shop, fan):
    browser = browser_of(fan)
    payment = start(fan)
    path = f"/credits/payments/{payment.uid}/"
    assert "Waiting for your payment" in browser.get(path).content.decode()
    answer = httpx.post(payment.checkout_url)
    assert answer.headers["location"].endswith(path)
    for _ in range(2):
        html = browser.get(path).content.decode()
        assert "your credits are here" in html
        assert reverse("credits:wallet") in html
    assert ledger.get_balance(user_id=fan.pk).balance_centi == 50_000


def test_the_return_page_tells_of_failed_flagged_and_unanswered_payments(shop, fan, settings):
    browser = browser_of(fan)
    expired, flagged, unanswered = start(fan), start(fan), start(fan)
    shop.hold(expired.uid, "expired")
    shop.hold(flagged.uid, "paid", amount_minor=100)
    shop.hold(unanswered.uid, "paid")
    assert "was not completed" in browser.get(f"/credits/payments/{expired.uid}/").content.decode()
    assert "We are checking" in browser.get(f"/credits/payments/{flagged.uid}/").content.decode()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert "Waiting for your payment" in browser.get(f"/credits/payments/{unanswered.uid}/").content.decode()


def test_a_stranger_cannot_open_the_return_page_and_does_not_fulfil_it(shop, fan):
    payment = start(make_user("fan"))
    shop.hold(payment.uid, "paid")
    answer = browser_of(fan).get(f"/credits/payments/{payment.uid}/")
    assert answer.status_code == 404
    assert str(payment.uid) not in answer.content.decode()
    payment.refresh_from_db()
    assert payment.status == "created"


@pytest.mark.parametrize(
    ("given", "offered"),
    [
        ("/conversations/x/", True),
        ("https://elsewhere.example/", False),
        ("//elsewhere.example/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_who_came_to_buy_from_a_page_of_ours_is_led_back_to_it(shop, fan, given, offered):
    browser, payment = browser_of(fan), start(fan)
    browser.get(BUY, {"next": given})
    httpx.post(payment.checkout_url)
    page = browser.get(f"/credits/payments/{payment.uid}/").content.decode()
    assert "your credits are here" in page
    assert ('href="/conversations/x/"' in page) is offered
    assert ("Back to where you were" in page) is offered
    assert "elsewhere" not in page

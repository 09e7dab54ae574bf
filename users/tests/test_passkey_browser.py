"""Passkeys in Chromium with its virtual authenticator, through the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential
from playwright.sync_api import Browser, Page
from pytest_django import DjangoDbBlocker

from pairly.testing.browser import Watch
from pairly.testing.fixtures import free_port, own_database, running_daphne
from pairly.testing.people import PASSWORD, make_user
from users.models import Session

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PASSKEY = "pairly-passkey button"


@pytest.fixture(scope="module")
def address(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The server by its name, to which passkeys are bound."""
    folder, port = tmp_path_factory.mktemp("passkeys"), free_port()
    ports = {"SANDBOX_PORT": str(port)}
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder, **ports) as server:
        yield server.url.replace("127.0.0.1", "localhost")


def at(path: str) -> re.Pattern[str]:
    """The address of a path of the server, not one that only leads there."""
    return re.compile(rf"^http://[\w.]+:\d+{re.escape(path)}$")


class Person:
    """Somebody at a browser whose device can make passkeys."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.user = make_user("fan", name="Robin Fan")
        self.user.set_password(PASSWORD)
        self.user.save()
        self.context = browser.new_context(base_url=address)
        self.page: Page = self.context.new_page()
        self.watch = Watch(self.page)
        self._devices = self.context.new_cdp_session(self.page)
        self._devices.send("WebAuthn.enable")
        made = self._devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self._device: dict[str, Any] = {"authenticatorId": made["authenticatorId"]}

    def sign_in(self) -> None:
        self.page.goto("/sign-in/?next=/account/passkeys/")
        self.page.fill("input[name=email]", self.user.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url(at("/account/passkeys/"))

    def make_passkey(self, name: str) -> None:
        self.page.fill("[data-part=name]", name)
        self.page.click("pairly-passkeys [data-part=start]")

    def sign_out(self) -> None:
        self.page.click("[popovertarget=user-menu]")
        self.page.click("#user-menu form button")
        self.page.wait_for_url(at("/sign-in/"))

    def be_verified(self, is_verified: bool) -> None:
        self._devices.send("WebAuthn.setUserVerified", {**self._device, "isUserVerified": is_verified})

    @property
    def n_on_the_device(self) -> int:
        return len(self._devices.send("WebAuthn.getCredentials", self._device)["credentials"])


@pytest.fixture
def person(address: str, chromium: Browser) -> Iterator[Person]:
    somebody = Person(chromium, address)
    yield somebody
    somebody.context.close()


def _rows(page: Page) -> list[str]:
    return page.locator(".line .line-title").all_inner_texts()


def test_a_passkey_is_made_used_to_sign_in_and_to_step_up_and_is_refused_once_removed(person: Person) -> None:
    page = person.page
    person.sign_in()
    person.make_passkey("My laptop")
    page.wait_for_selector("[data-part=made]:not([hidden])")
    assert page.locator("[data-part=codes] li").count() == 10
    assert page.evaluate("document.activeElement.id") == "made-passkey"
    page.click("[data-part=made] a")
    page.wait_for_selector(".line")
    assert _rows(page) == ["My laptop"]
    assert person.n_on_the_device == 1

    person.sign_out()
    page.goto("/sign-in/?next=/inbox/")
    page.click(PASSKEY)
    page.wait_for_url(at("/inbox/"))
    session = Session.objects.get(user=person.user, ended_at__isnull=True)
    assert (session.kind, session.factor) == ("web", "passkey")

    Session.objects.filter(pk=session.pk).update(stepped_up_at=None)
    _step_up(page)
    session.refresh_from_db()
    assert session.stepped_up_at is not None

    page.goto("/account/passkeys/")
    page.click(".line details summary")
    page.click(".line details button")
    page.wait_for_selector(".empty")
    assert not WebAuthnCredential.objects.filter(user=person.user).exists()
    assert person.watch.list_complaints() == []

    person.sign_out()
    page.click(PASSKEY)
    page.get_by_text("This passkey was not accepted").wait_for()
    assert "/sign-in/" in page.url
    assert page.locator(PASSKEY).get_attribute("aria-busy") is None


def _step_up(page: Page) -> None:
    """The button as the page of the step-up has it: that page has other ways too and is another's."""

    page.goto("/account/passkeys/")
    page.evaluate(
        """() => {
          const element = document.createElement("pairly-passkey");
          element.dataset.purpose = "step-up";
          element.dataset.next = "/account/passkeys/?stepped-up";
          const button = document.createElement("button");
          button.dataset.part = "start";
          button.textContent = "Use a passkey";
          const message = document.createElement("p");
          message.dataset.part = "message";
          element.append(button, message);
          document.querySelector("main").append(element);
        }"""
    )
    page.click("pairly-passkey [data-part=start]")
    page.wait_for_url(at("/account/passkeys/?stepped-up"))


def test_a_device_has_one_passkey_of_an_account(person: Person) -> None:
    person.sign_in()
    person.make_passkey("First")
    person.page.click("[data-part=made] a")
    person.make_passkey("Second")
    person.page.get_by_text("has a passkey for your account already").wait_for()
    assert _rows(person.page) == ["First"]


def test_a_device_that_does_not_verify_its_owner_makes_none_and_signs_nobody_in(person: Person) -> None:
    page = person.page
    person.sign_in()
    person.be_verified(False)
    person.make_passkey("Lost phone")
    page.get_by_text("No passkey was made").wait_for()
    assert not WebAuthnCredential.objects.filter(user=person.user).exists()
    person.be_verified(True)
    person.make_passkey("My phone")
    page.wait_for_selector("[data-part=made]:not([hidden])")
    person.sign_out()
    person.be_verified(False)
    page.click(PASSKEY)
    page.get_by_text("No passkey was used").wait_for()
    assert not Session.objects.filter(user=person.user, ended_at__isnull=True).exists()


def test_a_new_passkey_asks_for_a_fresh_proof_first(person: Person) -> None:
    """The refusal in words, where the page has no way to prove it."""
    page = person.page
    person.sign_in()
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Session.objects.filter(user=person.user).update(stepped_up_at=an_hour_ago)
    page.locator("pairly-passkeys").evaluate("(element) => element.removeAttribute('data-step-up')")
    person.make_passkey("Thief")
    page.get_by_text("Confirm that it is you").wait_for()
    assert person.n_on_the_device == 0


def test_an_address_that_is_a_number_says_where_to_go(person: Person, address: str) -> None:
    page, by_number = person.page, address.replace("localhost", "127.0.0.1")
    page.goto(f"{by_number}/sign-in/?next=/account/passkeys/")
    assert page.locator(PASSKEY).is_hidden()
    page.fill("input[name=email]", person.user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    link = page.locator("[data-part=unable] a")
    link.wait_for()
    assert link.get_attribute("href") == f"{address}/account/passkeys/"
    assert page.locator("[data-part=add]").is_hidden()


def test_without_scripts_the_pages_say_what_is_missing(chromium: Browser, address: str) -> None:
    user = make_user("fan")
    user.set_password(PASSWORD)
    user.save()
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in/?next=/account/passkeys/")
    assert page.locator(PASSKEY).is_hidden()
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(at("/account/passkeys/"))
    assert page.locator("noscript p").is_visible()
    assert page.locator("[data-part=add]").is_hidden()
    context.close()

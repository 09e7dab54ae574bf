"""The seeded product and the people who look at its pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from pairly.demo.logins import demo_file
from pairly.testing import demo
from pairly.testing.fixtures import free_port, own_database, running_daphne
from pairly.testing.people import PASSWORD, make_staff, make_user, sign_in_as
from payments.models import Payment
from payments.tests.sandboxes import SECRET, running_sandbox
from users.models import User

# The smallest world that has every kind of page: `seed_demo`'s options.
SEED_OPTIONS = ("--creators", "6", "--fans", "3")


@dataclass(kw_only=True)
class World:
    """A server with the demo on it; `contexts` are the browser profiles of its people."""

    url: str
    logins: dict[str, demo.Login]
    contexts: dict[str, object] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    def uid_of(self, email):
        return User.objects.get(email=email).uid

    def policy(self):
        """The content policy of an ordinary page."""
        return httpx.get(f"{self.url}/prices/").headers["Content-Security-Policy"]


def seed(folder):
    """Fill the database with the demo; gives the logins. `folder` takes the file that holds them."""
    # A folder of its own for the logins: other workers seed other databases at the same time.
    with override_settings(VAR_DIR=folder):
        call_command("seed_demo", *SEED_OPTIONS, verbosity=0, stdout=io.StringIO())
        return demo.read_logins(demo_file())


@contextmanager
def seeded_server(blocker, folder) -> Iterator[World]:
    """The demo on a database of its own behind the real server, the payment sandbox beside it."""
    port = free_port()
    environment = {"SANDBOX_PORT": str(port), "STRIPE_WEBHOOK_SECRET": SECRET, "SHOW_DESIGN": "true"}
    with own_database(blocker) as name, running_daphne(database=name, log_folder=folder, **environment) as server:
        webhook_url = f"{server.url}/api/v1/payments/webhook/stripe"
        with running_sandbox(folder, port=port, webhook_url=webhook_url):
            yield World(url=server.url, logins=seed(folder))


def enter(world, browser):
    """Every persona's browser profile: signed in, keys opened, so far as the persona has any."""
    newcomer = make_user("fan", name="Nia Newcomer")
    newcomer.set_password(PASSWORD)
    newcomer.save()
    fan, creator = world.logins[demo.FAN], world.logins[demo.CREATOR]
    new = demo.Login(email=newcomer.email, password=PASSWORD)
    for persona, login, has_keys in (
        ("stranger", None, False),
        ("newcomer", new, False),
        ("locked", fan, False),
        ("fan", fan, True),
        ("creator", creator, True),
    ):
        context = browser.new_context(base_url=world.url)
        world.contexts[persona] = context
        page = context.new_page()
        if login:
            demo.sign_in(page, login=login)
        if has_keys:
            demo.unlock(page, login=login)
            world.paths[f"{persona} conversation"] = demo.first_link(page, within="/inbox/", to="/conversations/")
        page.close()
    enter_as_staff(world, browser)
    world.paths["creator"] = f"/creators/{world.uid_of(demo.CREATOR)}/"
    buy(world)


def enter_as_staff(world, browser):
    """An admin's browser profile: signed in with a strong second factor, without the pages on the way there."""
    client = sign_in_as(make_staff("admin", name="Ada Admin"))
    name = settings.SESSION_COOKIE_NAME
    context = world.contexts["staff"] = browser.new_context(base_url=world.url)
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": world.url}])


def buy(world):
    """Two payments of the fan: one is left open, one is paid."""
    page = world.contexts["fan"].new_page()
    sandbox = re.compile(rf"^(?!{re.escape(world.url)}/).*")
    for _ in range(2):
        page.goto("/credits/buy/")
        page.locator("[name=package_id]").first.check(force=True)
        page.locator("form", has=page.locator("[name=package_id]")).locator("[type=submit]").click()
        page.wait_for_url(sandbox)
        world.paths["open payment"] = world.paths.get("paid payment", "")
        world.paths["paid payment"] = f"/credits/payments/{Payment.objects.latest('pk').uid}/"
    page.click("form button")  # the sandbox's pay button
    page.wait_for_url("**/credits/payments/**")
    page.close()

"""The seeded product and the people who look at its pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone

from credits.services import purchases
from moderation.models import WorkItem
from pairly.common.ids import uuid7
from pairly.demo.logins import demo_file
from pairly.testing import demo
from pairly.testing.fixtures import free_port, own_database, running_daphne
from pairly.testing.people import PASSWORD, make_user, sign_in_as
from payments.models import Payment
from payments.tests.sandboxes import SECRET, running_sandbox
from security.services import attempts, audit, bans
from security.types import Client as Visitor
from security.types import Door
from users.constants import DELETION_GRACE, SESSION_KEY
from users.models import AccountClosure, DataExport, User
from users.services import challenges, invitations, recoveries, sessions, suspensions
from users.session_store import SessionStore
from users.types import Device, SignIn

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
    world.paths["creator"] = f"/creators/{world.uid_of(demo.CREATOR)}/"
    buy(world)
    employ(world, browser, newcomer)
    stop_some(world, browser)


def stop_some(world, browser):
    """Who is suspended, rests or leaves; who has a copy of their data, or waits for it, or was looked at."""
    now = timezone.now()
    for persona in ("suspended", "resting", "leaving", "careful"):
        user = make_user("fan", name=f"{persona.title()} Sam")
        user.set_password(PASSWORD)
        user.save()
        limit = ""
        if persona == "suspended":
            until = now + timedelta(days=7)
            suspensions.suspend(user=user, until=until, reasons=["harassment", "spam"])
            DataExport.objects.create(user=user, state="running", n_parts=8, n_done=3, started_at=now)
            limit = "suspended"
        elif persona == "careful":
            leave_traces(user)
        else:
            fields = (
                {"kind": "rest"} if persona == "resting" else {"kind": "deletion", "erase_at": now + DELETION_GRACE}
            )
            AccountClosure.objects.create(user=user, **fields)
            User.objects.filter(pk=user.pk).update(is_active=False)
            limit = "closing"
        world.contexts[persona] = signed_in(world, browser, user, limit)


def leave_traces(user):
    """Credits on the account, a copy that is ready and one that failed, and somebody who looked."""
    now = timezone.now()
    purchases.record_purchase(
        user_id=user.pk, op_id=uuid7(), credits_centi=20_000, currency="USD", amount_minor=200, payment_uid=uuid7()
    )
    ready = {"state": "ready", "file_name": "x", "n_bytes": 123_456, "ready_at": now}
    DataExport.objects.create(user=user, n_parts=8, n_done=8, expires_at=now + timedelta(days=7), **ready)
    DataExport.objects.create(user=user, state="failed")
    look = {"action": "staff.sign_ins_viewed", "reason": "You asked us why you could not sign in"}
    audit.record(actor_uid=uuid7(), subject_uid=user.uid, by_staff=True, is_private_view=True, **look)


def signed_in(world, browser, user, limit):
    """A browser that is signed in already: the limit of the page of signing in is for others."""
    client = Visitor(ip="127.0.0.1", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    started = sessions.start_session(user=user, kind="web", client=client, limit=limit)
    store = SessionStore()
    store[SESSION_KEY] = str(started.session.pk)
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    context = browser.new_context(base_url=world.url)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": store.session_key, "url": world.url}])
    return context


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


def employ(world, browser, newcomer):
    """An admin in a browser, somebody invited, and two who lost their second factor: one has asked, one is about to."""
    admin = User.objects.get(email="admin@demo.pairly.example")
    carry(world, browser, "staff", sign_in_as(admin))
    proof = SignIn(admin.uid, admin.uid, stepped_up_at=timezone.now())
    visitor = Visitor(ip="192.0.2.7")
    for name, roles in (("grace", ["support"]), ("alan", ["finance", "moderator"])):
        email = f"{name}@demo.pairly.example"
        made = invitations.invite(by=admin, sign_in=proof, email=email, roles=roles, client=visitor)
    invitations.revoke(by=admin, sign_in=proof, uid=made.uid, client=visitor)
    bans.ban_for_flood(ip="203.0.113.7")
    for network in ("198.51.100.0/24", "2001:db8:7::1"):
        lasts = timedelta(days=7)
        made_ban = bans.ban(network=network, lasts=lasts, reason="Scripted sign-ups", by_uid=admin.uid, client=visitor)
    bans.lift(uid=made_ban.uid, by_uid=admin.uid, client=visitor)
    ask(waiting_token(newcomer))
    case = WorkItem.objects.get(kind="factor_recovery")
    member = User.objects.get(email="moderator2@demo.pairly.example")
    world.paths |= {
        "recovery case": f"/staff/cases/{case.uid}/",
        "member": f"/staff/people/{member.uid}/",
        "member self": f"/staff/people/{admin.uid}/",
    }
    waiting = Client()
    session = waiting.session
    session["second_step"] = waiting_token(make_user("fan", name="Flora Forgetful"))
    session.save()
    waiting.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    carry(world, browser, "waiting", waiting)


def ask(token):
    recoveries.request(token=token, reason="My phone fell into a lake.", client=Visitor(ip="192.0.2.7"))


def waiting_token(user):
    """A sign-in with the right password that waits for its second step."""
    visitor = Visitor(ip="192.0.2.7")
    reserved = attempts.reserve(identifier=user.email, client=visitor, door=Door.PAGE, user_uid=user.uid)
    way_in = {"kind": "web", "door": Door.PAGE, "client": visitor, "device": Device()}
    with transaction.atomic():
        return challenges.begin(user=user, needs="factor", attempt_id=reserved.attempt_id, **way_in).token


def carry(world, browser, persona, client):
    """A browser profile with the session of Django's test client."""
    context = browser.new_context(base_url=world.url)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": world.url}])
    world.contexts[persona] = context

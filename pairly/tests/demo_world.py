"""The seeded product and the people who look at its pages."""

from __future__ import annotations

import io
import re
import uuid
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
from messaging.services import answers
from moderation.certificates.services import issuing, revoking
from moderation.models import Certificate, WorkItem
from moderation.tests.certifying import certify, make_certified
from pairly.common.ids import uuid7
from pairly.demo.logins import demo_file
from pairly.testing import demo
from pairly.testing.fixtures import free_port, own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD, make_staff, make_user, sign_in_as
from payments.gateways.base import ProviderDispute, ProviderPayment, ProviderStatus
from payments.models import Payment, ShopItem
from payments.services import payout_by_hand, payout_reviews, returns
from payments.shop.services import items
from payments.shop.services import unlocks as shop
from payments.tests import paying_out
from payments.tests.sandboxes import SECRET, running_sandbox
from security.services import attempts, audit, bans
from security.types import Client as Visitor
from security.types import Door
from users.constants import DELETION_GRACE, SESSION_KEY
from users.models import AccountClosure, Announcement, DataExport, Session, User
from users.services import (
    announcements,
    blocks,
    challenges,
    invitations,
    push_devices,
    recoveries,
    sessions,
    suspensions,
)
from users.session_store import SessionStore
from users.types import Device, SignIn

from .demo_trust import judge, organise
from .demo_verifications import verify

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
    world.paths["block creator"] = f"/account/blocked/{world.uid_of(demo.CREATOR)}/"
    buy(world)
    trade(world)
    certify_some(world)
    employ(world, browser, newcomer)
    stop_some(world, browser)
    judge(world)
    organise(world)


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
    kept_away = User.objects.filter(role="creator").exclude(email=demo.CREATOR).order_by("pk")[:3]
    for other, reason in zip(kept_away, ("Asked for my address again and again.", "", "Rude"), strict=True):
        blocks.block(user=user, uid=other.uid, reason=reason)


def signed_in(world, browser, user, limit, *, is_proven=False):
    """A browser that is signed in already: the limit of the page of signing in is for others."""
    client = Visitor(ip="127.0.0.1", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    started = sessions.start_session(user=user, kind="web", client=client, limit=limit)
    if is_proven:
        Session.objects.filter(pk=started.session.pk).update(stepped_up_at=timezone.now() + timedelta(hours=1))
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
        uid = Payment.objects.latest("pk").uid
        world.paths |= {"paid payment": f"/credits/payments/{uid}/", "payment to refund": f"/staff/payments/{uid}/"}
    page.click("form button")  # the sandbox's pay button
    page.wait_for_url("**/credits/payments/**")
    page.close()
    fan = User.objects.get(email=world.logins[demo.FAN].email)
    for name, status, refunded in (("failed", "failed", 0), ("refunded", "paid", 200), ("disputed", "disputed", 0)):
        world.paths[f"{name} payment"] = f"/credits/payments/{_past_payment(fan, status, refunded).uid}/"


def _past_payment(fan, status, refunded_minor):
    """A payment that the provider is not asked about any more; its money is not in the ledger."""
    proof = {} if status == "failed" else {"provider_payment_id": uuid.uuid4().hex, "paid_at": timezone.now()}
    return Payment.objects.create(
        user=fan, request_id=uuid.uuid4(), provider="razorpay", package="credits-500", currency="INR",
        amount_minor=449_00, credits_centi=500_00, status=status, refunded_minor=refunded_minor, **proof,
    )  # fmt: skip


def trade(world):
    """The fan has one of the creator's wares in the library, the creator a draft and a sale that was given back."""
    fan, creator = (User.objects.get(email=email) for email in (demo.FAN, demo.CREATOR))
    on_sale = ShopItem.objects.filter(seller=creator, state="on_sale", price_centi__lt=20_000)
    wares = list(on_sale.order_by("pk"))
    purchases.grant_promo(user_id=fan.pk, op_id=uuid7(), credits_centi=50_000)
    bought = [
        shop.unlock_item(user=fan, uid=ware.uid, price_centi=ware.price_centi, idempotency_key=uuid7()).unlock
        for ware in wares
    ]
    shop.refund_unlock(user=creator, uid=bought[-1].uid)
    draft = items.create_item(user=creator, title="Spoons, unfinished", price_centi=6_000)
    world.paths |= {
        "shop": f"/creators/{creator.uid}/shop/",
        "ware": f"/shop/items/{wares[-1].uid}/",
        "bought ware": f"/shop/items/{wares[0].uid}/",
        "bought": f"/library/{bought[0].uid}/",
        "own ware": f"/shop/items/{wares[0].uid}/edit/",
        "draft": f"/shop/items/{draft.uid}/edit/",
    }


def certify_some(world):
    """The creator's certificate after one that they took back, and two of others: expired, and revoked."""
    creator, now = User.objects.get(email=demo.CREATOR), timezone.now()
    first = certify(creator)
    revoking.take_back(user=creator, code=first.code)
    valid = issuing.issue(verification=first.verification)
    expired = make_certified("Noor Haddad")
    past = {"issued_at": now - timedelta(days=731), "expires_at": now - timedelta(days=1)}
    Certificate.objects.filter(pk=expired.pk).update(**past)
    world.paths |= {
        "certificate": f"/verify/{valid.code}?on={creator.uid}",
        "certificate copied": f"/verify/{valid.code}?on={expired.user.uid}",
        "certificate expired": f"/verify/{expired.code}",
        "certificate revoked": f"/verify/{first.code}",
    }


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
    announce(admin, proof, visitor)
    pay_out(world, browser)
    verify(world, admin, lambda user: signed_in(world, browser, user, ""))
    ask(waiting_token(newcomer))
    case = WorkItem.objects.get(kind="factor_recovery")
    member = User.objects.get(email="moderator2@demo.pairly.example")
    world.paths |= {
        "recovery case": f"/staff/cases/{case.uid}/",
        "dispute case": f"/staff/cases/{dispute()}/",
        "payment dispute case": f"/staff/cases/{disputed_payment(world, browser)}/",
        "member": f"/staff/people/{member.uid}/",
        "member self": f"/staff/people/{admin.uid}/",
    }
    waiting = Client()
    session = waiting.session
    session["second_step"] = waiting_token(make_user("fan", name="Flora Forgetful"))
    session.save()
    waiting.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    carry(world, browser, "waiting", waiting)


def dispute():
    """A reply that a fan calls no answer; the case of staff."""
    fan = PenFriend("fan", name="Robin Fan", credits_centi=50_000)
    letters = Letters(fan=fan, creator=PenFriend("creator", name="Mara Lindqvist", price_centi=5_000))
    sent = letters.write(fan, "What do you think of my song?")
    letters.write(letters.creator, "ok")
    words = "Two letters, and I had asked about the bridge."
    made, _ = answers.say_no_answer(
        user=fan.user, conversation_uid=letters.uid, message_id=sent.message_id, reason="empty", words=words
    )
    return WorkItem.objects.get(kind="no_answer", ref=made.uid).uid


def pay_out(world, browser):
    """A creator with accounts and with payouts in several states, the last of them a case for two people of staff."""
    payee = paying_out.make_payee(earned_centi=12_000_000, name="Leonie Sandoval-Aguirre")
    world.contexts["payee"] = signed_in(world, browser, payee, "", is_proven=True)
    beginner = paying_out.make_payee(earned_centi=0, name="Noor Beginner")
    world.contexts["beginner"] = signed_in(world, browser, beginner, "", is_proven=True)
    method = paying_out.add(payee)
    other = {**paying_out.MANUAL, "account_number": "GB82 WEST 1234 5698 7654 32", "bank_name": "First Harbour Bank"}
    paying_out.add(payee, is_locked=True, country="GB", details=other)
    paid = paying_out.approved(payee, method)
    payout_by_hand.mark_sent(staff=make_staff("finance"), uid=paid.uid, reference="SEPA 2026 17")
    refused = paying_out.ask(payee, method, 300_000)
    note = "Your bank calls you otherwise. Add the account once more, as it is written on your card."
    payout_reviews.reject(staff=make_staff("finance"), uid=refused.uid, reason="name_mismatch", note=note)
    waiting = paying_out.approved(payee, method, 212_300)
    asked = paying_out.ask(payee, method, paying_out.LARGE)
    paying_out.earn(payee, 80_000, at=timezone.now() - timedelta(days=1))
    world.paths |= {
        "payout": f"/payouts/{asked.uid}/",
        "payout paid": f"/payouts/{paid.uid}/",
        "payout refused": f"/payouts/{refused.uid}/",
        "payout confirm": f"/payouts/request/?amount=60000&method={method.uid}",
        "payout case": f"/staff/cases/{WorkItem.objects.get(kind='payout', ref=asked.uid).uid}/",
        "transfer": f"/staff/transfers/{waiting.uid}/",
        "transfer paid": f"/staff/transfers/{paid.uid}/",
    }


def disputed_payment(world, browser):
    """A bank wants money back of which some is spent, some held and some left; the case of staff."""
    fan = PenFriend("fan", name="Quinn Fan")
    now = timezone.now()
    payment = Payment.objects.create(
        user=fan.user, request_id=uuid.uuid4(), provider="stripe", package="credits-500", currency="USD",
        amount_minor=500, credits_centi=50_000, status="paid", paid_at=now, provider_payment_id="pi_3QvR0a2eZvKYlo2C",
    )  # fmt: skip
    purchases.record_purchase(
        user_id=fan.user.pk, op_id=payment.uid, credits_centi=50_000, currency="USD", amount_minor=500,
        payment_uid=payment.uid,
    )  # fmt: skip
    letters = Letters(fan=fan, creator=PenFriend("creator", name="Mara Lindqvist", price_centi=5_000))
    for who, words in ((fan, "Would you listen to this?"), (letters.creator, "Gladly!"), (fan, "And to this?")):
        letters.write(who, words)
    dispute = ProviderDispute(
        id="du_1QvR0a2eZvKYlo2C", amount_minor=500, state="open", reason="fraudulent", fee_minor=1_500,
        evidence_due_at=now + timedelta(days=7),
    )  # fmt: skip
    truth = ProviderPayment(
        session_id="", reference=str(payment.uid), status=ProviderStatus.PAID, amount_minor=500, currency="USD",
        provider_object_id="pi_3QvR0a2eZvKYlo2C", livemode=False, disputes=(dispute,),
    )  # fmt: skip
    with transaction.atomic():
        returns.apply(payment=payment, truth=truth)
    creator = letters.creator.user
    world.contexts |= {
        name: signed_in(world, browser, user, "") for name, user in (("debtor", fan.user), ("touched", creator))
    }
    item = WorkItem.objects.get(kind="payment_dispute")
    world.paths |= {
        "money back": f"/credits/money-back/{item.ref}/",
        "touched case": f"/earnings/money-back/{item.ref}/",
        "payment of staff": f"/staff/payments/{payment.uid}/",
        "evidence for the bank": f"/staff/disputes/{item.ref}/evidence/",
        "disputed by the debtor": f"/credits/payments/{payment.uid}/",
    }
    return item.uid


def announce(admin, proof, visitor):
    """One of each state that staff see, and two browsers of the fan that are told of them."""
    now = timezone.now()
    given = {"by": admin, "sign_in": proof, "client": visitor}
    words = {
        "body": "Discovery knows topics now.\n\nSay what you think: https://pairly.example/help",
        "audience": "all",
    }
    announcements.publish(**given, title="Find people by what they talk about", **words)
    announcements.publish(
        **given, title="Payouts rest on 1 January", **words | {"audience": "creator"}, starts_at=now + timedelta(days=9)
    )
    over = announcements.publish(**given, title="Maintenance on Sunday", **words, ends_at=now + timedelta(hours=1))
    Announcement.objects.filter(pk=over.uid).update(
        starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=2), told_at=now
    )
    gone = announcements.publish(**given, title="Sent too early", **words)
    announcements.withdraw(**given, uid=gone.uid)
    fan = User.objects.get(email=demo.FAN)
    for number, name in enumerate(("Firefox on Linux", "Chrome on Android")):
        family = fan.sign_in_sessions.filter(parent__isnull=True, ended_at__isnull=True).latest("created_at").pk
        push_devices.register(
            user=fan,
            sign_in=SignIn(fan.uid, family),
            endpoint=f"https://web.push.apple.com/{number}",
            client=visitor,
            name=name,
        )


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

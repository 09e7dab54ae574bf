"""Scripted fraud raises alerts for the right reasons; a crowd of ordinary people raises none."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from credits.services import purchases
from moderation.models import WorkItem
from moderation.tests import fraud_world as world
from pairly.testing.people import make_user
from payments.errors import PurchaseRefused
from payments.services import checkout as checkout_service
from payments.services import fulfilment
from payments.tests import paying_out
from payments.tests.buying import deliver_all, work
from payments.tests.conftest import sandbox, shop  # noqa: F401 - fixtures
from security import fraud_selectors
from security.models import FraudAlert, RiskDecision, SecurityEvent
from users.models import User

pytestmark = pytest.mark.django_db


def test_a_ring_with_stolen_cards_is_one_alert_with_its_reasons_and_accounts(shop):  # noqa: F811
    mule = make_user("creator")
    ring = [world.sign_up(ip=world.RENTED, device="one-phone-" + "x" * 20, mail="mailinator.com") for _ in range(4)]
    for n, thief in enumerate(ring):
        cards = [(f"stolen-{n}-{m}", "US") for m in range(3)]
        payment = world.buy(thief, shop, ip=world.RENTED, declined=cards[:2], paid=cards[2])
        world.spend(thief, mule, 50_000)
        if n < 2:
            deliver_all(shop.hold(payment.uid, "disputed"))
            work()
    world.score()
    alert = FraudAlert.objects.get()
    assert (alert.pattern, alert.state) == ("stolen_card", "open")
    expected = {"many_cards", "ring_of_declines", "ring_of_disputes", "disputed_before", "device_of_several_accounts"}
    assert expected | {"card_of_other_country", "hosting_network", "disposable_mail"} <= set(alert.rules)
    linked = {row.user_uid: set(row.links) for row in alert.accounts.all()}
    assert all("device" in linked[thief.uid] for thief in ring)
    item = WorkItem.objects.get(kind="fraud_alert")
    assert (item.ref, item.subject_uid) == (alert.uid, alert.user_uid)
    assert set(alert.decisions.values_list("event", flat=True)) >= {"account"}


def test_who_tries_card_after_card_is_stopped_at_the_next_purchase(shop):  # noqa: F811
    thief = world.sign_up(ip=world.RENTED, device="a-phone-" + "x" * 20, mail="mailinator.com")
    payment = None
    for n in range(6):
        with world.coming_from(world.RENTED):
            payment = payment or world.start(thief)
        deliver_all(shop.hold(payment.uid, "declined", card_fingerprint=f"c{n}", card_country="US"))
        work()
    with pytest.raises(PurchaseRefused) as refusal:
        world.start(thief)
    assert refusal.value.extra["reasons"] == ["risk"]  # which rules spoke is not told
    decision = RiskDecision.objects.filter(user_uid=thief.uid, event="purchase").latest("pk")
    assert decision.action == "block"
    assert {"declines_many", "many_cards"} <= {reason["code"] for reason in decision.reasons}
    assert FraudAlert.objects.get().action == "block"
    assert WorkItem.objects.get(kind="fraud_alert").severity == WorkItem.Severity.HIGH


def test_a_fan_on_the_creators_own_device_is_self_dealing_and_vetoes_the_payout():
    device = "shared-laptop-" + "y" * 20
    creator = world.sign_up(role="creator", ip=world.HOME_GB, device=device)
    creator.verification_level = User.VerificationLevel.DOCUMENT
    creator.save(update_fields=["verification_level"])
    paying_out.give_factor(creator)
    fan = world.sign_up(ip=world.HOME_GB, device=device)
    paying_out.earn(creator, 600_000, fan=fan, at=timezone.now() - timedelta(days=20))
    world.score()
    alert = FraudAlert.objects.get()
    assert alert.pattern == "self_dealing"
    assert {"pays_from_own_device", "pays_from_own_address", "one_payer", "few_messages_for_much"} <= set(alert.rules)
    assert {row.user_uid for row in alert.accounts.all()} == {creator.uid, fan.uid}
    payout = paying_out.ask(creator, paying_out.add(creator))
    assert payout.risk["fraud"]["action"] == "block"
    assert payout.needs_two  # refused by no program: two people look
    decision = RiskDecision.objects.get(user_uid=creator.uid, event="payout")
    assert (decision.action, decision.score) == ("block", 100)
    assert {"code": "pays_from_own_device_at_payout", "weight": 100, "veto": True} in decision.reasons
    assert FraudAlert.objects.get().action == "block"  # the same alert, graver
    assert WorkItem.objects.get(kind="fraud_alert").severity == WorkItem.Severity.HIGH
    assert WorkItem.objects.get(kind="payout").severity == WorkItem.Severity.HIGH


def test_accounts_that_collect_given_credits_for_one_creator_are_a_promo_ring():
    collector = make_user("creator")
    ring = [world.sign_up(ip=world.HOME_IN, device="farm-" + "z" * 20) for _ in range(5)]
    for one in ring:
        purchases.grant_promo(user_id=one.pk, op_id=uuid.uuid4(), credits_centi=10_000)
        world.spend(one, collector, 10_000)
    world.score()
    alert = FraudAlert.objects.get()
    assert alert.pattern == "promo_ring"
    assert {"promo_ring", "lives_on_promo"} <= set(alert.rules)
    assert {one.uid for one in ring} <= {row.user_uid for row in alert.accounts.all()}


def test_a_payout_that_could_not_be_scored_is_an_urgent_case(monkeypatch):
    monkeypatch.setattr(fraud_selectors, "_OWN", "SELECT * FROM security_no_such_table")
    creator = paying_out.make_payee()
    payout = paying_out.ask(creator, paying_out.add(creator))
    assert "fraud" in payout.risk["unknown"]
    assert WorkItem.objects.get(kind="payout", ref=payout.uid).severity == WorkItem.Severity.HIGH
    assert FraudAlert.objects.count() == 0


def test_two_hundred_ordinary_fans_raise_nothing(monkeypatch):
    gateway = world.QuickGateway()
    for module in (checkout_service, fulfilment):
        monkeypatch.setattr(module, "get_gateway", lambda **_: gateway)
    creators = [make_user("creator") for _ in range(20)]
    homes = ("DE", "79.192"), ("GB", "81.2"), ("IN", "49.36")
    for n in range(200):
        country, network = homes[n % 3]
        # Three live together, twenty sit in one library, some travel by a rented machine, most are at home.
        place = n // 3 if n < 60 else 250 if n < 80 else n
        ip = world.RENTED if n % 20 == 19 else f"{network}.{64 + place // 200}.{1 + place % 200}"
        fan = world.sign_up(
            ip=ip, device=f"phone-of-{n}-" + "p" * 20, mail="mailinator.com" if n % 40 == 7 else "x.org"
        )
        if n % 5 == 0:
            world.come_back(fan, ip=ip, device=f"laptop-of-{n}-" + "l" * 20)
        if n % 50 == 3:
            world.come_back(fan, ip=world.HOME_AT, device=f"phone-of-{n}-" + "p" * 20)
        for _ in range(1 + n % 3):
            gateway.buy(fan, ip=ip, card=(f"card-of-{n}", "US" if n % 25 == 4 else country))
        if n % 10 == 0:
            purchases.grant_promo(user_id=fan.pk, op_id=uuid.uuid4(), credits_centi=5_000)
        for m in range(1 + n % 4):
            world.spend(fan, creators[(n + 7 * m) % 20], 9_000)
    world.score()
    assert SecurityEvent.objects.filter(kind="sign_up").count() == 200
    assert SecurityEvent.objects.filter(kind="spend").count() > 300
    strict = RiskDecision.objects.exclude(action="allow").exclude(event="sign_in")
    assert [(row.event, row.reasons) for row in strict] == []
    assert FraudAlert.objects.count() == 0

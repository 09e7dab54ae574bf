from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from pairly.testing.people import make_user
from payments import risk_selectors
from payments.constants import (
    RISK_DAY_CENTI,
    RISK_FAILED_REFUSE,
    RISK_FAILED_REVIEW,
    RISK_NEW_DAY_CENTI,
    RISK_STARTED_DAY,
    RISK_UNCONFIRMED_DAY_CENTI,
)
from payments.errors import PurchaseRefused
from payments.models import Payment
from payments.services import risk
from payments.tests.buying import Buyer, start
from payments.tests.test_pages import BUY, browser_of, fan, fields_of
from payments.types import PurchaseFacts
from security.models import RiskDecision

__all__ = ["fan"]

pytestmark = pytest.mark.django_db
CALM = PurchaseFacts(
    account_age_hours=1000,
    is_email_confirmed=True,
    n_started_day=0,
    n_failed_day=0,
    n_lost=0,
    n_disputed=0,
    paid_day_centi=0,
    debt_centi=0,
)


def paid(user, *, status="paid", hours_ago=0.0, credits_centi=500_00):
    """A payment that is over, as the provider told of it."""
    at = timezone.now() - timedelta(hours=hours_ago)
    proof = {"provider_payment_id": uuid.uuid4().hex, "paid_at": at} if status not in ("failed", "expired") else {}
    return Payment.objects.create(
        user=user, request_id=uuid.uuid4(), provider="stripe", package="credits-500", currency="USD", amount_minor=500,
        credits_centi=credits_centi, status=status, created_at=at, **proof,
    )  # fmt: skip


def judged(monkeypatch, amount_centi=500_00, **facts):
    monkeypatch.setattr(risk_selectors, "get_purchase_facts", lambda **_: replace(CALM, **facts))
    verdict = risk.check(user=make_user("fan"), amount_centi=amount_centi)
    return verdict.action, verdict.codes


@pytest.mark.parametrize(
    ("amount_centi", "facts", "action", "codes"),
    [
        (500_00, {}, "allow", []),
        (RISK_UNCONFIRMED_DAY_CENTI, {"is_email_confirmed": False}, "allow", []),
        (RISK_UNCONFIRMED_DAY_CENTI + 1, {"is_email_confirmed": False}, "refuse", ["email_unconfirmed"]),
        (
            1,
            {"is_email_confirmed": False, "paid_day_centi": RISK_UNCONFIRMED_DAY_CENTI},
            "refuse",
            ["email_unconfirmed"],
        ),
        (RISK_NEW_DAY_CENTI, {"account_age_hours": 23}, "allow", []),
        (RISK_NEW_DAY_CENTI + 1, {"account_age_hours": 23}, "refuse", ["new_account"]),
        (RISK_NEW_DAY_CENTI + 1, {"account_age_hours": 24}, "allow", []),
        (RISK_DAY_CENTI + 1, {}, "refuse", ["much_today"]),
        (500_00, {"n_failed_day": RISK_FAILED_REVIEW - 1}, "allow", []),
        (500_00, {"n_failed_day": RISK_FAILED_REVIEW}, "review", ["some_failed"]),
        (500_00, {"n_failed_day": RISK_FAILED_REFUSE}, "refuse", ["many_failed"]),
        (500_00, {"n_started_day": RISK_STARTED_DAY - 1}, "allow", []),
        (500_00, {"n_started_day": RISK_STARTED_DAY}, "refuse", ["many_started"]),
        (500_00, {"debt_centi": 1}, "review", ["in_debt"]),
        (500_00, {"n_disputed": 1}, "review", ["dispute_before"]),
        (500_00, {"n_lost": 1}, "review", ["dispute_before"]),
        (500_00, {"n_lost": 2, "debt_centi": 1}, "refuse", ["disputes_lost", "in_debt"]),
    ],
)
def test_each_rule_speaks_at_its_edge(monkeypatch, amount_centi, facts, action, codes):
    assert judged(monkeypatch, amount_centi, **facts) == (action, codes)


def test_every_refusal_says_what_to_do_next_and_no_rule_is_named_twice():
    assert all(bool(rule.detail) is (rule.weight == risk.REFUSE) for rule in risk.RULES)
    assert len({rule.code for rule in risk.RULES}) == len(risk.RULES)


def test_the_facts_are_those_of_the_last_day_and_of_nobody_else(shop, django_assert_num_queries):
    user, other = make_user("fan"), make_user("fan")
    paid(user, credits_centi=700_00)
    paid(user, hours_ago=25)
    paid(user, status="failed")
    paid(user, status="failed", hours_ago=25)
    paid(user, status="lost", hours_ago=1000)
    paid(user, status="disputed", hours_ago=1000)
    for status in ("failed", "lost", "paid"):
        paid(other, status=status)
    start(user)
    with django_assert_num_queries(3):
        facts = risk_selectors.get_purchase_facts(user=user, at=timezone.now())
    assert facts == PurchaseFacts(
        account_age_hours=0, is_email_confirmed=False, n_started_day=3, n_failed_day=1, n_lost=1, n_disputed=1,
        paid_day_centi=700_00, debt_centi=0,
    )  # fmt: skip


def test_a_purchase_is_judged_once_and_the_decision_is_kept(shop):
    user, key = make_user("fan"), uuid.uuid4()
    for _ in range(3):
        start(user, idempotency_key=key)
    decision = RiskDecision.objects.get(user_uid=user.uid)
    assert (decision.event, decision.action, decision.reasons) == ("purchase", "allow", [])
    assert decision.features["amount_centi"] == 500_00
    for _ in range(RISK_FAILED_REVIEW):
        paid(user, status="failed")
    start(user)
    decision = RiskDecision.objects.filter(user_uid=user.uid).latest("pk")
    assert (decision.action, decision.score) == ("review", 30)
    assert decision.reasons == [{"code": "some_failed", "weight": 30}]


def test_what_is_refused_opens_no_checkout_says_why_and_is_kept(shop):
    buyer = Buyer()
    paid(buyer.user, credits_centi=RISK_UNCONFIRMED_DAY_CENTI)
    answer = buyer.post_checkout()
    body = answer.json()
    assert (answer.status_code, body["code"], body["reasons"]) == (403, "purchase_refused", ["email_unconfirmed"])
    assert "Confirm your e-mail address" in body["detail"]
    assert Payment.objects.filter(user=buyer.user).count() == 1
    assert RiskDecision.objects.get(user_uid=buyer.user.uid).action == "block"
    buyer.user.email_verified_at = timezone.now()
    buyer.user.save()
    assert buyer.post_checkout().status_code == 201


def test_who_has_started_a_purchase_may_finish_it_whatever_came_since(shop):
    user, key = make_user("fan"), uuid.uuid4()
    first = start(user, idempotency_key=key)
    for _ in range(RISK_FAILED_REFUSE):
        paid(user, status="failed")
    assert start(user, idempotency_key=key) == first
    with pytest.raises(PurchaseRefused):
        start(user)


def test_the_page_tells_before_and_after_and_keeps_what_was_chosen(shop, fan):
    browser = browser_of(fan)
    page = browser.get(BUY).content.decode()
    assert "is not confirmed yet" in page
    paid(fan, credits_centi=RISK_UNCONFIRMED_DAY_CENTI)
    page = browser.get(BUY).content.decode()
    assert "Confirm your e-mail address to buy this much" in page
    answer = browser.post(BUY, {**fields_of(page), "package_id": "credits-1050", "provider": "razorpay"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert page.count("Confirm your e-mail address to buy this much") == 1
    assert re.findall(r'<input type="radio"[^>]*value="([\w-]+)"[^>]*checked', page) == ["credits-1050", "razorpay"]
    assert (
        RiskDecision.objects.filter(user_uid=fan.uid, event="purchase").count() == 1
    )  # looking at the page is not judged

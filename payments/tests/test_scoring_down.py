"""When scoring is broken, buying goes on, and what leaves is looked at closely."""

from __future__ import annotations

import pytest
from django.utils import timezone

from payments.models import Payout, ShopItem
from payments.services import fraud_reports
from payments.shop.errors import CannotBuy
from payments.shop.services import unlocks
from payments.tests import paying_out
from payments.tests.buying import Buyer, deliver_all, work
from payments.tests.selling import PRICE_CENTI, make_fan, make_seller
from security import fraud_rules, fraud_selectors
from security.models import RiskDecision
from security.rule_books import BrokenBook
from security.services import fraud

pytestmark = pytest.mark.django_db


def _no_table(monkeypatch):
    monkeypatch.setattr(fraud_selectors, "_OWN", "SELECT * FROM security_no_such_table")


def _no_book(monkeypatch):
    def refuse():
        raise BrokenBook("fraud.yaml: unreadable")

    monkeypatch.setattr(fraud, "get_book", refuse)


@pytest.fixture(params=[_no_table, _no_book], ids=["database", "rules"])
def broken(request, monkeypatch):
    fraud_rules.get_book.cache_clear()
    request.param(monkeypatch)


def test_a_purchase_goes_through_and_its_decision_says_that_it_was_not_scored(shop, broken):
    buyer = Buyer()
    answer = buyer.post_checkout()
    assert answer.status_code == 201
    decision = RiskDecision.objects.get(user_uid=buyer.user.uid, event="purchase")
    assert (decision.action, decision.features["is_scored"], decision.features["fraud_rules"]) == ("allow", False, 0)
    deliver_all(shop.hold(answer.json()["payment_id"], "paid"))
    work()
    assert buyer.balance_centi == 500_00


def test_an_unlock_goes_through(broken):
    seller, fan = make_seller(), make_fan()
    item = ShopItem.objects.create(
        seller=seller, title="A ware", price_centi=PRICE_CENTI, state="on_sale", published_at=timezone.now()
    )  # fmt: skip
    bought = unlocks.unlock_item(user=fan, uid=item.uid, price_centi=PRICE_CENTI, idempotency_key=item.uid)
    assert bought.is_new


def test_a_payout_is_set_aside_and_looked_at_closely(broken):
    creator = paying_out.make_payee()
    payout = paying_out.ask(creator, paying_out.add(creator))
    assert payout.status == Payout.Status.REQUESTED
    assert "fraud" in payout.risk["unknown"]
    assert paying_out.statuses(payout) == [("requested", "risk")]


def test_an_unlock_of_who_is_blocked_is_refused_and_charges_nothing(monkeypatch):
    monkeypatch.setattr(fraud_reports, "may_unlock", lambda **_: False)
    seller, fan = make_seller(), make_fan()
    item = ShopItem.objects.create(
        seller=seller, title="A ware", price_centi=PRICE_CENTI, state="on_sale", published_at=timezone.now()
    )  # fmt: skip
    with pytest.raises(CannotBuy):
        unlocks.unlock_item(user=fan, uid=item.uid, price_centi=PRICE_CENTI, idempotency_key=item.uid)
    assert not item.unlocks.exists()

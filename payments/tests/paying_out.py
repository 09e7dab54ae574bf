"""What the tests of payouts share."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from credits.services import provider_money, purchases, unlocks
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff, make_user
from payments.gateways.payout_registry import get_payout_gateway
from payments.models import Payout, PayoutMethod
from payments.services import payout_methods, payout_requests, payout_reviews
from payments.tests.sandboxes import RunningSandbox
from users.models import TotpDevice, User
from users.types import SignIn

MANUAL = {
    "account_holder": "Mara Lind",
    "account_number": "DE89 3704 0044 0532 0130 00",
    "bank_code": "COBADEFFXXX",
    "bank_name": "Commerzbank",
}
INDIAN = {"account_holder": "Asha Rao", "account_number": "50100123456789", "ifsc": "HDFC0001234"}
AMOUNT = 250_000  # 2,500 credits, USD 25
LARGE = 6_000_000  # 60,000 credits, USD 600
_BY_ONE = 1_600_000  # what one fan brings within a day's cap, after the fee


def make_payee(*, earned_centi: int = 1_000_000, name: str = "") -> User:
    """A creator with a verified document, a second factor and so much that has matured."""
    creator = make_user("creator", name=name)
    creator.verification_level = User.VerificationLevel.DOCUMENT
    creator.save(update_fields=["verification_level"])
    give_factor(creator)
    while earned_centi > 0:
        earn(creator, min(earned_centi, _BY_ONE))
        earned_centi -= _BY_ONE
    return creator


def give_factor(user: User) -> None:
    """An authenticator app that nobody has."""
    TotpDevice.objects.create(user=user, name="app", confirmed=True, confirmed_at=timezone.now())


def earn(creator: User, centi: int, *, fan: User | None = None, at: datetime | None = None) -> None:
    """So much earned from one fan, a month ago unless told when."""
    fan, at, paid = fan or make_user("fan"), at or timezone.now() - timedelta(days=30), centi * 10 // 8
    purchases.record_purchase(
        user_id=fan.pk, op_id=uuid7(), credits_centi=paid, currency="USD", amount_minor=500, payment_uid=uuid7(), at=at
    )
    provider_money.record(op_id=uuid7(), movement="provider_payout", currency="USD", amount_minor=500, at=at)
    unlocks.unlock(op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=1, unlock=fan.pk, amount_centi=paid, at=at)


def sign_in_of(user: User, *, age: timedelta = timedelta(0)) -> SignIn:
    """A sign-in that was proven so long ago."""
    return SignIn(user_id=user.uid, family=uuid.uuid4(), factor="totp", stepped_up_at=timezone.now() - age)


def add(user: User, *, kind: str = "manual", is_locked: bool = False, **changes: Any) -> PayoutMethod:
    """A method, past its time unless it is to be locked."""
    place = {"manual": ("USD", "DE", MANUAL), "razorpayx": ("INR", "IN", INDIAN), "stripe": ("USD", "US", {})}[kind]
    fields = {"currency": place[0], "country": place[1], "details": place[2], **changes}
    with override_settings(**({} if is_locked else {"PAYOUT_METHOD_LOCK_DAYS": 0})):
        return payout_methods.add_method(user=user, kind=kind, **fields)


def ask(user: User, method: PayoutMethod, amount_centi: int = AMOUNT, *, key: uuid.UUID | None = None) -> Payout:
    return payout_requests.request_payout(
        user=user, method_uid=method.uid, amount_centi=amount_centi, idempotency_key=key or uuid7()
    )


def approved(user: User, method: PayoutMethod, amount_centi: int = AMOUNT) -> Payout:
    """A payout that as many as have to have approved."""
    payout = ask(user, method, amount_centi)
    for _ in range(2 if payout.needs_two else 1):
        payout = payout_reviews.approve(staff=make_staff("finance"), uid=payout.uid, note="")
    return payout


def statuses(payout: Payout) -> list[tuple[str, str]]:
    """The timeline as (status, reason)."""
    return [(step.status, step.reason) for step in payout.steps.order_by("id")]


# -- the provider's side
def happen(sandbox: RunningSandbox, payout: Payout, event: str, *, webhook: str = "hold") -> list[dict[str, Any]]:
    """Make `event` happen to a payout at the provider's; its signed webhooks."""
    body = {"payout_id": str(payout.uid), "event": event, "webhook": webhook}
    response = httpx.post(f"{sandbox.url}/sandbox/payouts/control", json=body, timeout=30)
    assert response.status_code == 200, response.text
    webhooks: list[dict[str, Any]] = response.json()["webhooks"]
    return webhooks


def count_at_provider(sandbox: RunningSandbox, payout: Payout) -> int:
    """How many payouts of this id the provider has made."""
    return int(httpx.get(f"{sandbox.url}/sandbox/payouts/{payout.uid}", timeout=30).json()["n"])


def onboard(method: PayoutMethod, *, number: str = "000123456780") -> PayoutMethod:
    """Complete the provider's page as the creator would, and ask the provider."""
    gateway = get_payout_gateway(kind="stripe")
    url = gateway.account_link(
        account_id=method.provider_account_id, return_url="http://127.0.0.1:9/back", refresh_url="http://127.0.0.1:9/"
    )
    assert httpx.post(url, data={"account_number": number}, timeout=30).status_code == 303
    return payout_methods.refresh_method(uid=method.uid)


def ready(user: User, kind: str) -> PayoutMethod:
    """A method that can be used now, completed at the provider where it has to be."""
    method = add(user, kind=kind)
    return onboard(method) if kind == "stripe" else method


# -- the ledger's side
def accounts_of(user: User) -> dict[str, int]:
    """Balances in credits by the kind of account."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, balance FROM credits_account WHERE owner = %s AND unit = 'CRD'", [user.pk])
        return dict(cursor.fetchall())


def ops_of(user: User) -> list[str]:
    """The kinds of what the ledger did about payouts, sorted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM credits_op WHERE actor = %s AND kind LIKE 'payout%%' ORDER BY kind", [user.pk])
        return [row[0] for row in cursor.fetchall()]

"""People who act through the product's own services: ordinary ones, and those whom scoring is there for."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from credits.services import spending, unlocks
from pairly.common import redis as common_redis
from payments.gateways.base import CheckoutSession, ProviderCard, ProviderPayment, ProviderStatus
from payments.models import Payment
from payments.services import checkout, fulfilment
from payments.tests.buying import deliver_all, work
from security import event_log
from security.services import fraud
from security.types import Client as Visitor
from security.types import Door
from users.models import Session, User
from users.services import accounts, sign_in
from users.tests.helpers import PASSWORD
from users.tests.ways_in import BROWSER
from users.types import Device

# Real networks: rented machines in Germany, homes in Great Britain, India, Germany and Austria.
RENTED, HOME_GB, HOME_IN, HOME_DE, HOME_AT = "5.9.1.1", "81.2.69.160", "49.36.0.1", "79.192.0.1", "80.108.0.1"
_numbers = itertools.count(1)


@contextmanager
def coming_from(ip: str) -> Iterator[None]:
    """As in a request from this address."""
    token = event_log.set_source(ip=ip)
    try:
        yield
    finally:
        event_log.reset_source(token)


def sign_up(*, role: str = "fan", ip: str, device: str, mail: str = "example.org", name: str = "") -> User:
    n = next(_numbers)
    common_redis.get_client().flushdb()  # days lie between the sign-ups of one address
    return accounts.sign_up(
        email=f"{role}.{n}@{mail}",
        password=PASSWORD,
        name=name or f"{role.title()} {n}",
        role=User.Role(role),
        birth_date=date(1990, 1, 1),
        kind=Session.Kind.API,
        client=Visitor(ip=ip, user_agent=BROWSER),
        device=Device(fingerprint=device),
    ).user


def come_back(user: User, *, ip: str, device: str) -> Any:
    return sign_in.sign_in(
        email=user.email,
        password=PASSWORD,
        kind=Session.Kind.API,
        door=Door.API,
        client=Visitor(ip=ip, user_agent=BROWSER),
        device=Device(fingerprint=device),
    )


def buy(user: User, sandbox: Any, *, ip: str, declined: list[tuple[str, str]] = [], paid: tuple[str, str]) -> Payment:  # noqa: B006
    """A purchase at the real sandbox: cards that are declined, then one that pays (fingerprint, country)."""
    with coming_from(ip):
        payment = start(user)
    for fingerprint, country in declined:
        deliver_all(sandbox.hold(payment.uid, "declined", card_fingerprint=fingerprint, card_country=country))
        work()
    deliver_all(sandbox.hold(payment.uid, "paid", card_fingerprint=paid[0], card_country=paid[1]))
    work()
    payment.refresh_from_db()
    assert payment.status == "paid"
    return payment


def start(user: User, package: str = "credits-500") -> Payment:
    return checkout.start_checkout(
        user=user, package_id=package, provider="stripe", currency="USD", idempotency_key=uuid.uuid4()
    )


def spend(fan: User, creator: User, centi: int, *, at: datetime | None = None) -> None:
    """An unlock in the ledger, as the shop books it."""
    n = next(_numbers)
    unlocks.unlock(
        op_id=uuid.uuid4(), user_id=fan.pk, payee_id=creator.pk, item=n, unlock=n, amount_centi=centi,
        at=at or timezone.now(),
    )  # fmt: skip


def score() -> None:
    """What Celery does in some minutes."""
    spending.report()
    spending.report()
    fraud.score_recent()


class QuickGateway:
    """A provider in memory that takes every payment with its buyer's card, for crowds."""

    is_live = False

    def __init__(self) -> None:
        self.cards: dict[str, ProviderCard | None] = {}

    def create_checkout(self, *, request: Any) -> CheckoutSession:
        return CheckoutSession(id=f"cs_{request.payment_id}", url="https://provider.example/")

    def fetch_payment(self, *, session_id: str) -> ProviderPayment:
        payment = Payment.objects.get(provider_session_id=session_id)
        return ProviderPayment(
            session_id=session_id,
            reference=str(payment.uid),
            status=ProviderStatus.PAID,
            provider_object_id=f"pi_{payment.uid}",
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            livemode=False,
            card=self.cards.get(session_id),
        )

    def buy(self, user: User, *, ip: str, card: tuple[str, str], package: str = "credits-500") -> Payment:
        with coming_from(ip):
            payment = start(user, package)
        self.cards[str(payment.provider_session_id)] = ProviderCard(fingerprint=card[0], country=card[1])
        return fulfilment.fulfil(payment_id=payment.uid)

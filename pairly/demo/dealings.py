"""Money in the demo: purchases with their payments, what went back of them, the shops' sales, one creator's payouts.

Everything goes through the services of everybody, at the plan's times; done again, it changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest import mock

from django.db import transaction
from django.utils import timezone

from credits.services import provider_money, purchases
from moderation.models import WorkItem
from pairly.common.problems import NotFound
from payments.gateways.base import ProviderDispute, ProviderPayment, ProviderRefund, ProviderStatus
from payments.models import MoneyBack, Payment, Provider, Unlock
from payments.services import returns
from payments.shop.services import unlocks
from users.models import Notification, User

from . import wares
from .catalogue import WARES, GiveBack, Sale
from .people import People, Role
from .plan import TWICE, PayoutDeed, Purchase, Reversal, is_last_of_who_disputed
from .withdrawing import Withdrawing

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://pairly.example/demo")
_READ_AFTER = timedelta(days=2)  # who was told of something has looked by then
_EVIDENCE = timedelta(days=10)
DISPUTE_FEE_MINOR = 1_500


@contextmanager
def moved_to(at: datetime) -> Iterator[None]:
    """For services the time is `at`. What the database dates by itself is dated back afterwards, where that is what
    people are told or have to do."""
    began_at = timezone.now()
    with mock.patch.object(timezone, "now", return_value=at):
        yield
    read_at = at + _READ_AFTER if at + _READ_AFTER < began_at else None
    Notification.objects.filter(created_at__gte=began_at).update(created_at=at, read_at=read_at)
    WorkItem.objects.filter(created_at__gte=began_at).update(created_at=at)


class Dealings:
    """Carries out one event at a time, the oldest first."""

    def __init__(self, *, people: People) -> None:
        self._people = people
        self._withdrawing = Withdrawing(people=people)

    def carry_out(self, *, event: Purchase | Reversal | Sale | GiveBack | PayoutDeed, at: datetime) -> None:
        """Do `event`, dated `at`, unless it was done."""
        match event:
            case Purchase():
                self._buy(event, at)
            case Reversal():
                self._reverse(event, at)
            case Sale():
                self._sell(event, at)
            case GiveBack():
                self._give_back(event, at)
            case PayoutDeed():
                with moved_to(at):
                    self._withdrawing.carry_out(deed=event)

    def _fan(self, number: int) -> User:
        return self._people.user_of(role=Role(side="fan", number=number))

    # -- purchases
    def _buy(self, purchase: Purchase, at: datetime) -> None:
        user, name = self._fan(purchase.fan), _name(purchase)
        amount_minor = purchase.package.prices_minor[purchase.currency]
        payment_uid = uuid.uuid5(NAMESPACE, f"{name}|payment")
        # The same operation every time: the ledger books it once.
        purchases.record_purchase(
            user_id=user.pk,
            op_id=uuid.uuid5(NAMESPACE, name),
            credits_centi=purchase.package.credits_centi,
            currency=purchase.currency,
            amount_minor=amount_minor,
            payment_uid=payment_uid,
            at=at,
        )
        Payment.objects.get_or_create(
            uid=payment_uid,
            defaults={
                "user": user,
                "request_id": uuid.uuid5(NAMESPACE, f"{name}|request"),
                "provider": Provider.RAZORPAY if purchase.currency == "INR" else Provider.STRIPE,
                "package": purchase.package.id,
                "currency": purchase.currency,
                "amount_minor": amount_minor,
                "credits_centi": purchase.package.credits_centi,
                "status": Payment.Status.PAID,
                "provider_payment_id": _provider_id(purchase),
                "created_at": at - timedelta(minutes=2),
                "paid_at": at,
                "checked_at": at,
            },
        )
        if purchase.number != TWICE:
            self._send_on(purchase, amount_minor, at)

    def _send_on(self, purchase: Purchase, amount_minor: int, at: datetime) -> None:
        """The provider sends it to our bank two days later; of who disputed it keeps what that cost from their last."""
        kept_minor = DISPUTE_FEE_MINOR if is_last_of_who_disputed(purchase) else 0
        provider_money.record(
            op_id=uuid.uuid5(NAMESPACE, f"{_name(purchase)}|sent on"),
            movement="provider_payout",
            currency=purchase.currency,
            amount_minor=amount_minor - kept_minor,
            at=min(at + timedelta(days=2), timezone.now()),
        )

    def _reverse(self, reversal: Reversal, at: datetime) -> None:
        purchase = reversal.purchase
        prefix = "re_" if reversal.kind == "refund" else "du_"
        told_id = prefix + uuid.uuid5(NAMESPACE, f"{_name(purchase)}|{reversal.kind}").hex[:16]
        if MoneyBack.objects.filter(provider_object_id=told_id).exists():
            return
        amount_minor = purchase.package.prices_minor[purchase.currency]
        told: dict[str, tuple[ProviderRefund, ...] | tuple[ProviderDispute, ...]] = {}
        if reversal.kind == "refund":
            told["refunds"] = (
                ProviderRefund(
                    id=told_id, amount_minor=amount_minor, state="succeeded", reason="requested_by_customer"
                ),
            )
        else:
            told["disputes"] = (
                ProviderDispute(
                    id=told_id,
                    amount_minor=amount_minor,
                    state="open",
                    reason="product_not_received",
                    fee_minor=DISPUTE_FEE_MINOR,
                    evidence_due_at=at + _EVIDENCE,
                ),
            )
        truth = ProviderPayment(
            session_id="",
            reference=str(uuid.uuid5(NAMESPACE, f"{_name(purchase)}|payment")),
            status=ProviderStatus.PAID,
            amount_minor=amount_minor,
            currency=purchase.currency,
            provider_object_id=_provider_id(purchase),
            livemode=False,
            **told,  # type: ignore[arg-type]
        )
        with moved_to(at), transaction.atomic():
            payment = Payment.objects.select_for_update(of=("self",)).select_related("user").get(uid=truth.reference)
            returns.apply(payment=payment, truth=truth)

    # -- shops
    def _sell(self, sale: Sale, at: datetime) -> None:
        ware = WARES[sale.ware]
        item = wares.find(people=self._people, ware=ware)
        if item is None or not item.is_on_sale:
            return
        key = uuid.uuid5(NAMESPACE, f"fan {sale.fan}|ware {sale.ware}|{sale.at_h:.1f}")
        if Unlock.objects.filter(buyer=self._fan(sale.fan), request_id=key).exists():
            return
        with moved_to(at):
            try:
                bought = unlocks.unlock_item(
                    user=self._fan(sale.fan), uid=item.uid, price_centi=ware.price_centi, idempotency_key=key
                )
            except NotFound:  # who sells it has taken their profile down since
                return
            Unlock.objects.filter(pk=bought.unlock.pk).update(created_at=at)

    def _give_back(self, given: GiveBack, at: datetime) -> None:
        ware = WARES[given.ware]
        seller = self._people.user_of(role=Role(side="creator", number=ware.creator))
        rows = Unlock.objects.filter(buyer=self._fan(given.fan), item__seller=seller, item__title=ware.title)
        sale = rows.order_by("pk").first()
        if sale is None or sale.is_refunded:
            return
        with moved_to(at):
            unlocks.refund_unlock(user=seller, uid=sale.uid)


def _name(purchase: Purchase) -> str:
    return f"{Role(side='fan', number=purchase.fan).email}|{purchase.number}"


def _provider_id(purchase: Purchase) -> str:
    prefix = "pay_" if purchase.currency == "INR" else "pi_"
    return f"{prefix}{uuid.uuid5(NAMESPACE, f'{_name(purchase)}|object').hex[:16]}"

"""Reads of payments; those with `user=` authorize."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput, NotFound
from users.models import User

from .constants import (
    BATCH,
    CURRENCIES,
    OP_NAMESPACE,
    PACKAGES,
    RECONCILE_AFTER_SECONDS,
    SWEEP_AFTER_SECONDS,
)
from .models import Payment, WebhookEvent
from .types import Offer, Package


def list_packages() -> tuple[Package, ...]:
    """What is sold, the smallest first."""
    return PACKAGES


def list_offers(*, currency: str) -> list[Offer]:
    """The packages in one currency. Raises InvalidInput for a currency nothing is sold in."""
    return [get_offer(package_id=package.id, currency=currency) for package in PACKAGES]


def get_offer(*, package_id: str, currency: str) -> Offer:
    """One package in one currency. Raises InvalidInput naming what is unknown."""
    package = next((package for package in PACKAGES if package.id == package_id), None)
    if package is None:
        raise InvalidInput(errors=[_row("/package_id", "unknown_package", _("There is no such package"))])
    if currency not in CURRENCIES:
        raise InvalidInput(errors=[_row("/currency", "unknown_currency", _("Pay in USD, EUR or INR"))])
    return Offer(
        package_id=package.id,
        credits_centi=package.credits_centi,
        currency=currency,
        amount_minor=package.prices_minor[currency],
    )


def offer_of(*, payment: Payment) -> Offer:
    """What a payment bought, as it was agreed then."""
    return Offer(
        package_id=payment.package,
        credits_centi=payment.credits_centi,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
    )


def _row(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}


def get_payment(*, user: User, uid: uuid.UUID) -> Payment:
    """A payment of `user`; raises NotFound, also for somebody else's."""
    payment = list_payments(user=user).filter(uid=uid).first()
    if payment is None:
        raise NotFound
    return payment


def list_payments(*, user: User) -> QuerySet[Payment]:
    """The user's payments, newest first."""
    return Payment.objects.filter(user=user).order_by("-id")


def find_payment_of_event(*, event: WebhookEvent) -> Payment | None:
    """The payment that a verified notice is about, by the provider's ids or by the reference we gave."""
    named = Q()
    if event.session_id:
        named |= Q(provider_session_id=event.session_id)
    if event.payment_object_id:
        named |= Q(provider_payment_id=event.payment_object_id)
    with suppress(ValueError):  # no reference, or not one of ours
        named |= Q(uid=uuid.UUID(event.reference))
    if not named:
        return None
    return Payment.objects.filter(named, provider=event.provider).order_by("id").first()


def list_unsettled(*, at: datetime) -> list[Payment]:
    """Payments that wait for the customer, longest unasked first; not the newest, whose notice may be on its way.

    For the reconciler.
    """
    before = at - timedelta(seconds=RECONCILE_AFTER_SECONDS)
    waiting = Payment.objects.filter(status=Payment.Status.CREATED, flag="", created_at__lt=before)
    return list(waiting.order_by(F("checked_at").asc(nulls_first=True), "id")[:BATCH])


def list_waiting_events(*, at: datetime) -> list[int]:
    """Ids of notices that nobody worked on. For the sweeper."""
    before = at - timedelta(seconds=SWEEP_AFTER_SECONDS)
    waiting = WebhookEvent.objects.filter(processed_at__isnull=True, received_at__lt=before)
    return list(waiting.order_by("received_at").values_list("pk", flat=True)[:BATCH])


def list_unbooked() -> list[tuple[Any, ...]]:
    """The payments' side of I4: settled payments without exactly one ledger operation of equal numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.uid, p.status, count(l.id), min(l.currency), min(l.price_minor) "
            "FROM payments_payment p LEFT JOIN credits_lot l ON l.payment = p.uid AND l.source = 'purchase' "
            "WHERE p.paid_at IS NOT NULL GROUP BY p.id HAVING count(l.id) <> 1 "
            "OR min(l.currency) <> p.currency OR min(l.price_minor) <> p.amount_minor "
            "OR min(l.amount) <> p.credits_centi"
        )
        return [tuple(row) for row in cursor.fetchall()]


def op_id(*, provider: str, provider_payment_id: str) -> uuid.UUID:
    """The ledger operation's id of a provider's payment: two event types that report one payment share it."""
    return uuid.uuid5(OP_NAMESPACE, f"{provider}:{provider_payment_id}")

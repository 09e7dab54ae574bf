"""Reads of payments; those with `user=` authorize."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from credits.invariants import Since
from pairly.common.problems import InvalidInput, NotFound
from users.models import User

from .constants import (
    ASK_AGAIN_SECONDS,
    BATCH,
    CURRENCIES,
    EARLY_FRAUD_WARNING,
    LATE_PAYMENT_SPAN,
    OP_NAMESPACE,
    PACKAGES,
    RECONCILE_AFTER_SECONDS,
    SEND_LEASE,
    SWEEP_AFTER_SECONDS,
)
from .models import MoneyBack, Payment, Provider, WebhookEvent
from .types import Offer, Package


def list_packages() -> tuple[Package, ...]:
    """What is sold, the smallest first."""
    return PACKAGES


def list_offers(*, currency: str) -> list[Offer]:
    """The packages in one currency. Raises InvalidInput for a currency nothing is sold in."""
    offers = [get_offer(package_id=package.id, currency=currency) for package in PACKAGES]
    return [replace(offer, extra_percent=_extra_percent(offer, offers[0])) for offer in offers]


def _extra_percent(offer: Offer, smallest: Offer) -> int:
    """Rounded down."""
    same = offer.amount_minor * smallest.credits_centi
    return 100 * offer.credits_centi * smallest.amount_minor // same - 100


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


def has_request(*, user: User, request_id: uuid.UUID) -> bool:
    """Whether the user has started the purchase of this key."""
    return Payment.objects.filter(user=user, request_id=request_id).exists()


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


def list_late(*, at: datetime) -> list[uuid.UUID]:
    """Razorpay's payments that failed or expired within LATE_PAYMENT_SPAN, whose money may still arrive, and that were
    not asked about for a while; longest unasked first. For the reconciler."""
    over = Payment.objects.filter(
        provider=Provider.RAZORPAY,
        status__in=[Payment.Status.FAILED, Payment.Status.EXPIRED],
        flag="",
        provider_session_id__isnull=False,
        created_at__gte=at - LATE_PAYMENT_SPAN,
    )
    before = at - timedelta(seconds=ASK_AGAIN_SECONDS)
    unasked = over.filter(Q(checked_at__isnull=True) | Q(checked_at__lt=before))
    return list(unasked.order_by(F("checked_at").asc(nulls_first=True), "id").values_list("uid", flat=True)[:BATCH])


def list_waiting_events(*, at: datetime) -> list[int]:
    """Ids of notices that nobody worked on. For the sweeper."""
    before = at - timedelta(seconds=SWEEP_AFTER_SECONDS)
    waiting = WebhookEvent.objects.filter(processed_at__isnull=True, received_at__lt=before)
    return list(waiting.order_by("received_at").values_list("pk", flat=True)[:BATCH])


def list_unfinished_refunds(*, at: datetime) -> list[int]:
    """Ids of refunds that we asked for and whose answer we never got. For the reconciler."""
    before = at - timedelta(seconds=RECONCILE_AFTER_SECONDS)
    rows = MoneyBack.objects.filter(provider_object_id__isnull=True, state=MoneyBack.State.PENDING)
    return list(rows.filter(created_at__lt=before).order_by("id").values_list("pk", flat=True)[:BATCH])


def list_warned(*, at: datetime) -> list[uuid.UUID]:
    """Payments that a card's network warned of and that nobody has answered yet. For the reconciler."""
    before = at - timedelta(seconds=RECONCILE_AFTER_SECONDS)
    warned = Payment.objects.filter(warned_at__lt=before, status=Payment.Status.PAID)
    unanswered = warned.exclude(money_back__reason=EARLY_FRAUD_WARNING)
    return list(unanswered.order_by("warned_at").values_list("uid", flat=True)[:BATCH])


def list_untold_acceptances(*, at: datetime) -> list[uuid.UUID]:
    """Disputes that staff accepted and the provider does not know it of, though a job was to tell it."""
    rows = MoneyBack.objects.filter(state=MoneyBack.State.OPEN, accept_refused="", accept_asked_at__lt=at - SEND_LEASE)
    return list(rows.order_by("accept_asked_at").values_list("uid", flat=True)[:BATCH])


def list_undecided(*, at: datetime) -> list[uuid.UUID]:
    """Payments with a refund or dispute under way that the provider was not asked about for a while. For the
    reconciler."""
    before = at - timedelta(seconds=ASK_AGAIN_SECONDS)
    states = [MoneyBack.State.PENDING, MoneyBack.State.WARNING, MoneyBack.State.OPEN]
    rows = Payment.objects.filter(money_back__state__in=states, checked_at__lt=before).distinct()
    return list(rows.order_by("checked_at").values_list("uid", flat=True)[:BATCH])


def list_unbooked_returns(since: Since | None = None) -> list[tuple[Any, ...]]:
    """The payments' side of I4: refunds and disputes without exactly one ledger operation of equal amount, and
    operations without one of them; of the payments that changed `since`, of all without."""
    return _read_payments(_UNBOOKED_RETURNS, since)


def list_unbooked(since: Since | None = None) -> list[tuple[Any, ...]]:
    """The payments' side of I4: settled payments without exactly one ledger operation of equal numbers; of those that
    changed `since`, of all without."""
    return _read_payments(_UNBOOKED, since)


def _read_payments(query: str, since: Since | None) -> list[tuple[Any, ...]]:
    params: dict[str, datetime | str] = {"at": since.at, "xid": str(since.xid)} if since else {}
    with connection.cursor() as cursor:
        cursor.execute(query if since is None else query.replace(_ALL, _CHANGED), params)
        return [tuple(row) for row in cursor.fetchall()]


_ALL = "p.id IS NOT NULL"
# Those that may have changed since then: asked about, paid, sent back, or so says the ledger.
_CHANGED = """p.id = ANY(ARRAY(
    SELECT id FROM payments_payment WHERE checked_at >= %(at)s::timestamptz
    UNION SELECT id FROM payments_payment WHERE paid_at >= %(at)s::timestamptz
    UNION SELECT payment_id FROM payments_moneyback WHERE created_at >= %(at)s::timestamptz
    UNION SELECT payment_id FROM payments_moneyback WHERE closed_at >= %(at)s::timestamptz
    UNION SELECT n.id FROM credits_op o JOIN credits_lot l ON l.op = o.id JOIN payments_payment n ON n.uid = l.payment
           WHERE o.xid >= %(xid)s::xid8
    UNION SELECT n.id FROM credits_op o JOIN credits_money_back b ON b.op = o.id JOIN credits_lot l ON l.id = b.lot
            JOIN payments_payment n ON n.uid = l.payment WHERE o.xid >= %(xid)s::xid8
    UNION SELECT n.id FROM credits_op o JOIN credits_money_back b ON b.reinstated_op = o.id
            JOIN credits_lot l ON l.id = b.lot JOIN payments_payment n ON n.uid = l.payment
           WHERE o.xid >= %(xid)s::xid8))"""
_UNBOOKED = """
SELECT p.uid, p.status, count(l.id), min(l.currency), min(l.price_minor)
  FROM payments_payment p LEFT JOIN credits_lot l ON l.payment = p.uid AND l.source = 'purchase'
 WHERE p.paid_at IS NOT NULL AND p.id IS NOT NULL
 GROUP BY p.id
HAVING count(l.id) <> 1 OR min(l.currency) <> p.currency OR min(l.price_minor) <> p.amount_minor
    OR min(l.amount) <> p.credits_centi
"""
_UNBOOKED_RETURNS = """
WITH which AS MATERIALIZED (SELECT p.id, p.uid, p.status FROM payments_payment p WHERE p.id IS NOT NULL),
told AS (
    SELECT m.payment_id, array_agg((m.kind, m.amount_minor, m.state IN ('won', 'failed'))::text
               ORDER BY m.kind, m.amount_minor, m.state IN ('won', 'failed')) AS rows
      FROM which JOIN payments_moneyback m ON m.payment_id = which.id
     WHERE m.unspent_centi IS NOT NULL OR m.state IN ('succeeded', 'open', 'lost')
     GROUP BY m.payment_id),
booked AS (
    SELECT l.payment, array_agg((b.kind, b.amount_minor, b.reinstated_op IS NOT NULL)::text
               ORDER BY b.kind, b.amount_minor, b.reinstated_op IS NOT NULL) AS rows
      FROM which JOIN credits_lot l ON l.payment = which.uid JOIN credits_money_back b ON b.lot = l.id
     GROUP BY l.payment)
SELECT which.uid, which.status, told.rows, booked.rows
  FROM which LEFT JOIN told ON told.payment_id = which.id LEFT JOIN booked ON booked.payment = which.uid
 WHERE told.rows IS DISTINCT FROM booked.rows
"""


def op_id(*, provider: str, provider_payment_id: str) -> uuid.UUID:
    """The ledger operation's id of a provider's payment: two event types that report one payment share it."""
    return uuid.uuid5(OP_NAMESPACE, f"{provider}:{provider_payment_id}")


def return_op_id(*, row: MoneyBack, part: str = "") -> uuid.UUID:
    """The ledger operation's id of a provider's refund or dispute; `part` names what else is booked for it."""
    name = f"{row.provider_object_id}:{part}" if part else str(row.provider_object_id)
    return uuid.uuid5(OP_NAMESPACE, f"{row.payment.provider}:{name}")

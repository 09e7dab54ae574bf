"""Crediting what was paid and taking back what went back: one function, from webhook, return page and reconciler.

Nothing that a customer or a notice says is believed: the provider is asked, its answer compared with our row,
and each ledger operation is keyed on the provider's object, so however often and from wherever this runs, one payment
is credited once and one refund or dispute taken back once.

Money that went back before we ever heard of the payment is credited and taken back, in two transactions: whatever came
first, the books show what came in and what went out, and the buyer has the credits of what stayed.
"""

from __future__ import annotations

import uuid
from typing import TypeAlias

import structlog
from django.db import transaction
from django.utils import timezone

from credits import selectors as ledger
from credits.services import purchases
from pairly.common.after_commit import push
from pairly.common.problems import IdempotencyConflict, NotFound

from .. import selectors
from ..errors import ProviderUnavailable
from ..gateways.base import GatewayError, PaymentGateway, ProviderPayment, ProviderRefused, ProviderStatus
from ..gateways.registry import get_gateway
from ..models import Payment
from . import fraud_reports, returns

log = structlog.get_logger(__name__)

Status: TypeAlias = Payment.Status
Flag: TypeAlias = Payment.Flag


def fulfil(*, payment_id: uuid.UUID) -> Payment:
    """Bring a payment up to the provider's truth and return it.

    Credits only what is paid, in the agreed amount and currency; anything else is flagged for staff. Refunds and
    disputes of what was credited follow (`services.returns`).
    No transaction is open while the provider is asked. Raises NotFound, ProviderUnavailable.
    """
    payment = Payment.objects.filter(uid=payment_id).first()
    if payment is None:
        raise NotFound
    if payment.provider_session_id is None:
        return payment
    gateway = get_gateway(provider=payment.provider)
    truth = _find_truth(gateway, payment, payment.provider_session_id)
    with transaction.atomic():
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        locked.checked_at = timezone.now()
        locked.save(update_fields=["checked_at"])
        if truth is None:
            _flag(locked, Flag.NOT_AT_PROVIDER)
        else:
            _apply(locked, truth, gateway)
    if truth is not None and not locked.is_open and _has_returns(truth):
        locked = _apply_returns(locked, truth, gateway)
    if truth is not None and not locked.flag:
        fraud_reports.note_truth(payment=locked, truth=truth)
    return locked


def _has_returns(truth: ProviderPayment) -> bool:
    return bool(truth.refunds or truth.disputes or truth.is_warned)


def _apply_returns(payment: Payment, truth: ProviderPayment, gateway: PaymentGateway) -> Payment:
    """In a transaction of its own: crediting locks the buyer's account, and taking back locks holds before it."""
    with transaction.atomic():
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        if _find_objection(locked, truth, gateway) is None:
            returns.apply(payment=locked, truth=truth)
    return locked


def _find_truth(gateway: PaymentGateway, payment: Payment, session_id: str) -> ProviderPayment | None:
    """The provider's answer, None when it does not know the checkout."""
    try:
        return gateway.fetch_payment(session_id=session_id)
    except GatewayError as error:
        if isinstance(error, ProviderRefused) and error.code == "resource_missing":
            return None
        log.warning("payment_not_fetched", payment=str(payment.uid), error=type(error).__name__)
        raise ProviderUnavailable(retry_after_s=5) from error


def _apply(payment: Payment, truth: ProviderPayment, gateway: PaymentGateway) -> None:
    """Move the locked payment forward, or flag it, or leave it."""
    objection = _find_objection(payment, truth, gateway)
    if objection:
        _flag(payment, objection)
    elif not payment.is_open:
        return
    elif truth.status is ProviderStatus.PAID:
        _credit(payment, truth)
    elif payment.status == Status.CREATED:
        _close(payment, truth.status)


def _find_objection(payment: Payment, truth: ProviderPayment, gateway: PaymentGateway) -> Flag | None:
    """Why the provider's answer must not be followed. Before it is paid only its identity matters."""
    if truth.reference != str(payment.uid):
        return Flag.WRONG_REFERENCE
    if truth.livemode != gateway.is_live:
        return Flag.WRONG_MODE
    if truth.status is not ProviderStatus.PAID:
        return None
    if truth.currency != payment.currency:
        return Flag.WRONG_CURRENCY
    if truth.amount_minor != payment.amount_minor:
        return Flag.WRONG_AMOUNT
    if payment.provider_payment_id not in (None, truth.provider_object_id) or not truth.provider_object_id:
        return Flag.WRONG_REFERENCE
    # The provider says that money went back, and not as what: nothing can be booked for it.
    listed_minor = sum(refund.amount_minor for refund in truth.refunds if refund.state != "failed")
    is_unlisted = truth.returned_minor > listed_minor or (truth.is_disputed and not truth.disputes)
    return Flag.MONEY_RETURNED if is_unlisted else None


def _credit(payment: Payment, truth: ProviderPayment) -> None:
    others = Payment.objects.filter(provider_payment_id=truth.provider_object_id).exclude(pk=payment.pk)
    if others.exists():
        _flag(payment, Flag.REUSED_OBJECT)
        return
    try:
        purchases.record_purchase(
            user_id=payment.user_id,
            op_id=selectors.op_id(provider=payment.provider, provider_payment_id=truth.provider_object_id),
            credits_centi=payment.credits_centi,
            currency=payment.currency,
            amount_minor=payment.amount_minor,
            payment_uid=payment.uid,
        )
    except IdempotencyConflict:
        _flag(payment, Flag.REUSED_OBJECT)
        return
    payment.status = Status.PAID
    payment.flag = ""
    payment.provider_payment_id = truth.provider_object_id
    payment.paid_at = timezone.now()
    payment.save(update_fields=["status", "flag", "provider_payment_id", "paid_at"])
    log.info("payment_credited", payment=str(payment.uid), credits_centi=payment.credits_centi)
    balance_centi = ledger.get_balance(user_id=payment.user_id).balance_centi
    push(user_id=payment.user.uid, event={"type": "balance", "balance_centi": balance_centi})


def _close(payment: Payment, status: ProviderStatus) -> None:
    closed = {ProviderStatus.EXPIRED: Status.EXPIRED, ProviderStatus.FAILED: Status.FAILED}.get(status)
    if closed is not None:
        payment.status = closed
        payment.save(update_fields=["status"])


def _flag(payment: Payment, flag: Flag) -> None:
    """Once flagged the first reason stays, so that staff sees what came first."""
    if payment.flag:
        return
    payment.flag = flag
    payment.save(update_fields=["flag"])
    log.error("payment_flagged", payment=str(payment.uid), flag=flag.value, status=payment.status)

"""Refunds that we ask a provider for: by staff, and of themselves where a card's network warns of fraud.

A row is written first and names the refund to the provider, so that repeating the call, at once or after a crash, is
one refund. What the provider then says goes the way of all its answers: `fulfilment.fulfil`.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from pairly.common.problems import IdempotencyConflict, NotFound
from security.services import audit
from users.models import User
from users.services import step_up
from users.types import SignIn

from .. import selectors
from ..constants import EARLY_FRAUD_WARNING, OP_NAMESPACE
from ..errors import NotRefundable, OwnPayment, ProviderUnavailable, RefundRefused, RefundTooLarge
from ..gateways.base import ProviderRefund, ProviderRefused, ProviderUnreachable
from ..gateways.registry import get_gateway
from ..models import MoneyBack, Payment
from ..money_back_selectors import get_left_minor
from . import fulfilment

log = structlog.get_logger(__name__)

PERMISSION = "users.staff_review_payouts"
Kind = MoneyBack.Kind
State = MoneyBack.State


def refund_payment(
    *,
    staff: User,
    sign_in: SignIn,
    payment_uid: uuid.UUID,
    amount_minor: int,
    reason: str,
    idempotency_key: uuid.UUID,
) -> MoneyBack:
    """Send `amount_minor` of a payment back, once for each `idempotency_key`; `reason` is a code of 40 characters.

    Its credits are taken back when the provider says that it is done, which is mostly at once. Must not run inside a
    transaction. Raises NotFound (also without the permission), StepUpRequired, OwnPayment, NotRefundable,
    RefundTooLarge with `left_minor`, IdempotencyConflict, RefundRefused, ProviderUnavailable: then the refund stands
    and the reconciler goes on with it.
    """
    if not staff.has_perm(PERMISSION):
        raise NotFound
    step_up.require(user=staff, sign_in=sign_in)
    with transaction.atomic():
        payment = Payment.objects.select_for_update(of=("self",)).select_related("user").filter(uid=payment_uid).first()
        if payment is None:
            raise NotFound
        if payment.user_id == staff.pk:
            raise OwnPayment
        row = _find_request(payment, idempotency_key, amount_minor, staff)
        if row is None:
            left_minor = _left_minor(payment)
            if not 0 < amount_minor <= left_minor:
                raise RefundTooLarge(left_minor=left_minor)
            row = _request(payment, idempotency_key, amount_minor, reason, staff)
            _record(staff, row, sign_in)
    return _send(row)


def refund_warned(*, payment_uid: uuid.UUID) -> MoneyBack | None:
    """A card's network expects a dispute: send back what is left before it costs a fee. Once a payment; None where
    there is nothing to send, or the bank has it already. Raises NotFound, RefundRefused, ProviderUnavailable."""
    key = uuid.uuid5(OP_NAMESPACE, f"{payment_uid}:{EARLY_FRAUD_WARNING}")
    with transaction.atomic():
        payment = Payment.objects.select_for_update().filter(uid=payment_uid, warned_at__isnull=False).first()
        if payment is None:
            raise NotFound
        row = MoneyBack.objects.filter(request_id=key).first()
        if row is None:
            try:
                left_minor = _left_minor(payment)
            except NotRefundable:
                return None
            row = _request(payment, key, left_minor, EARLY_FRAUD_WARNING, None)
    return _send(row)


def finish_refunds(*, at: datetime) -> int:
    """The reconciler: refunds whose answer was lost, and warnings that nobody answered. Returns how many were asked for
    again; stops when the provider is away."""
    n_sent = 0
    for pk in selectors.list_unfinished_refunds(at=at):
        row = MoneyBack.objects.select_related("payment").get(pk=pk)
        try:
            # The provider may have it, and may have forgotten our key: 24 hours.
            fulfilment.fulfil(payment_id=row.payment.uid)
            row.refresh_from_db()
            n_sent += _send(row).provider_object_id is not None
        except RefundRefused:
            n_sent += 1
        except ProviderUnavailable:
            return n_sent
    for payment_uid in selectors.list_warned(at=at):
        try:
            n_sent += refund_warned(payment_uid=payment_uid) is not None
        except RefundRefused:
            continue
        except ProviderUnavailable:
            return n_sent
    return n_sent


def _find_request(payment: Payment, key: uuid.UUID, amount_minor: int, staff: User) -> MoneyBack | None:
    row = MoneyBack.objects.filter(request_id=key).select_related("payment").first()
    if row and (row.payment_id, row.amount_minor, row.requested_by_id) != (payment.pk, amount_minor, staff.pk):
        raise IdempotencyConflict
    return row


def _left_minor(payment: Payment) -> int:
    """What neither a refund nor a bank has; under the payment's lock. Raises NotRefundable where that is nothing, and
    while a bank decides."""
    left_minor = get_left_minor(payment=payment)
    if not left_minor:
        raise NotRefundable
    return left_minor


def _request(payment: Payment, key: uuid.UUID, amount_minor: int, reason: str, staff: User | None) -> MoneyBack:
    return MoneyBack.objects.create(
        payment=payment,
        kind=Kind.REFUND,
        state=State.PENDING,
        amount_minor=amount_minor,
        reason=reason[:40],
        request_id=key,
        requested_by=staff,
    )


def _record(staff: User, row: MoneyBack, sign_in: SignIn) -> None:
    audit.record(
        action="payment.refund_requested",
        actor_uid=staff.uid,
        subject_uid=row.payment.user.uid,
        by_staff=True,
        reason=row.reason,
        details={"payment": str(row.payment.uid), "refund": str(row.uid), "amount_minor": row.amount_minor},
        family=sign_in.family,
    )


def _send(row: MoneyBack) -> MoneyBack:
    """Ask the provider unless it was asked: two at once send the same id, and the provider makes one refund of it."""
    payment = row.payment
    if row.provider_object_id is None and row.state == State.PENDING:
        made = _ask(row, payment)
        rows = MoneyBack.objects.filter(pk=row.pk, provider_object_id__isnull=True)
        rows.update(provider_object_id=made.id)
        try:
            fulfilment.fulfil(payment_id=payment.uid)
        except ProviderUnavailable:
            log.info("refund_not_followed", refund=str(row.uid))  # its notice, or the reconciler, follows it
    row.refresh_from_db()
    return row


def _ask(row: MoneyBack, payment: Payment) -> ProviderRefund:
    try:
        return get_gateway(provider=payment.provider).refund(
            refund_id=row.uid,
            provider_object_id=payment.provider_payment_id or "",
            amount_minor=row.amount_minor,
            reason=row.reason,
        )
    except ProviderUnreachable as error:
        raise ProviderUnavailable(retry_after_s=5) from error
    except ProviderRefused as error:
        log.error("refund_refused", refund=str(row.uid), reason=error.code)
        rows = MoneyBack.objects.filter(pk=row.pk, provider_object_id__isnull=True, state=State.PENDING)
        rows.update(state=State.FAILED, closed_at=timezone.now())
        raise RefundRefused(reason=error.code) from error

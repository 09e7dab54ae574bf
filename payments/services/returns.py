"""Money that went back: what a provider says of a payment's refunds and disputes, as rows and in the ledger.

Each row goes forward only (`sql/0002_money_back_forward.sql`), so an answer that was overtaken on its way changes
nothing. A refund is taken when it has succeeded, a dispute when the bank has the money; a warning takes nothing. What
failed or was won is given again. A dispute that is first heard of when it is won was never taken and is not given.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import structlog
from django.utils import timezone

from credits import registry as ledger_registry
from credits import selectors as ledger
from credits import trace_selectors
from credits.services import money_back as ledger_money_back
from credits.services import provider_money
from pairly.common.after_commit import enqueue, push
from users.services.notifications import Telling, notify, notify_each

from .. import money_back_selectors, registry, selectors
from ..gateways.base import ProviderDispute, ProviderPayment, ProviderRefund
from ..models import MoneyBack, Payment

log = structlog.get_logger(__name__)

Kind = MoneyBack.Kind
State = MoneyBack.State
_RANKS = {
    State.PENDING: 0, State.SUCCEEDED: 1, State.FAILED: 2,
    State.WARNING: 0, State.OPEN: 1, State.LOST: 2, State.WON: 3,
}  # fmt: skip


def apply(*, payment: Payment, truth: ProviderPayment) -> None:
    """Bring the refunds and disputes of a credited payment up to `truth`. The caller holds the payment's row lock, in a
    transaction in which it has moved no credits: the ledger locks holds before accounts."""
    at = timezone.now()
    for refund in truth.refunds:
        _apply_refund(payment, refund, at)
    for dispute in truth.disputes:
        _apply_dispute(payment, dispute, at)
    _settle(payment, truth, at)


def _is_step(row: MoneyBack, state: str) -> bool:
    return _RANKS[State(state)] > _RANKS[State(row.state)]


# -- refunds
def _apply_refund(payment: Payment, told: ProviderRefund, at: datetime) -> None:
    row = _find_refund(payment, told, at)
    if row.provider_object_id is None:
        row.provider_object_id = told.id
        row.save(update_fields=["provider_object_id"])
    if not _is_step(row, told.state):
        return
    row.state = told.state
    if row.state != State.PENDING:
        row.closed_at = at
    if row.state == State.SUCCEEDED:
        _take(row, payment, at)
    elif row.state == State.FAILED:
        _give_again(row, payment, at)
        _flag_failed_refund(payment, row)
    row.save()


def _find_refund(payment: Payment, told: ProviderRefund, at: datetime) -> MoneyBack:
    """By the provider's id, or by ours where we asked for it and the answer was lost, or a new one."""
    rows = MoneyBack.objects.filter(payment=payment, kind=Kind.REFUND)
    found = rows.filter(provider_object_id=told.id).first()
    if found is None and told.refund_id:
        unnamed = rows.filter(provider_object_id__isnull=True)
        found = next((row for row in unnamed if str(row.uid) == told.refund_id), None)
    if found is not None:
        return found
    return MoneyBack.objects.create(
        payment=payment,
        kind=Kind.REFUND,
        state=State.PENDING,
        provider_object_id=told.id,
        amount_minor=told.amount_minor,
        reason=told.reason[:40],
        created_at=at,
    )


def _flag_failed_refund(payment: Payment, row: MoneyBack) -> None:
    """The buyer expects money that is here again: somebody has to find another way."""
    log.error("refund_failed", payment=str(payment.uid), refund=str(row.uid))
    if not payment.flag:
        payment.flag = Payment.Flag.REFUND_FAILED
        payment.save(update_fields=["flag"])


# -- disputes
def _apply_dispute(payment: Payment, told: ProviderDispute, at: datetime) -> None:
    row, _is_new = MoneyBack.objects.get_or_create(
        provider_object_id=told.id,
        payment=payment,
        kind=Kind.DISPUTE,
        defaults={
            "state": State.WARNING,
            "amount_minor": told.amount_minor,
            "reason": told.reason[:40],
            "created_at": at,
        },
    )
    is_step = _is_step(row, told.state)
    _book_fee(payment, row, told, at, is_step=is_step)
    row.evidence_due_at = told.evidence_due_at or row.evidence_due_at
    if is_step:
        _step_dispute(payment, row, told, at)
    row.save()


def _step_dispute(payment: Payment, row: MoneyBack, told: ProviderDispute, at: datetime) -> None:
    row.state = told.state
    if not row.is_taken:
        row.amount_minor = told.amount_minor
    if row.state in (State.OPEN, State.LOST) and not row.is_taken:
        _take(row, payment, at)
    if row.state == State.WON:
        _give_again(row, payment, at)
    if row.state == State.OPEN:
        registry.run_opened(uid=row.uid, buyer_uid=payment.user.uid, due_at=row.evidence_due_at)
    else:
        row.closed_at = at
        registry.run_closed(uid=row.uid, outcome=row.state)


def _book_fee(payment: Payment, row: MoneyBack, told: ProviderDispute, at: datetime, *, is_step: bool) -> None:
    """The fee grows until the dispute is won and shrinks after that, so that an answer which was overtaken on its way
    books nothing."""
    state = State(told.state if is_step else row.state)
    if told.fee_minor == row.fee_minor:
        return
    if not is_step and (told.fee_minor > row.fee_minor) == (state == State.WON):
        return
    movement: Literal["provider_fee", "provider_fee_back"]
    movement = "provider_fee" if told.fee_minor > row.fee_minor else "provider_fee_back"
    provider_money.record(
        op_id=selectors.return_op_id(row=row, part=f"{movement}:{told.fee_minor}"),
        movement=movement,
        currency=payment.currency,
        amount_minor=abs(told.fee_minor - row.fee_minor),
        at=at,
    )
    row.fee_minor = told.fee_minor


# -- the ledger
def _take(row: MoneyBack, payment: Payment, at: datetime) -> None:
    """Take the credits, void the holds that they lay in, and tell everybody whom it concerns."""
    taken = ledger_money_back.take_back(
        user_id=payment.user_id,
        op_id=selectors.return_op_id(row=row),
        payment_uid=payment.uid,
        kind="refund" if row.kind == Kind.REFUND else "dispute",
        amount_minor=row.amount_minor,
        at=at,
    )
    row.unspent_centi, row.held_centi = taken.unspent_centi, taken.held_centi
    row.reserve_centi, row.debt_centi = taken.reserve_centi, taken.debt_centi
    voided = trace_selectors.list_voided(hold_ids=taken.hold_ids)
    ledger_registry.run_holds_voided(voided=voided, at=at)
    log.warning("payment_reversed", payment=str(payment.uid), kind=row.kind, debt_centi=taken.debt_centi)
    _tell_buyer(payment, row, amount_centi=taken.unspent_centi + taken.held_centi + taken.debt_centi, is_back=False)
    _tell_payees(row, at)


def _give_again(row: MoneyBack, payment: Payment, at: datetime) -> None:
    if not row.is_taken:
        return
    back = ledger_money_back.reinstate(
        user_id=payment.user_id,
        op_id=selectors.return_op_id(row=row, part="back"),
        taken_op=selectors.return_op_id(row=row),
        at=at,
    )
    ledger_money_back.repay_debt(user_id=payment.user_id, at=at)
    log.info("payment_stands_again", payment=str(payment.uid), kind=row.kind)
    _tell_buyer(payment, row, amount_centi=back.to_fan_centi + back.to_debt_centi, is_back=True)


def _tell_buyer(payment: Payment, row: MoneyBack, *, amount_centi: int, is_back: bool) -> None:
    balance = ledger.get_balance(user_id=payment.user_id)
    push(user_id=payment.user.uid, event={"type": "balance", "balance_centi": balance.balance_centi})
    payload = {
        "case": str(row.uid), "amount_centi": amount_centi, "owed_centi": balance.debt_centi, "is_back": is_back
    }  # fmt: skip
    key = f"money_back:{row.uid}:{'back' if is_back else 'taken'}"
    notify(user=payment.user, kind="money_back", payload=payload, key=key)


def _tell_payees(row: MoneyBack, at: datetime) -> None:
    """Creators hear what went back, and that they keep what they earned; whose payment it was the page says."""
    payees = money_back_selectors.list_payees(row=row)
    tellings = [
        Telling(
            payee, None, {"case": str(row.uid), "amount_centi": held, "kept_centi": kept}, f"reversed:{row.uid}", at
        )
        for payee, (held, kept) in sorted(payees.items())
    ]
    notify_each(kind="payment_reversed", tellings=tellings)


# -- the payment
def _settle(payment: Payment, truth: ProviderPayment, at: datetime) -> None:
    """The status is the furthest of what happened; `refunded_minor` what is back with the buyer."""
    rows = list(MoneyBack.objects.filter(payment=payment))
    refunded = sum(row.amount_minor for row in rows if row.kind == Kind.REFUND and row.state == State.SUCCEEDED)
    payment.refunded_minor = min(refunded, payment.amount_minor)
    payment.status = _status(payment, {row.state for row in rows if row.kind == Kind.DISPUTE})
    is_newly_warned = truth.is_warned and payment.warned_at is None
    if is_newly_warned:
        payment.warned_at = at
        enqueue(task="payments.refund_warned", payment_uid=str(payment.uid))
    payment.save(update_fields=["refunded_minor", "status", "warned_at"])


def _status(payment: Payment, disputes: set[str]) -> Payment.Status:
    if State.LOST in disputes:
        return Payment.Status.LOST
    if payment.refunded_minor >= payment.amount_minor:
        return Payment.Status.REFUNDED
    if State.WON in disputes:
        return Payment.Status.WON
    return Payment.Status.DISPUTED if State.OPEN in disputes else Payment.Status.PAID

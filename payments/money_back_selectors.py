"""What a refund or a dispute touched: the messages and unlocks that its payment funded, and what covers each."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Final

from django.db.models import Sum

from credits import trace_selectors
from credits.types import LotSpending
from pairly.common.problems import NotFound
from users.models import User

from . import selectors
from .models import MoneyBack, Payment
from .selectors import return_op_id
from .types import Trace, TracedPart

STAFF_PERMISSION: Final = "users.staff_view_payouts"
_STANDS = [MoneyBack.State.SUCCEEDED, MoneyBack.State.OPEN, MoneyBack.State.LOST]


def get_trace(*, user: User, uid: uuid.UUID) -> Trace:
    """What a refund or dispute touched, as `user` may see it; raises NotFound for everybody else.

    The buyer and staff see all of it. A creator sees what was paid to them and that it was given back or is covered by
    Pairly: whether its buyer owes anything is the buyer's own affair.
    """
    row = MoneyBack.objects.filter(uid=uid).select_related("payment").first()
    if row is None:
        raise NotFound
    trace = _trace(row)
    if row.payment.user_id == user.pk or user.has_perm(STAFF_PERMISSION):
        return trace
    return _touched(trace, user)


def get_touched(*, user: User, uid: uuid.UUID) -> Trace:
    """What a refund or dispute touched of what was paid to `user`; raises NotFound where that is nothing, also to
    staff, who have doors of their own."""
    row = MoneyBack.objects.filter(uid=uid, unspent_centi__isnull=False).select_related("payment").first()
    if row is None:
        raise NotFound
    return _touched(_trace(row), user)


def _touched(trace: Trace, user: User) -> Trace:
    mine = _of_payee(trace, user)
    if not mine.parts:
        raise NotFound
    return mine


def list_touched(*, user: User, limit: int = 50) -> list[Trace]:
    """The refunds and disputes that touched what was paid to `user`, the newest first, as `get_touched` shows them."""
    payments = trace_selectors.list_reversed_payments(payee_id=user.pk, limit=limit)
    rows = MoneyBack.objects.filter(payment__uid__in=payments, unspent_centi__isnull=False)
    traces = [_trace(row) for row in rows.select_related("payment").order_by("-id")[:limit]]
    return [mine for one in traces if (mine := _of_payee(one, user)).parts]


def _of_payee(trace: Trace, user: User) -> Trace:
    parts = [_as_payee(part) for part in trace.parts if part.payee == user.pk]
    return Trace(uid=trace.uid, kind=trace.kind, state=trace.state, created_at=trace.created_at, parts=parts)


def list_payees(*, row: MoneyBack) -> dict[int, tuple[int, int]]:
    """Whose messages and sales a refund or dispute touched, by primary key: what went back out of escrow, and what they
    keep, in hundredths. For telling them; asked in the transaction that takes the credits."""
    found: dict[int, tuple[int, int]] = {}
    for part in _trace(row).parts:
        held, kept = found.get(part.payee, (0, 0))
        found[part.payee] = (held + part.held_centi, kept + part.reserve_centi + part.debt_centi)
    return found


def get_own(*, user: User, uid: uuid.UUID) -> Trace:
    """All of a refund or dispute of a payment of `user`; raises NotFound for somebody else's."""
    row = MoneyBack.objects.filter(uid=uid, payment__user=user).select_related("payment").first()
    if row is None or _is_nothing(row):
        raise NotFound
    return _trace(row)


def list_own(*, user: User, payment_uid: uuid.UUID) -> list[Trace]:
    """The same for all of one payment, the oldest first. Raises NotFound for somebody else's payment."""
    payment = selectors.get_payment(user=user, uid=payment_uid)
    rows = MoneyBack.objects.filter(payment=payment).select_related("payment").order_by("id")
    return [_trace(row) for row in rows if not _is_nothing(row)]


def _is_nothing(row: MoneyBack) -> bool:
    """A refund that failed before it took anything."""
    return row.state == MoneyBack.State.FAILED and not row.is_taken


def list_money_back(*, user: User, payment_uid: uuid.UUID) -> list[MoneyBack]:
    """Refunds and disputes of a payment of `user`, the oldest first; none for somebody else's."""
    return list(MoneyBack.objects.filter(payment__uid=payment_uid, payment__user=user).order_by("id"))


def list_of_payment(*, payment: Payment) -> list[MoneyBack]:
    """All refunds and disputes of a payment, the oldest first, for staff's pages."""
    return list(MoneyBack.objects.filter(payment=payment).select_related("requested_by").order_by("id"))


def get_left_minor(*, payment: Payment) -> int:
    """What neither a refund nor a bank has of a payment; 0 where nothing can be refunded, also while a bank decides.

    Who means to refund it holds the payment's lock.
    """
    if payment.is_open or payment.money_back.filter(state=MoneyBack.State.OPEN).exists():
        return 0
    gone = payment.money_back.exclude(state__in=[MoneyBack.State.WARNING, MoneyBack.State.WON, MoneyBack.State.FAILED])
    return max(0, payment.amount_minor - (gone.aggregate(n=Sum("amount_minor"))["n"] or 0))


def get_money_back(*, uid: uuid.UUID) -> MoneyBack:
    """A refund or dispute with its payment and buyer, for staff's pages. Raises NotFound."""
    row = MoneyBack.objects.filter(uid=uid).select_related("payment__user").first()
    if row is None:
        raise NotFound
    return row


def get_dispute(*, uid: uuid.UUID) -> MoneyBack:
    """The same for a dispute alone. Raises NotFound, also for a refund: no bank asks about it."""
    row = get_money_back(uid=uid)
    if row.kind != MoneyBack.Kind.DISPUTE:
        raise NotFound
    return row


def trace_for_staff(*, row: MoneyBack) -> Trace:
    """The same for the page of a case, whose queue has asked for the permission."""
    return _trace(row)


def _trace(row: MoneyBack) -> Trace:
    """The ledger knows how much each purpose gave, and which holds it voided. What was spent before is covered by the
    reserve first and the debt after it, from the oldest message on; what other refunds of the payment took comes
    before."""
    spending = trace_selectors.list_spending(payment_uid=row.payment.uid) if row.is_taken else []
    op, held_left = return_op_id(row=row), row.held_centi or 0
    parts = []
    for one in spending:
        if one.settled_op == op and one.state == "voided":
            held = min(one.funded_centi, held_left)
            held_left -= held
            parts.append(replace(_part(one), held_centi=held))
    parts += _covered(row, [one for one in spending if one.spent_centi > 0])
    others = sum(part.reserve_centi + part.debt_centi for part in parts)
    return Trace(
        uid=row.uid,
        kind=row.kind,
        state=row.state,
        created_at=row.created_at,
        payment_uid=row.payment.uid,
        parts=sorted(parts, key=lambda part: part.hold_id),
        amount_minor=row.amount_minor,
        currency=row.payment.currency,
        unspent_centi=row.unspent_centi or 0,
        held_centi=row.held_centi or 0,
        reserve_centi=row.reserve_centi or 0,
        debt_centi=row.debt_centi or 0,
        # Of reserve and debt: what the credits had gone to that is no message, an older debt.
        other_centi=max(0, (row.reserve_centi or 0) + (row.debt_centi or 0) - others),
    )


def _covered(row: MoneyBack, spent: list[LotSpending]) -> list[TracedPart]:
    earlier = MoneyBack.objects.filter(payment=row.payment_id, id__lt=row.pk, state__in=_STANDS)
    skipped = sum((one.reserve_centi or 0) + (one.debt_centi or 0) for one in earlier)
    reserve_left, debt_left = row.reserve_centi or 0, row.debt_centi or 0
    parts = []
    for one in spent:
        passed = min(skipped, one.spent_centi)
        skipped -= passed
        reserve = min(one.spent_centi - passed, reserve_left)
        debt = min(one.spent_centi - passed - reserve, debt_left)
        reserve_left, debt_left = reserve_left - reserve, debt_left - debt
        if reserve or debt:
            parts.append(replace(_part(one), reserve_centi=reserve, debt_centi=debt))
    return parts


def _part(one: LotSpending) -> TracedPart:
    return TracedPart(
        hold_id=one.hold_id, scope=one.scope, position=one.position, actor=one.actor, payee=one.payee, state=one.state,
        created_at=one.created_at, funded_centi=one.funded_centi,
    )  # fmt: skip


def _as_payee(part: TracedPart) -> TracedPart:
    return replace(part, reserve_centi=0, debt_centi=0, platform_centi=part.reserve_centi + part.debt_centi)

"""What somebody paid, and what of it went back: reads for the buyer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from pairly.common.problems import NotFound
from users.models import User

from . import selectors
from .models import MoneyBack, Payment


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentRow:
    """A payment with its refunds and disputes, oldest first."""

    payment: Payment
    money_back: Sequence[MoneyBack]

    @property
    def is_paid(self) -> bool:
        """Whether money arrived, whatever became of it: there is a receipt."""
        return self.payment.paid_at is not None


def list_payments(*, user: User, before_id: int | None = None, limit: int) -> list[PaymentRow]:
    """The user's payments with their refunds and disputes, newest first, before `before_id` if given: two queries. A
    failed refund is left out: nothing happened."""
    payments = selectors.list_payments(user=user)
    found = (payments.filter(id__lt=before_id) if before_id else payments).prefetch_related(_money_back())[:limit]
    return [PaymentRow(payment=payment, money_back=list(payment.money_back.all())) for payment in found]


def get_receipt(*, user: User, uid: uuid.UUID) -> PaymentRow:
    """A payment of `user` that was paid. Raises NotFound, also for somebody else's and for one that was not."""
    payment = selectors.list_payments(user=user).filter(uid=uid).prefetch_related(_money_back()).first()
    if payment is None or payment.paid_at is None:
        raise NotFound
    return PaymentRow(payment=payment, money_back=list(payment.money_back.all()))


def _money_back() -> Prefetch[Any, Any, Any]:
    return Prefetch("money_back", MoneyBack.objects.exclude(state=MoneyBack.State.FAILED).order_by("id"))

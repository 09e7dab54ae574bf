"""Finding a payment for staff, whose pages have asked for the permission and record the look."""

from __future__ import annotations

import uuid
from contextlib import suppress

from django.db.models import Count, Q, QuerySet

from pairly.common.problems import NotFound
from users.models import User

from .models import MoneyBack, Payment
from .types import PaymentCounts


def search(*, text: str, buyer: uuid.UUID | None = None) -> QuerySet[Payment]:
    """Payments with this id, or that the provider knows by `text` (a session, a payment, a refund or a dispute of it),
    or that `buyer` (a public id) made: the newest first. Nothing is found by a part of a name."""
    named = Q(provider_session_id=text) | Q(provider_payment_id=text) | Q(money_back__provider_object_id=text)
    with suppress(ValueError):
        named |= Q(uid=uuid.UUID(text))
    if buyer is not None:
        named |= Q(user__uid=buyer)
    ids = Payment.objects.filter(named).values("pk")
    return Payment.objects.filter(pk__in=ids).select_related("user").order_by("-id")


def get_for_staff(*, staff: User, uid: uuid.UUID) -> Payment:
    """A payment with its buyer. Raises NotFound, also for one's own."""
    payment = Payment.objects.exclude(user=staff).filter(uid=uid).select_related("user").first()
    if payment is None:
        raise NotFound
    return payment


def count_of(*, user: User) -> PaymentCounts:
    """How many payments of `user` were made, and how many refunds and disputes they had; for staff. Two queries."""
    n_paid = Payment.objects.filter(user=user, paid_at__isnull=False).count()
    kinds = MoneyBack.objects.filter(payment__user=user).aggregate(
        n_refunds=Count("pk", filter=Q(kind=MoneyBack.Kind.REFUND)),
        n_disputes=Count("pk", filter=Q(kind=MoneyBack.Kind.DISPUTE)),
    )
    return PaymentCounts(n_paid=n_paid, **kinds)

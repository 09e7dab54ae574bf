"""The facts by which a purchase is judged, from what the product has."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum

from credits import selectors as ledger
from users.models import User

from .models import Payment
from .types import PurchaseFacts

DAY = timedelta(days=1)


def get_purchase_facts(*, user: User, at: datetime) -> PurchaseFacts:
    """What is known of the buyer at that moment; two short queries."""
    today = Q(created_at__gt=at - DAY)
    counted = Payment.objects.filter(user=user).aggregate(
        n_started=Count("id", filter=today),
        n_failed=Count("id", filter=today & Q(status=Payment.Status.FAILED)),
        n_lost=Count("id", filter=Q(status=Payment.Status.LOST)),
        n_disputed=Count("id", filter=Q(status=Payment.Status.DISPUTED)),
        paid_centi=Sum("credits_centi", filter=Q(paid_at__gt=at - DAY)),
    )
    return PurchaseFacts(
        account_age_hours=max(0, int((at - user.created_at).total_seconds() // 3600)),
        is_email_confirmed=user.email_verified_at is not None,
        n_started_day=counted["n_started"],
        n_failed_day=counted["n_failed"],
        n_lost=counted["n_lost"],
        n_disputed=counted["n_disputed"],
        paid_day_centi=counted["paid_centi"] or 0,
        debt_centi=ledger.get_balance(user_id=user.pk).debt_centi,
    )

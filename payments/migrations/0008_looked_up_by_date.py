from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import Index, Q


class Migration(migrations.Migration):
    """What is looked up by its date: late payments, a day of them, and what changed since the ledger was checked."""

    atomic = False  # the tables stay writable while the indexes are built

    dependencies = [("payments", "0007_disputes_accepted")]

    operations = [
        AddIndexConcurrently(
            model_name="payment",
            index=Index(
                fields=["created_at"],
                condition=Q(("provider", "razorpay"), ("status__in", ["failed", "expired"])),
                name="payment_late_idx",
            ),
        ),
        AddIndexConcurrently(
            model_name="payment",
            index=Index(fields=["paid_at"], condition=Q(("paid_at__isnull", False)), name="payment_paid_at_idx"),
        ),
        AddIndexConcurrently(
            model_name="payment",
            index=Index(fields=["checked_at"], condition=Q(("checked_at__isnull", False)), name="payment_checked_idx"),
        ),
        AddIndexConcurrently(
            model_name="moneyback", index=Index(fields=["created_at"], name="money_back_created_idx")
        ),
        AddIndexConcurrently(
            model_name="moneyback",
            index=Index(fields=["closed_at"], condition=Q(("closed_at__isnull", False)), name="money_back_closed_idx"),
        ),
        AddIndexConcurrently(
            model_name="payout",
            index=Index(fields=["sent_at"], condition=Q(("sent_at__isnull", False)), name="payout_sent_idx"),
        ),
        AddIndexConcurrently(model_name="payoutstep", index=Index(fields=["at"], name="payout_step_at_idx")),
    ]

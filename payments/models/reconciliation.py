from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .payment import Payment, Provider


class Reconciliation(models.Model):
    """One comparison of a provider's own list of a day (UTC) with our rows. The latest of a day counts."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=8, choices=Provider.choices)
    day = models.DateField()
    n_listed = models.IntegerField()  # movements in the provider's list
    n_matched = models.IntegerField()  # of them, those that we have just so
    n_differences = models.IntegerField()
    n_booked = models.IntegerField()  # fees and transfers to our bank that were written to the ledger now
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(provider__in=["stripe", "razorpay"]), name="reconciliation_provider"),
            models.CheckConstraint(
                condition=Q(n_listed__gte=0, n_matched__gte=0, n_differences__gte=0, n_booked__gte=0),
                name="reconciliation_counts",
            ),
        ]
        indexes = [models.Index(fields=["provider", "-day", "-id"], name="reconciliation_day_idx")]

    def __str__(self) -> str:
        return f"{self.provider} {self.day} {self.n_differences}"


class Difference(models.Model):
    """Where a provider's list and our rows do not agree. Amounts are in minor units; what one side lacks is empty."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("the provider has it, we do not")
        MISSING_THERE = "missing_there", _("we have it, the provider does not")
        OTHER_AMOUNT = "other_amount", _("another amount")
        OTHER_CURRENCY = "other_currency", _("another currency")

    id = models.BigAutoField(primary_key=True)
    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="differences")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    movement = models.CharField(max_length=40)  # payment, refund, dispute, payout, or the provider's own word
    provider_object_id = models.CharField(max_length=255)
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="differences")
    our_minor = models.BigIntegerField(null=True, blank=True)
    our_currency = models.CharField(max_length=3, blank=True)
    their_minor = models.BigIntegerField(null=True, blank=True)
    their_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="missing_here", our_minor__isnull=True, their_minor__isnull=False)
                | Q(kind="missing_there", our_minor__isnull=False, their_minor__isnull=True)
                | Q(kind__in=["other_amount", "other_currency"], our_minor__isnull=False, their_minor__isnull=False),
                name="difference_has_its_sides",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.movement} {self.provider_object_id}"

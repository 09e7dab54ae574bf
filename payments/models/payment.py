from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

# In the first money may still arrive, in the others it has arrived.
_UNPAID = ["created", "failed", "expired"]
_PAID = ["paid", "refunded", "disputed", "won", "lost"]


class Provider(models.TextChoices):
    STRIPE = "stripe", "Stripe"
    RAZORPAY = "razorpay", "Razorpay"


class Payment(models.Model):
    """One purchase of credits. `uid` is the public id and the key to the provider, `request_id` the buyer's key.

    The status goes forward only and what was agreed never changes: `sql/0001_forward_only.sql` enforces both.
    """

    class Status(models.TextChoices):
        CREATED = "created", _("waiting for payment")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")
        REFUNDED = "refunded", _("refunded")
        DISPUTED = "disputed", _("disputed")
        WON = "won", _("dispute won")
        LOST = "lost", _("dispute lost")

    class Flag(models.TextChoices):
        """Why a person has to look at it; empty when nobody has to."""

        WRONG_AMOUNT = "wrong_amount", _("another amount was paid")
        WRONG_CURRENCY = "wrong_currency", _("another currency was paid")
        WRONG_REFERENCE = "wrong_reference", _("the provider's object belongs to another payment")
        WRONG_MODE = "wrong_mode", _("test and live are mixed up")
        REUSED_OBJECT = "reused_object", _("the provider's object was credited before")
        MONEY_RETURNED = "money_returned", _("money went back to the buyer")
        REFUND_FAILED = "refund_failed", _("a refund failed: its money is here again")
        NOT_AT_PROVIDER = "not_at_provider", _("the provider does not know the checkout")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payments")
    request_id = models.UUIDField()
    provider = models.CharField(max_length=8, choices=Provider.choices)
    package = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    credits_centi = models.BigIntegerField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.CREATED)
    flag = models.CharField(max_length=16, choices=Flag.choices, blank=True)
    provider_session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    provider_payment_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    checkout_url = models.TextField(blank=True)
    refunded_minor = models.BigIntegerField(default=0)
    warned_at = models.DateTimeField(null=True, blank=True)  # the provider expects a dispute (early fraud warning)
    created_at = models.DateTimeField(db_default=Now())
    paid_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)  # when the provider was last asked

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "request_id"], name="payment_request_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(condition=Q(credits_centi__gt=0), name="payment_credits_positive"),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("amount_minor")), name="payment_refunded_part"
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payment_currency_iso"),
            models.CheckConstraint(condition=Q(provider__in=["stripe", "razorpay"]), name="payment_provider_known"),
            models.CheckConstraint(condition=Q(status__in=_UNPAID + _PAID), name="payment_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=_UNPAID, paid_at__isnull=True, provider_payment_id__isnull=True)
                | Q(status__in=_PAID, paid_at__isnull=False, provider_payment_id__isnull=False),
                name="payment_paid_has_proof",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="payment_user_idx"),
            models.Index(fields=["checked_at", "id"], condition=Q(status="created"), name="payment_open_idx"),
            models.Index(fields=["id"], condition=~Q(flag=""), name="payment_flagged_idx"),
            # Whose money may still arrive, though they are over.
            models.Index(
                fields=["created_at"],
                condition=Q(provider="razorpay", status__in=["failed", "expired"]),
                name="payment_late_idx",
            ),
            models.Index(fields=["paid_at"], condition=Q(paid_at__isnull=False), name="payment_paid_at_idx"),
            models.Index(fields=["checked_at"], condition=Q(checked_at__isnull=False), name="payment_checked_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether money may still arrive."""
        return self.status in _UNPAID

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

_APPROVED = ["approved", "processing", "paid", "returned"]


class PayoutMethod(models.Model):
    """Where a creator wants their money. Never changed: another account is another row, and waits its lock again."""

    class Kind(models.TextChoices):
        STRIPE = "stripe", _("Bank account or card, through Stripe")
        RAZORPAYX = "razorpayx", _("Bank account or UPI in India, through RazorpayX")
        MANUAL = "manual", _("Bank transfer by hand")

    class State(models.TextChoices):
        PENDING = "pending", _("details are missing at the provider")
        READY = "ready", _("ready")
        REMOVED = "removed", _("removed")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payout_methods")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    label = models.CharField(max_length=80)  # what people recognise it by: the bank and the last four digits
    provider_account_id = models.CharField(max_length=255, blank=True)
    sealed_details = models.BinaryField(null=True, blank=True)  # manual ones: encrypted at rest
    fingerprint = models.BinaryField(max_length=32)  # keyed hash: the same account under two names shows
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    usable_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["stripe", "razorpayx", "manual"]), name="payout_method_kind"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payout_method_currency_iso"),
            models.CheckConstraint(
                condition=Q(state="removed", removed_at__isnull=False)
                | Q(state__in=["pending", "ready"], removed_at__isnull=True),
                name="payout_method_removed_at",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="payout_method_user_idx"),
            models.Index(fields=["fingerprint"], name="payout_method_fingerprint_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class Payout(models.Model):
    """Earnings on their way to a creator. `uid` is the public id and the key to the provider: one call a payout.

    `rate_micro` is what one credit was worth when it was asked for, in millionths of the currency's minor unit; the
    amounts never change after that.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("being looked at")
        APPROVED = "approved", _("approved")
        PROCESSING = "processing", _("on its way")
        PAID = "paid", _("paid")
        REJECTED = "rejected", _("not made")
        RETURNED = "returned", _("came back")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payouts")
    method = models.ForeignKey(PayoutMethod, on_delete=models.PROTECT, related_name="payouts")
    request_id = models.UUIDField()
    amount_centi = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    rate_micro = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.REQUESTED)
    reason = models.CharField(max_length=40, blank=True)  # a code: why it is looked at, was not made, or came back
    admin_notes = models.TextField(blank=True)
    needs_two = models.BooleanField(default=False)
    risk = models.JSONField(default=dict, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    second_approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    provider_payout_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    # How often the provider said that it made none for want of money of ours: each sending has a key of its own.
    n_unsent = models.PositiveSmallIntegerField(default=0, db_default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)  # when the provider was last asked
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "request_id"], name="payout_request_once"),
            models.CheckConstraint(condition=Q(amount_centi__gt=0, amount_minor__gt=0), name="payout_amount_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "rejected"])
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="payout_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(needs_two=False)
                | Q(status__in=["requested", "rejected"])
                | Q(second_approver__isnull=False),
                name="payout_approved_by_two",
            ),
            models.CheckConstraint(
                condition=Q(second_approver__isnull=True) | ~Q(second_approver=F("approved_by")),
                name="payout_two_different_people",
            ),
            models.CheckConstraint(
                condition=(Q(approved_by__isnull=True) | ~Q(approved_by=F("user")))
                & (Q(second_approver__isnull=True) | ~Q(second_approver=F("user"))),
                name="payout_not_approved_by_oneself",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="payout_user_idx"),
            models.Index(
                fields=["status", "checked_at"],
                condition=Q(status__in=["approved", "processing"]),
                name="payout_open_idx",
            ),
            models.Index(fields=["sent_at"], condition=Q(sent_at__isnull=False), name="payout_sent_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.status}"


class PayoutStep(models.Model):
    """One line of a payout's timeline: what happened, whose turn it is now, why, and until when at the latest."""

    class Owner(models.TextChoices):
        YOU = "you", _("you")
        PAIRLY = "pairly", _("Pairly")
        PROVIDER = "provider", _("the payment provider")
        BANK = "bank", _("the bank")
        NOBODY = "nobody", _("nobody: it is done")

    id = models.BigAutoField(primary_key=True)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="steps")
    status = models.CharField(max_length=10, choices=Payout.Status.choices)
    owner = models.CharField(max_length=8, choices=Owner.choices)
    reason = models.CharField(max_length=40, blank=True)
    latest_at = models.DateTimeField(null=True, blank=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["payout", "id"], name="payout_step_idx"),
            models.Index(fields=["at"], name="payout_step_at_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .payment import Payment

_REFUND_STATES = ["pending", "succeeded", "failed"]
_DISPUTE_STATES = ["warning", "open", "won", "lost"]


class MoneyBack(models.Model):
    """A refund or a dispute of a payment: the provider's object and where its credits were found.

    The ledger operation's id is made of `provider_object_id`. The `_centi` numbers are the ledger's, null until it has
    taken them (a `warning` or a `pending` one).
    """

    class Kind(models.TextChoices):
        REFUND = "refund", _("refund")
        DISPUTE = "dispute", _("dispute")

    class State(models.TextChoices):
        PENDING = "pending", _("under way")
        SUCCEEDED = "succeeded", _("paid back")
        FAILED = "failed", _("failed")
        WARNING = "warning", _("inquiry, no money taken")
        OPEN = "open", _("being decided")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="money_back")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    provider_object_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)  # what the provider keeps for it
    reason = models.CharField(max_length=40, blank=True)
    # A refund that we asked for: our idempotency key, and who of staff asked (none: an early fraud warning).
    request_id = models.UUIDField(null=True, blank=True, unique=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    unspent_centi = models.BigIntegerField(null=True, blank=True)
    held_centi = models.BigIntegerField(null=True, blank=True)
    reserve_centi = models.BigIntegerField(null=True, blank=True)
    debt_centi = models.BigIntegerField(null=True, blank=True)
    # A dispute that staff accepts: since when the provider is to be told, and its word where it refused.
    accept_asked_at = models.DateTimeField(null=True, blank=True)
    accept_refused = models.CharField(max_length=40, blank=True, default="", db_default="")
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="money_back_amount_positive"),
            models.CheckConstraint(condition=Q(fee_minor__gte=0), name="money_back_fee_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="refund", state__in=_REFUND_STATES) | Q(kind="dispute", state__in=_DISPUTE_STATES),
                name="money_back_state_of_kind",
            ),
            models.CheckConstraint(
                condition=Q(provider_object_id__isnull=False) | Q(kind="refund", request_id__isnull=False),
                name="money_back_has_a_name",
            ),
        ]
        indexes = [
            models.Index(fields=["payment", "id"], name="money_back_payment_idx"),
            models.Index(fields=["created_at"], name="money_back_created_idx"),
            models.Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="money_back_closed_idx"),
            models.Index(fields=["evidence_due_at"], condition=Q(state="open"), name="money_back_open_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.provider_object_id}"

    @property
    def is_taken(self) -> bool:
        """Whether the ledger took credits for it, be it that they came again."""
        return self.unspent_centi is not None

    @property
    def has_come_again(self) -> bool:
        """Whether its money is here again: a dispute that was won, a refund that failed."""
        return self.state in (self.State.WON, self.State.FAILED)

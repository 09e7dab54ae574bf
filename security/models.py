from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class LoginAttempt(models.Model):
    """One try to sign in, committed before the password is hashed.

    The identifier is a keyed hash and the user a plain uid, so the row outlives the account. `pending` counts
    as a failure until it is settled: a process killed while hashing gives no free guess.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    identifier_hash = models.BinaryField(max_length=32)
    user_uid = models.UUIDField(null=True, blank=True)
    door = models.CharField(max_length=8)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, default=Outcome.PENDING)
    failure_reason = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["pending", "succeeded", "failed", "refused"]),
                name="attempt_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["pending", "succeeded"], failure_reason="")
                | (Q(outcome__in=["failed", "refused"]) & ~Q(failure_reason="")),
                name="attempt_failure_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["identifier_hash", "-id"], name="attempt_identifier_idx"),
            models.Index(fields=["user_uid", "-id"], name="attempt_user_idx"),
            models.Index(fields=["created_at"], name="attempt_created_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.door} {self.outcome} {self.id}"

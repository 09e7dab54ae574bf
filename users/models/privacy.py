"""What people do with the data about them: take it along, rest, leave."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .account import User


class DataExport(models.Model):
    """A copy of everything about a person, made by a job; `n_done` of `n_parts` is its progress."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        RUNNING = "running", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("no longer kept")

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="exports")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    n_parts = models.PositiveSmallIntegerField(default=0)
    n_done = models.PositiveSmallIntegerField(default=0)
    file_name = models.CharField(max_length=200, blank=True)
    n_bytes = models.BigIntegerField(default=0)
    requested_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "running", "ready", "failed", "expired"]), name="export_state_known"
            ),
            models.CheckConstraint(condition=Q(n_done__lte=F("n_parts")), name="export_progress_in_range"),
            models.CheckConstraint(
                condition=~Q(state="ready") | (Q(ready_at__isnull=False, expires_at__isnull=False) & ~Q(file_name="")),
                name="export_ready_has_file",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(state__in=["pending", "running"]), name="export_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"export {self.uid}"


class AccountClosure(models.Model):
    """A rest (deactivation) or the way out (deletion after a time of grace). Coming back cancels it."""

    class Kind(models.TextChoices):
        REST = "rest", _("deactivated")
        DELETION = "deletion", _("to be deleted")

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="closures")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    requested_at = models.DateTimeField(db_default=Now())
    erase_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="rest", erase_at__isnull=True) | Q(kind="deletion", erase_at__isnull=False),
                name="closure_deletion_has_date",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(kind="deletion", cancelled_at__isnull=True, erased_at__gte=F("erase_at")),
                name="closure_erased_after_grace",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(cancelled_at__isnull=True, erased_at__isnull=True),
                name="closure_one_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["erase_at"], condition=Q(cancelled_at__isnull=True, erased_at__isnull=True), name="closure_due"
            )
        ]

    def __str__(self) -> str:
        return f"closure {self.uid}"

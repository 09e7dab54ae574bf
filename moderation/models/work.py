from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7


class WorkItem(models.Model):
    """One case in a queue of staff. What it is about lies in the app that `kind` belongs to, under `ref`.

    It is taken for a while (`taken_until`), and goes back by itself; it is decided once, by who holds it. Until
    `assigned_until` it is kept for `assigned_to`, and nobody else takes it.
    """

    class Severity(models.IntegerChoices):
        LOW = 1, _("low")
        NORMAL = 2, _("normal")
        HIGH = 3, _("high")
        CRITICAL = 4, _("critical")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=24)
    ref = models.UUIDField()
    subject_uid = models.UUIDField(null=True, blank=True)
    severity = models.PositiveSmallIntegerField(choices=Severity.choices, default=Severity.NORMAL)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    taken_until = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    assigned_until = models.DateTimeField(null=True, blank=True)
    # Who has had their say and must leave the rest to somebody else.
    passed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "ref"], name="work_item_once"),
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True, taken_until__isnull=True)
                | Q(taken_by__isnull=False, taken_until__isnull=False),
                name="work_item_taken_has_time",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, outcome="") | Q(decided_at__isnull=False) & ~Q(outcome=""),
                name="work_item_decided_has_outcome",
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("passed_by")), name="work_item_two_people"),
            models.CheckConstraint(
                condition=Q(assigned_to__isnull=True, assigned_until__isnull=True)
                | Q(assigned_to__isnull=False, assigned_until__isnull=False),
                name="work_item_assigned_has_time",
            ),
            models.CheckConstraint(
                condition=Q(assigned_to__isnull=True) | Q(decided_at__isnull=True), name="work_item_assigned_is_open"
            ),
            models.CheckConstraint(condition=~Q(assigned_to=F("passed_by")), name="work_item_assigned_to_another"),
        ]
        indexes = [
            models.Index(
                fields=["kind", "-severity", "created_at"],
                condition=Q(decided_at__isnull=True),
                name="work_item_open_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"

    @property
    def is_taken(self) -> bool:
        """Whether somebody works on it just now."""
        return self.decided_at is None and self.taken_until is not None and self.taken_until > timezone.now()

    @property
    def is_assigned(self) -> bool:
        """Whether it is kept for somebody now."""
        return self.assigned_until is not None and self.assigned_until > timezone.now()


class BulkRun(models.Model):
    """Many cases settled or given away at once. Its id comes with the form: sent twice it is one run."""

    uid = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=24)
    action = models.CharField(max_length=24)  # an outcome, or "assign"
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    n_done = models.PositiveSmallIntegerField(default=0)
    n_skipped = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.action} {self.uid}"


class WorkNote(models.Model):
    """What staff wrote down about a case."""

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=4000)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"note {self.pk}"

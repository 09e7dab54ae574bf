from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7


class CannedReason(models.Model):
    """A text that staff begin a decision's reason with. What was sent is kept with the decision, whatever becomes of
    this; who changed it and how stands in the audit log."""

    class Kind(models.TextChoices):
        VERIFICATION = "verification", _("Verification not approved")
        REPORT = "report", _("Outcome of a report")
        SANCTION = "sanction", _("Suspension")
        APPEAL = "appeal", _("Outcome of an appeal")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    language = models.CharField(max_length=8, default="en")
    title = models.CharField(max_length=80)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "kind",
                "language",
                Lower("title"),
                condition=Q(retired_at__isnull=True),
                name="canned_reason_title_once",
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="canned_reason_says_something"),
            models.CheckConstraint(
                condition=Q(kind__in=["verification", "report", "sanction", "appeal"]), name="canned_reason_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"

    @property
    def language_name(self) -> str:
        """Of `language`, in words."""
        return str(dict(settings.LANGUAGES).get(self.language, self.language))

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .report import ReportCase
from .verification import Verification


class Sanction(models.Model):
    """What was done to somebody who broke a rule, with the statement of reasons that they read.

    Its effect is a `users.Restriction` whose `case_ref` is `uid`, or a shop item that is taken away.
    """

    class Kind(models.TextChoices):
        WARNING = "warning", _("Warning")
        MUTE = "mute", _("May not write")
        HIDE = "hide", _("Is not shown to others")
        PAYOUT_HOLD = "payout_hold", _("Payouts are held")
        TEMPORARY_BAN = "temporary_ban", _("Suspended for a time")
        PERMANENT_BAN = "permanent_ban", _("Suspended for good")
        CONTENT_REMOVAL = "content_removal", _("Content removed")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sanctions")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    rule = models.CharField(max_length=32)  # code of the rule that was broken
    facts = models.TextField()
    scope = models.CharField(max_length=32, default="all")
    starts_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    is_automated = models.BooleanField()  # by a rule alone, or entered by somebody on the word of a rule
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    case = models.ForeignKey(ReportCase, on_delete=models.PROTECT, null=True, blank=True, related_name="sanctions")
    content_ref = models.UUIDField(null=True, blank=True)
    appeal_until = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_reason = models.TextField(blank=True, default="", db_default="")  # the person reads it

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(rule="") & ~Q(facts="") & ~Q(scope=""), name="sanction_says_why"),
            models.CheckConstraint(
                condition=Q(is_automated=True) | Q(decided_by__isnull=False),
                name="sanction_by_somebody_or_automated",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["mute", "temporary_ban"]) | Q(until__isnull=False), name="sanction_has_an_end"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["warning", "permanent_ban", "content_removal"]) | Q(until__isnull=True),
                name="sanction_without_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(kind="content_removal") | Q(content_ref__isnull=False), name="sanction_names_content"
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("starts_at")), name="sanction_time"),
            models.CheckConstraint(condition=~Q(decided_by=F("user")), name="sanction_not_own"),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="sanction_user_idx")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class Appeal(models.Model):
    """Somebody asks for a decision about them to be looked at again, by another person.

    `first_decided_by` is whoever decided before, copied so that the table itself can refuse them.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("the decision stands")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appeals")
    sanction = models.OneToOneField(Sanction, on_delete=models.PROTECT, null=True, blank=True, related_name="appeal")
    verification = models.OneToOneField(
        Verification, on_delete=models.PROTECT, null=True, blank=True, related_name="appeal"
    )
    first_decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sanction__isnull=False, verification__isnull=True)
                | Q(sanction__isnull=True, verification__isnull=False),
                name="appeal_of_one_thing",
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("first_decided_by")), name="appeal_by_another_person"),
            models.CheckConstraint(condition=~Q(decided_by=F("user")), name="appeal_not_own"),
            models.CheckConstraint(
                condition=~Q(state__in=["granted", "refused"]) | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="appeal_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="appeal_user_idx")]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"


class AppealMessage(models.Model):
    """One side's words in an appeal."""

    id = models.BigAutoField(primary_key=True)
    appeal = models.ForeignKey(Appeal, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_from_staff = models.BooleanField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="appeal_message_says_something")]

    def __str__(self) -> str:
        return str(self.pk)

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .vault import SealedFile


class ReportCase(models.Model):
    """Everything that was reported about one thing while nobody had decided on it: its reports are merged here.

    `target_ref` is the shop item, or the conversation of messages; about a person as such it is their own id.
    """

    class Target(models.TextChoices):
        USER = "user", _("person")
        MESSAGE = "message", _("messages")
        ITEM = "item", _("shop item")

    class Category(models.TextChoices):
        HARASSMENT = "harassment", _("Harassment or threats")
        SCAM = "scam", _("Scam or fraud")
        SEXUAL = "sexual", _("Sexual content")
        MINOR = "minor", _("Somebody under 18")
        HATE = "hate", _("Hate")
        SELF_HARM = "self_harm", _("Self-harm")
        IMPERSONATION = "impersonation", _("Pretends to be somebody else")
        ILLEGAL = "illegal", _("Something illegal")
        COPYRIGHT = "copyright", _("Somebody else's work")
        SPAM = "spam", _("Spam")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        UPHELD = "upheld", _("a rule was broken")
        DISMISSED = "dismissed", _("no rule was broken")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    target = models.CharField(max_length=8, choices=Target.choices)
    target_ref = models.UUIDField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Evidence is kept until then: an appeal may still be made, or is not decided.
    evidence_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "target", "target_ref"], condition=Q(state="open"), name="report_case_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | ~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="report_case_decided_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("subject")), name="report_case_not_own"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"


class Report(models.Model):
    """What one person reported. `gaps` tells of messages between those shown that were not: `[{after_n, missing}]`."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    case = models.ForeignKey(ReportCase, on_delete=models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports_made")
    category = models.CharField(max_length=16, choices=ReportCase.Category.choices)
    details = models.TextField(blank=True)
    gaps = models.JSONField(default=list, db_default=[])
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "reporter"], name="report_once_a_case"),
        ]
        indexes = [models.Index(fields=["reporter", "-id"], name="report_reporter_idx")]

    def __str__(self) -> str:
        return str(self.uid)


class ReportRequest(models.Model):
    """A client's key of one request (`Idempotency-Key`): sent again, nothing is added twice.

    `fingerprint` is a keyed hash of what was asked, so that it tells nobody what it said. It goes with the evidence.
    """

    id = models.BigAutoField(primary_key=True)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    request_id = models.UUIDField()
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="requests")
    fingerprint = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reporter", "request_id"], name="report_request_once")]

    def __str__(self) -> str:
        return str(self.request_id)


class ReportedMessage(models.Model):
    """A message that the reporter opened to us (e2e.md 3). `sealed_body` is encrypted at rest.

    `verdict` is `verified` only where the receipt, the sender's signature and the commitment all hold and the reporter
    took part; else `flaw` is the code of the first thing that does not.
    """

    class Verdict(models.TextChoices):
        VERIFIED = "verified", _("verified")
        NOT_VERIFIED = "not_verified", _("not verified")

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="messages")
    n = models.BigIntegerField(null=True, blank=True)
    sender_uid = models.UUIDField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    flaw = models.CharField(max_length=32, blank=True)
    sealed_body = models.BinaryField(null=True)  # none once the evidence is gone
    proof = models.JSONField(default=dict, db_default={})  # hdr, sig, head, skid, receipt: none of them says a word

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="verified", flaw="", n__isnull=False) | Q(verdict="not_verified") & ~Q(flaw=""),
                name="reported_message_verdict",
            ),
        ]
        ordering = ["n", "id"]

    def __str__(self) -> str:
        return f"{self.verdict} {self.n}"


class ReportedAttachment(models.Model):
    """A file of a verified message that its reporter opened. The blob is held by messaging; its key is in the words.

    `verified`: the blob is the one that this message's signed header names, and opens with the key that its committed
    words name. `place` is its number in both, from 0.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("not checked yet")
        VERIFIED = "verified", _("verified")
        NOT_VERIFIED = "not_verified", _("not verified")
        GONE = "gone", _("not there any more")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(ReportedMessage, on_delete=models.CASCADE, related_name="attachments")
    place = models.PositiveSmallIntegerField()
    sha256 = models.BinaryField(max_length=32)
    n_bytes = models.BigIntegerField()  # of the sealed blob
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    flaw = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "place"], name="reported_attachment_once"),
            models.CheckConstraint(
                condition=Q(state="not_verified") & ~Q(flaw="") | ~Q(state="not_verified") & Q(flaw=""),
                name="reported_attachment_flaw",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="reported_attachment_idx"),
        ]
        ordering = ["place"]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"


class ReportFile(models.Model):
    """A picture that a reporter added, such as a screenshot."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="files")
    file = models.OneToOneField(SealedFile, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.file_id)

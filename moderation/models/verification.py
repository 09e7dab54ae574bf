from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .vault import SealedFile


class Verification(models.Model):
    """Somebody shows who they are: a document and a selfie, looked at by checks and by a person.

    What the files said stays only as the class of the document, its country, whether its holder is of age, keyed hashes
    (`DocumentHash`) and the parts of the score (`report`). `valid_until` is when an approval ends.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("not sent yet")
        SUBMITTED = "submitted", _("sent")  # the checks run
        IN_REVIEW = "in_review", _("being looked at")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("not approved")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    class DocumentType(models.TextChoices):
        PASSPORT = "passport", _("Passport")
        ID_CARD = "id_card", _("Identity card")
        LICENCE = "licence", _("Driving licence")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="verifications")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    document_type = models.CharField(max_length=12, choices=DocumentType.choices)
    purpose = models.CharField(max_length=500, blank=True)  # why they ask, in their words
    consent_at = models.DateTimeField(null=True, blank=True)
    # The address it was sent from, for the checks; forgotten with the files.
    ip = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    report = models.JSONField(default=dict, db_default={})
    document_country = models.CharField(max_length=3, blank=True)
    is_of_age = models.BooleanField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason_code = models.CharField(max_length=32, blank=True)
    reason = models.TextField(blank=True)  # read by who it is about
    valid_until = models.DateTimeField(null=True, blank=True)
    # When the keys of its files are destroyed; none while it is open, and none once they are.
    files_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=["draft", "submitted", "in_review"]),
                name="verification_one_open",
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(state="approved"), name="verification_one_approved"),
            models.CheckConstraint(condition=Q(score__isnull=True) | Q(score__lte=100), name="verification_score"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(consent_at__isnull=False, submitted_at__isnull=False)
                | Q(state="withdrawn"),
                name="verification_sent_with_consent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"])
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="verification_decided_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("user")), name="verification_not_own"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(valid_until__isnull=False), name="verification_approval_ends"
            ),
        ]
        indexes = [
            models.Index(
                fields=["files_until"], condition=Q(files_until__isnull=False), name="verification_files_until_idx"
            ),
            models.Index(fields=["valid_until"], condition=Q(state="approved"), name="verification_valid_until_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"


class VerificationFile(models.Model):
    """One of the two pictures of a verification, or what the checks drew over the document."""

    class Kind(models.TextChoices):
        DOCUMENT = "document", _("Document")
        SELFIE = "selfie", _("Selfie")
        HEAT_MAP = "heat_map", _("What the checks noticed")

    id = models.BigAutoField(primary_key=True)
    verification = models.ForeignKey(Verification, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    file = models.OneToOneField(SealedFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["verification", "kind"], name="verification_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.verification_id}"


class DocumentHash(models.Model):
    """A keyed hash of something on a document, to tell the same document when it comes again."""

    class Kind(models.TextChoices):
        NUMBER = "number", _("document number")
        NAME = "name", _("name")

    id = models.BigAutoField(primary_key=True)
    verification = models.ForeignKey(Verification, on_delete=models.CASCADE, related_name="hashes")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    digest = models.BinaryField()

    class Meta:
        verbose_name_plural = "document hashes"
        constraints = [
            models.UniqueConstraint(fields=["verification", "kind"], name="document_hash_once"),
        ]
        indexes = [models.Index(fields=["kind", "digest"], name="document_hash_idx")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.verification_id}"


class DocumentLook(models.Model):
    """A perceptual hash (64 bits) of a part of a document; alike are those that differ in few bits.

    Two that differ in three bits at most share one of the four bands (pigeonhole), which are indexed.
    """

    class Kind(models.TextChoices):
        PORTRAIT = "portrait", _("portrait")
        NUMBER_FIELD = "number_field", _("number field")

    id = models.BigAutoField(primary_key=True)
    verification = models.ForeignKey(Verification, on_delete=models.CASCADE, related_name="looks")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    bits = models.BigIntegerField()
    band_1 = models.PositiveIntegerField()
    band_2 = models.PositiveIntegerField()
    band_3 = models.PositiveIntegerField()
    band_4 = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["verification", "kind"], name="document_look_once"),
        ]
        indexes = [models.Index(fields=["kind", f"band_{n}"], name=f"document_look_{n}_idx") for n in (1, 2, 3, 4)]

    def __str__(self) -> str:
        return f"{self.kind} of {self.verification_id}"

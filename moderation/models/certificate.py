from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .verification import Verification


class CertificateKey(models.Model):
    """A key that certificates are signed with (Ed25519). Public keys stay published; the newest one signs."""

    kid = models.CharField(primary_key=True, max_length=16)
    public = models.BinaryField()
    sealed_seed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.kid


class Certificate(models.Model):
    """A statement of ours about an account, for anybody who has its code. `payload` are the very bytes that are signed.

    It names no legal name and no number of a document.
    """

    class Level(models.TextChoices):
        AGE = "age", _("Of age")
        DOCUMENT = "document", _("Document seen")
        SELFIE = "selfie", _("Document and selfie compared")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    code = models.CharField(max_length=26, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="certificates")
    verification = models.ForeignKey(Verification, on_delete=models.PROTECT, related_name="certificates")
    level = models.CharField(max_length=8, choices=Level.choices)
    key = models.ForeignKey(CertificateKey, on_delete=models.PROTECT, related_name="+")
    payload = models.BinaryField()
    signature = models.BinaryField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="certificate_lasts"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_because="")
                | Q(revoked_at__isnull=False) & ~Q(revoked_because=""),
                name="certificate_revoked_because",
            ),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="certificate_user_idx")]

    def __str__(self) -> str:
        return self.code

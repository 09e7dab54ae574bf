"""Second factors, and the way back for who lost theirs. Passkeys are django-otp-webauthn's own model."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django_otp.models import Device

from pairly.common.ids import uuid7

from .account import User


class TotpDevice(Device):  # type: ignore[misc]  # django-otp has no types
    """An authenticator app (RFC 6238: SHA-1, 6 digits, 30 s). The key is encrypted; a used step never works again.

    `name` and `confirmed` are django-otp's. An unconfirmed device is one whose set-up goes on; each user
    has at most one of both kinds.
    """

    objects: ClassVar[models.Manager[TotpDevice]] = models.Manager()

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="totp_devices")
    key_encrypted = models.BinaryField(max_length=256)
    # The newest time step that was accepted; a code of it or of an earlier one is a replay.
    last_step = models.BigIntegerField(default=-1)
    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "authenticator app"
        constraints = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="totp_one_of_each_state"),
            models.CheckConstraint(
                condition=Q(confirmed=False, confirmed_at__isnull=True) | Q(confirmed=True, confirmed_at__isnull=False),
                name="totp_confirmed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"authenticator app {self.pk}"


class BackupCode(models.Model):
    """One of ten codes for a lost device: keyed hash, used once."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="backup_codes")
    code_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="backup_code_once")]

    def __str__(self) -> str:
        return f"backup code {self.pk}"


class FactorRecovery(models.Model):
    """The way back for who lost the second factor: two people of staff and a waiting time, each a constraint.

    requested -> approved by one -> approved by another -> `wait_until` has passed -> done. The owner can cancel
    until then, and is told by mail at each step.
    """

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="factor_recoveries")
    reason = models.CharField(max_length=1000)
    ip = models.GenericIPAddressField(null=True, blank=True)
    requested_at = models.DateTimeField(db_default=Now())
    wait_until = models.DateTimeField()
    first_approver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    first_approved_at = models.DateTimeField(null=True, blank=True)
    second_approver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    second_approved_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    rejected_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "factor recoveries"
        constraints = [
            models.CheckConstraint(
                condition=~Q(first_approver=F("second_approver"))
                & ~Q(first_approver=F("user"))
                & ~Q(second_approver=F("user")),
                name="recovery_two_other_people",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True)
                | Q(
                    first_approver__isnull=False,
                    second_approver__isnull=False,
                    done_at__gte=F("wait_until"),
                    rejected_at__isnull=True,
                    cancelled_at__isnull=True,
                ),
                name="recovery_done_was_approved",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(done_at__isnull=True, rejected_at__isnull=True, cancelled_at__isnull=True),
                name="recovery_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"factor recovery {self.uid}"

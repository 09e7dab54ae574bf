"""What a browser is asked to sign with a passkey. The passkeys are django-otp-webauthn's own model."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .account import User


class PasskeyCeremony(models.Model):
    """One registration or proof that was begun (Web Authentication, section 7): its random challenge and its end.

    Who holds the token goes on. It is used once, by one conditional UPDATE of `used_at`, right or wrong.
    `bound_to` is the sign-in (a registration, a step-up) or the challenge (a second step) it was begun in.
    """

    class Purpose(models.TextChoices):
        REGISTER = "register"
        SIGN_IN = "sign_in"
        SECOND_STEP = "second_step"
        STEP_UP = "step_up"

    id = models.BigAutoField(primary_key=True)
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    purpose = models.CharField(max_length=11, choices=Purpose.choices)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="passkey_ceremonies")
    bound_to = models.UUIDField(null=True, blank=True)
    state = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "passkey ceremonies"
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=["register", "sign_in", "second_step", "step_up"]),
                name="ceremony_purpose_known",
            ),
            # Only a sign-in begins without knowing who it is.
            models.CheckConstraint(
                condition=Q(purpose="sign_in", user__isnull=True, bound_to__isnull=True)
                | ~Q(purpose="sign_in") & Q(user__isnull=False, bound_to__isnull=False),
                name="ceremony_names_its_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"passkey ceremony {self.pk}"

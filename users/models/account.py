"""Who someone is, and what keeps people apart."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, email: str, password: str | None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str | None, **fields: Any) -> User:
        fields = {"birth_date": date(1990, 1, 1), "role": User.Role.FAN, **fields}
        return self.create_user(email=email, password=password, is_staff=True, is_superuser=True, **fields)


# The words of a name as they are searched: an index has this very expression.
NAME_WORDS = SearchVector("name", config="simple")


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # of django-otp, untyped
    """Who someone is. `uid` is the public id, also the 16-byte user id of the encryption protocol."""

    class Role(models.TextChoices):
        FAN = "fan", _("Fan")
        CREATOR = "creator", _("Creator")

    class VerificationLevel(models.IntegerChoices):
        NONE = 0, _("Not verified")
        AGE = 1, _("Age verified")
        DOCUMENT = 2, _("Document and selfie verified")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=8, choices=Role.choices)
    birth_date = models.DateField()
    phone = models.CharField(max_length=16, null=True, blank=True, unique=True)
    language = models.CharField(max_length=8, default="en")
    email_verified_at = models.DateTimeField(null=True, blank=True)
    # Since when codes by mail are asked for at sign-in; of use only where no stronger second factor is set up.
    email_factor_at = models.DateTimeField(null=True, blank=True)
    verification_level = models.PositiveSmallIntegerField(
        choices=VerificationLevel.choices, default=VerificationLevel.NONE
    )
    # False while suspended, deactivated, about to be deleted, or deleted; the reason stands in a row of its own.
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=["fan", "creator"]), name="user_role_known"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
            models.CheckConstraint(condition=Q(verification_level__lte=2), name="user_level_known"),
        ]
        indexes = [GinIndex(NAME_WORDS, name="user_name_words_idx")]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def is_creator(self) -> bool:
        return self.role == self.Role.CREATOR


class Block(models.Model):
    """`blocker` does not want contact with `blocked`; the reason is private to the blocker."""

    id = models.BigAutoField(primary_key=True)
    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks_made")
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks_received")
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_not_self"),
        ]
        indexes = [models.Index(fields=["blocked", "blocker"], name="block_reverse_idx")]

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"


class Restriction(models.Model):
    """The effect of a sanction; the case behind it (`case_ref`) belongs to moderation."""

    class Kind(models.TextChoices):
        MUTE = "mute", _("may not write")
        HIDE = "hide", _("is not shown")
        PAYOUT_HOLD = "payout_hold", _("is not paid out")
        SUSPENSION = "suspension", _("is suspended")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="restrictions")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    scope = models.CharField(max_length=32, default="all")
    # Codes that stand for the words its owner is shown.
    reasons = models.JSONField(default=list, db_default=[])
    starts_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    case_ref = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["mute", "hide", "payout_hold", "suspension"]),
                name="restriction_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "kind"], condition=Q(lifted_at__isnull=True), name="restriction_open_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"

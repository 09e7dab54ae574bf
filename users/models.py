from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
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


class User(AbstractBaseUser, PermissionsMixin):
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
    verification_level = models.PositiveSmallIntegerField(
        choices=VerificationLevel.choices, default=VerificationLevel.NONE
    )
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

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def is_creator(self) -> bool:
        return self.role == self.Role.CREATOR


class Session(models.Model):
    """One sign-in: a browser session or a tree of refresh tokens.

    The first row's id names the family; that row stands for the whole sign-in: its `ended_at` ends it and its
    `expires_at` moves on with each rotation. A refresh token belongs to a row; rotation inserts a child. A
    token whose child was never used may be presented again (a lost reply) and gets another child, of which
    only one can ever be used: `session_one_used_child` makes the second use fail, and that ends the family.
    Socket, page and key device refer to the family.
    """

    class Kind(models.TextChoices):
        WEB = "web"
        API = "api"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_sessions")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    family = models.UUIDField(db_index=True)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    refresh_sha256 = models.BinaryField(max_length=32, null=True, unique=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    device_name = models.CharField(max_length=80, blank=True)
    device_fingerprint_sha256 = models.BinaryField(max_length=32, null=True)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    absolute_expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("absolute_expires_at")), name="session_expiry_within_absolute"
            ),
            models.CheckConstraint(
                condition=Q(kind="web", refresh_sha256__isnull=True) | Q(kind="api", refresh_sha256__isnull=False),
                name="session_api_has_refresh",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=False) | Q(family=F("id")), name="session_root_names_family"
            ),
            models.UniqueConstraint(
                fields=["parent"], condition=Q(used_at__isnull=False), name="session_one_used_child"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], condition=Q(parent__isnull=True), name="session_user_idx"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="session_ended_idx"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now()


class EmailCode(models.Model):
    """The newest code mailed to someone to prove an address: short-lived, few tries, used once, stored hashed.

    `email` is the address it was sent to; a code proves no other.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="email_code")
    email = models.EmailField()
    code_hash = models.BinaryField(max_length=32)
    n_tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(n_tries__lte=5), name="email_code_tries_in_range")]

    def __str__(self) -> str:
        return f"code of {self.user_id}"


class PasswordReset(models.Model):
    """The newest code mailed for a forgotten password: short-lived, few tries, used once, stored hashed.

    There is a row for every address that was asked for, so that one without an account is answered alike; it
    has no user, and nobody was told its code. The address itself stands here as a keyed hash.
    """

    id = models.BigAutoField(primary_key=True)
    identifier_hash = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="password_resets")
    code_hash = models.BinaryField(max_length=32)
    n_tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(n_tries__lte=5), name="password_reset_tries_in_range")]

    def __str__(self) -> str:
        return f"reset of {self.user_id}"


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

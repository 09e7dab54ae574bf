"""Sign-ins: those under way and those that wait for their second step."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .account import User


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

    class Limit(models.TextChoices):
        """What a sign-in is kept to; one without a limit may do what its user may."""

        NONE = "", _("none")
        SUSPENDED = "suspended", _("suspended: privacy and appeals only")
        CLOSING = "closing", _("deactivated or about to be deleted: privacy only")

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
    # What was proven besides the password: the method of `types.Method`, and when. Of the first row only.
    factor = models.CharField(max_length=12, blank=True)
    factor_at = models.DateTimeField(null=True, blank=True)
    stepped_up_at = models.DateTimeField(null=True, blank=True)
    limit = models.CharField(max_length=9, choices=Limit.choices, default=Limit.NONE, blank=True)
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
            models.CheckConstraint(
                condition=Q(factor="", factor_at__isnull=True) | ~Q(factor="") & Q(factor_at__isnull=False),
                name="session_factor_has_time",
            ),
            models.CheckConstraint(condition=Q(limit__in=["", "suspended", "closing"]), name="session_limit_known"),
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


class SignInChallenge(models.Model):
    """A sign-in with the right password that waits for its second step: a factor, or proof from elsewhere.

    Who holds the token goes on; the row keeps what began the sign-in, so that the session it ends in is of the
    same client. It is used once, by one conditional UPDATE of `done_at`; a changed password deletes it.
    """

    class Needs(models.TextChoices):
        FACTOR = "factor", _("the account's second factor")
        PROOF = "proof", _("a code by mail, or approval from a known device")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="challenges")
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    needs = models.CharField(max_length=8, choices=Needs.choices)
    kind = models.CharField(max_length=4, choices=Session.Kind.choices)
    door = models.CharField(max_length=8)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    device_name = models.CharField(max_length=80, blank=True)
    device_fingerprint = models.CharField(max_length=256, blank=True)
    attempt_id = models.BigIntegerField()
    # The code mailed for this sign-in and no other (ASVS 6.6.2).
    email_code_hash = models.BinaryField(max_length=32, null=True)
    email_code_tries = models.PositiveSmallIntegerField(default=0)
    email_code_expires_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(needs__in=["factor", "proof"]), name="challenge_needs_known"),
            models.CheckConstraint(condition=Q(email_code_tries__lte=5), name="challenge_tries_in_range"),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(refused_at__isnull=True), name="challenge_one_answer"
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="challenge_user_idx")]

    def __str__(self) -> str:
        return f"challenge {self.id}"

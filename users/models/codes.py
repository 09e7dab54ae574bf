"""Codes that are mailed: short-lived, few tries, used once, stored hashed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from pairly.common.ids import uuid7

from .account import User


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


class UnlockCode(models.Model):
    """The code in the mail about a lockout, with which the account's owner ends it: used once, stored hashed."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="unlock_code")
    code_hash = models.BinaryField(max_length=32)
    n_tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(n_tries__lte=5), name="unlock_code_tries_in_range")]

    def __str__(self) -> str:
        return f"unlock of {self.user_id}"


class EmailChange(models.Model):
    """A change of the e-mail address: proven by a code to the new one, undone by a code to the old one."""

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_changes")
    old_email = models.EmailField()
    new_email = models.EmailField()
    code_hash = models.BinaryField(max_length=32, null=True)
    n_tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    requested_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True, blank=True)
    undo_code_hash = models.BinaryField(max_length=32, null=True)
    n_undo_tries = models.PositiveSmallIntegerField(default=0)
    undo_until = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(n_tries__lte=5, n_undo_tries__lte=5), name="email_change_tries_in_range"
            ),
            models.CheckConstraint(condition=Q(new_email=Lower("new_email")), name="email_change_lower"),
            models.CheckConstraint(condition=~Q(new_email=F("old_email")), name="email_change_changes"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(confirmed_at__isnull=False), name="email_change_undone_was_done"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(confirmed_at__isnull=True, cancelled_at__isnull=True),
                name="email_change_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"email change {self.uid}"

"""How people become staff."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from pairly.common.ids import uuid7

from ..roles import PERMISSIONS
from .account import User


class StaffPermission(models.Model):
    """No table: it only names what staff may do. `roles.ROLES` says which group may what."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = PERMISSIONS


class StaffInvitation(models.Model):
    """An admin's invitation to work here. The code in the mail is typed once, stored hashed."""

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField()
    groups = models.ManyToManyField(Group, related_name="+")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations_made")
    code_hash = models.BinaryField(max_length=32, null=True)
    n_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.OneToOneField(User, on_delete=models.SET_NULL, null=True, related_name="invitation")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="invitation_email_lower"),
            models.CheckConstraint(condition=Q(n_tries__lte=5), name="invitation_tries_in_range"),
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.uid}"

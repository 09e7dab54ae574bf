from __future__ import annotations

from django.db import models
from django.db.models import Q

from pairly.common.ids import uuid7


class OutboxRow(models.Model):
    """A mail, push, webhook or job that must survive a crash: written in the transaction that causes it.

    `deliver_at` moves forward with each failed try; a worker claims rows by one conditional UPDATE.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        DEAD = "dead"

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=64)
    user_uid = models.UUIDField(null=True, blank=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    n_tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    deliver_at = models.DateTimeField(db_default=models.functions.Now())
    created_at = models.DateTimeField(db_default=models.functions.Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["pending", "sent", "dead"]), name="outbox_state_known"),
            models.CheckConstraint(condition=~Q(state="sent") | Q(sent_at__isnull=False), name="outbox_sent_has_time"),
        ]
        indexes = [
            models.Index(fields=["deliver_at", "id"], condition=Q(state="pending"), name="outbox_pending_idx"),
            models.Index(fields=["sent_at"], condition=Q(state="sent"), name="outbox_sent_idx"),
            models.Index(fields=["deliver_at"], condition=Q(state="dead"), name="outbox_dead_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid} {self.state}"

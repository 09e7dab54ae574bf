from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .payment import Provider


class WebhookEvent(models.Model):
    """A verified notice of a provider, kept for ever under its id: a repeated one is recognised.

    `payload` holds the members that matter to us, no name and no address.
    """

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=8, choices=Provider.choices)
    event_id = models.CharField(max_length=255)
    type = models.CharField(max_length=255)
    object_id = models.CharField(max_length=255)
    session_id = models.CharField(max_length=255, blank=True)
    payment_object_id = models.CharField(max_length=255, blank=True)
    reference = models.CharField(max_length=255, blank=True)
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="webhook_event_once"),
            models.CheckConstraint(condition=Q(provider__in=["stripe", "razorpay"]), name="webhook_provider_known"),
        ]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(processed_at__isnull=True), name="webhook_waiting_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

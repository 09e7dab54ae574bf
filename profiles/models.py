from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Profile(models.Model):
    """Who someone is to others. The price is the creator's price for one message, in hundredths of a credit."""

    id = models.BigAutoField(primary_key=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    display_name = models.CharField(max_length=80)
    bio = models.TextField(max_length=2_000, blank=True)
    price_per_message_centi = models.PositiveIntegerField(default=0)
    reply_window_hours = models.PositiveSmallIntegerField(default=72)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_per_message_centi=0) | Q(price_per_message_centi__range=(5_000, 5_000_000)),
                name="profile_price_in_range",
            ),
            models.CheckConstraint(
                condition=Q(reply_window_hours__range=(24, 168)), name="profile_reply_window_in_range"
            ),
            models.CheckConstraint(condition=~Q(display_name=""), name="profile_has_name"),
        ]

    def __str__(self) -> str:
        return self.display_name

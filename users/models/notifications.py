"""What people are told, how, and how often."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .account import User


class Notification(models.Model):
    """Something that happened to `user`, in the words of `notification_kinds`; `actor` is who did it.

    `key` makes a repeated event one notification: at most one row a user and key. `payload` holds ids and numbers
    that its words are made of, never a text somebody wrote.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=32)
    actor = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    payload = models.JSONField(default=dict)
    key = models.CharField(max_length=120, null=True)  # noqa: DJ001 - NULL: never the same as another
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    # When the digest that told of it was written; NULL while it may still go into one.
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_latest_idx"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread_idx"),
            models.Index(
                fields=["created_at"],
                condition=Q(read_at__isnull=True, mailed_at__isnull=True),
                name="notification_fresh_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class NotificationChoice(models.Model):
    """How `user` wants to hear of one kind; without a row the kind's own default holds. In the app it always shows
    unless `in_app` is off."""

    class Mail(models.TextChoices):
        OFF = "off", _("Never")
        NOW = "now", _("At once")
        DAILY = "daily", _("Once a day")
        WEEKLY = "weekly", _("Once a week")

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=32)
    in_app = models.BooleanField(default=True)
    mail = models.CharField(max_length=6, choices=Mail.choices, default=Mail.DAILY)
    push = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notification_choice_once"),
            models.CheckConstraint(
                condition=Q(mail__in=["off", "now", "daily", "weekly"]), name="notification_choice_mail_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}: {self.mail}"


class Digest(models.Model):
    """When someone was last sent a digest of each frequency, and when their devices were last woken; the claim on the
    next one is an UPDATE of this row."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="digest")
    daily_at = models.DateTimeField(null=True, blank=True)
    weekly_at = models.DateTimeField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"digests of {self.user_id}"


class PushDevice(models.Model):
    """A browser that wants to be woken (Push API, W3C; RFC 8030). The push carries no content, so the browser's keys
    are not kept. Whoever knows `endpoint` and our VAPID key can wake it."""

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="push_devices")
    # The sign-in that registered it: the device goes silent when that one ends.
    family = models.UUIDField(db_index=True)
    endpoint = models.CharField(max_length=1_000)
    endpoint_sha256 = models.BinaryField(max_length=32, unique=True)
    name = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    pushed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(endpoint=""), name="push_device_has_endpoint")]

    def __str__(self) -> str:
        return f"push device {self.uid}"


class Announcement(models.Model):
    """What staff tell everybody, or one role, from `starts_at` to `ends_at`."""

    class Audience(models.TextChoices):
        ALL = "all", _("Everyone")
        FANS = "fan", _("Fans")
        CREATORS = "creator", _("Creators")

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(max_length=120)
    body = models.TextField(max_length=4_000)
    audience = models.CharField(max_length=7, choices=Audience.choices, default=Audience.ALL)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # How far its notifications have been written: the last user's id, and when it was done.
    told_up_to = models.BigIntegerField(default=0)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=["all", "fan", "creator"]), name="announcement_audience"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="announcement_has_words"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="announcement_times_in_order"
            ),
        ]
        indexes = [models.Index(fields=["-starts_at"], name="announcement_latest_idx")]

    def __str__(self) -> str:
        return self.title

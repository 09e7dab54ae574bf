from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Key(models.Model):
    """A public key of a user, enrolled by a signed statement (e2e section 1). `kid` = SHA-256(alg || public)."""

    class Role(models.IntegerChoices):
        IDENTITY = 1
        DEVICE = 2
        ENCRYPTION = 3
        VANISH = 4

    kid = models.BinaryField(primary_key=True, max_length=32)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="keys")
    role = models.PositiveSmallIntegerField(choices=Role.choices)
    alg = models.PositiveSmallIntegerField()
    public = models.BinaryField(max_length=1216)
    active = models.BooleanField(default=True)
    label = models.CharField(max_length=80, blank=True)
    created_ms = models.BigIntegerField()
    rotate_after_ms = models.BigIntegerField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=[1, 2, 3, 4]), name="key_role_known"),
            models.UniqueConstraint(fields=["user"], condition=Q(role=1, active=True), name="key_one_identity"),
            models.UniqueConstraint(fields=["user"], condition=Q(role=3, active=True), name="key_one_encryption"),
        ]
        indexes = [models.Index(fields=["user", "role"], condition=Q(active=True), name="key_active_idx")]

    def __str__(self) -> str:
        return f"role {self.role} of {self.user_id}"


class KeyStatement(models.Model):
    """One entry of a user's append-only key log."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="key_statements")
    log_no = models.PositiveSmallIntegerField(default=1, help_text="an identity reset starts a new log")
    seq = models.PositiveIntegerField()
    statement = models.BinaryField(max_length=134)
    sig = models.BinaryField(max_length=64)
    public = models.BinaryField(max_length=1216)
    log_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "log_no", "seq"], name="key_statement_seq")]

    def __str__(self) -> str:
        return f"{self.user_id} #{self.seq}"


class SessionDevice(models.Model):
    """The key device that a sign-in (its session family) speaks for."""

    family = models.UUIDField(primary_key=True)
    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="bound_sessions")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.family)


class KeyBackup(models.Model):
    """The user's wrapped keys, changed by compare-and-swap on `version`."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="key_backup"
    )
    version = models.PositiveIntegerField()
    file = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(version__gte=1), name="backup_version_positive")]

    def __str__(self) -> str:
        return f"backup v{self.version}"


class Conversation(models.Model):
    """Two users, one chain. Made and changed by `messaging/sql/`; `low < high` by id."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True)
    low = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_column="low", related_name="+")
    high = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_column="high", related_name="+")
    low_uid = models.UUIDField()
    high_uid = models.UUIDField()
    low_pays = models.BooleanField()
    high_pays = models.BooleanField()
    low_free = models.BooleanField(db_default=False)
    high_free = models.BooleanField(db_default=False)
    n = models.BigIntegerField(db_default=0)
    head = models.BinaryField(max_length=32)
    h0 = models.BinaryField(max_length=32)
    recv_ms = models.BigIntegerField(db_default=0)
    low_read_n = models.BigIntegerField(db_default=0)
    high_read_n = models.BigIntegerField(db_default=0)
    low_delivered_n = models.BigIntegerField(db_default=0)
    high_delivered_n = models.BigIntegerField(db_default=0)
    low_read_at = models.DateTimeField(null=True)
    high_read_at = models.DateTimeField(null=True)
    device_kids = ArrayField(models.BinaryField(), db_default=[])
    device_seqs = ArrayField(models.BigIntegerField(), db_default=[])
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        managed = False
        db_table = "messaging_conversation"

    def __str__(self) -> str:
        return str(self.uid)


class Message(models.Model):
    """One encrypted message of the chain; `ct` and `boxes` are NULL once erased."""

    pk = models.CompositePrimaryKey("conversation_id", "n")
    conversation = models.ForeignKey(Conversation, models.DO_NOTHING, related_name="messages")
    n = models.BigIntegerField()
    id = models.UUIDField()
    kind = models.SmallIntegerField()
    sender = models.BigIntegerField()
    recv_ms = models.BigIntegerField()
    price_centi = models.BigIntegerField()
    device_kid = models.BinaryField()
    prev = models.BinaryField()
    head = models.BinaryField()
    skid = models.BinaryField()
    sig = models.BinaryField()
    receipt = models.BinaryField(null=True)
    pushed = models.BooleanField()
    target = models.UUIDField(null=True)
    hdr = models.BinaryField()
    ct = models.BinaryField(null=True)
    boxes = models.BinaryField(null=True, help_text="as long as each other, joined")

    class Meta:
        managed = False
        db_table = "messaging_message"

    def __str__(self) -> str:
        return f"{self.conversation_id} #{self.n}"


class Attachment(models.Model):
    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, models.DO_NOTHING, related_name="attachments")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_column="uploader", related_name="+")
    sha256 = models.BinaryField()
    length = models.BigIntegerField()
    path = models.TextField()
    message = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        managed = False
        db_table = "messaging_attachment"

    def __str__(self) -> str:
        return self.path

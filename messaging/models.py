from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from .constants import NOTE_MAX_BYTES


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
    # -- who may write at what price, and requests (sql/0005_contact.sql)
    low_request = models.TextField(db_default="")
    high_request = models.TextField(db_default="")
    low_free_by = models.TextField(db_default="")
    high_free_by = models.TextField(db_default="")
    low_wrote = models.BooleanField(db_default=False)
    high_wrote = models.BooleanField(db_default=False)
    opened_by = models.BigIntegerField(null=True)
    recent_ms = models.BigIntegerField(db_default=0)
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


# -- chat: tools
class SealedText(models.Model):
    """A text that its writer keeps for answers: sealed for their own encryption key, the server cannot read it."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sealed_texts")
    box = models.BinaryField(max_length=NOTE_MAX_BYTES)
    position = models.PositiveSmallIntegerField(default=0)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["user", "position", "id"], name="sealed_text_order")]

    def __str__(self) -> str:
        return str(self.uid)


class Plan(models.Model):
    """A message that a creator's device will seal and send when it is online: `box` is its text, sealed for the
    creator's own encryption key. A welcome stands and greets everybody who writes for the first time; a scheduled
    message goes to one person, a broadcast to many, once, from `send_at` on.
    """

    class Kind(models.TextChoices):
        WELCOME = "welcome"
        SCHEDULED = "scheduled"
        BROADCAST = "broadcast"

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        DONE = "done"
        CANCELLED = "cancelled"

    class Audience(models.TextChoices):
        ONE = "one"
        FIRST_WRITERS = "first_writers"
        EVERYBODY = "everybody"
        PAYING = "paying"
        FOLLOWERS = "followers"

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="plans")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    audience = models.CharField(max_length=13, choices=Audience.choices)
    box = models.BinaryField(max_length=NOTE_MAX_BYTES)
    send_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="welcome", audience="first_writers")
                | Q(kind="scheduled", audience="one")
                | Q(kind="broadcast", audience__in=["everybody", "paying", "followers"]),
                name="plan_audience_fits",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "cancelled"]) ^ Q(ended_at__isnull=True), name="plan_ended"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(kind="welcome", ended_at__isnull=True), name="plan_one_welcome"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="plan_of_user"),
            models.Index(fields=["send_at"], condition=Q(state="queued"), name="plan_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class PlannedMessage(models.Model):
    """One message of a plan: to whom, under which id, and what became of it. The id is fixed when the row is made:
    two devices that seal it send it once."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        SKIPPED = "skipped"

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="messages")
    conversation = models.ForeignKey(Conversation, models.DO_NOTHING, related_name="+")
    message = models.UUIDField(default=uuid7, unique=True, editable=False)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=40, blank=True, help_text="the code for which it was skipped")
    leased_until = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "conversation"], name="planned_once"),
            models.CheckConstraint(condition=Q(state="waiting") ^ Q(settled_at__isnull=False), name="planned_settled"),
        ]
        indexes = [models.Index(fields=["plan", "id"], condition=Q(state="waiting"), name="planned_waiting")]

    def __str__(self) -> str:
        return str(self.message)


# -- keys
class DeviceApproval(models.Model):
    """A device that asks to be let in by another one of the same person.

    `uid` is made by the asking device, like its keys: the comparison code is a hash of all of them, and a server that
    could choose one of them on both sides could look for two that give the same code.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        GRANTED = "granted"
        REFUSED = "refused"
        EXPIRED = "expired"

    uid = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="device_approvals")
    family = models.UUIDField(help_text="the sign-in that asks")
    device = models.BinaryField(max_length=32, help_text="its Ed25519 public key")
    request_key = models.BinaryField(max_length=1216, help_text="its X-Wing public key, for this answer only")
    label = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    sealed = models.BinaryField(null=True, help_text="the keyring key, by HPKE to `request_key`")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="granted", sealed__isnull=False) | (~Q(state="granted") & Q(sealed__isnull=True)),
                name="approval_sealed_if_granted",
            )
        ]
        indexes = [models.Index(fields=["user", "created_at"], name="approval_user_idx")]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"


# -- held credits after a reply
class AnswerDispute(models.Model):
    """A fan says that a reply they paid for was no answer. What it was paid for is frozen until staff decide.

    One for each reply, so one for each hold: a hold is answered by one reply, and the ledger refuses a second freeze.
    `uid` names it in the ledger. Nobody here reads a message: `reply_bytes` is the padded size of the reply's
    ciphertext, None where it was deleted by then.
    """

    class Reason(models.TextChoices):
        EMPTY = "empty", _("It says nothing")
        OFF_TOPIC = "off_topic", _("It has nothing to do with what I wrote")
        AUTOMATIC = "automatic", _("It looks automatic")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("waits for a decision")
        UPHELD = "upheld", _("no answer")
        REJECTED = "rejected", _("an answer")
        CONCEDED = "conceded", _("given back by the creator")
        UNDECIDED = "undecided", _("not decided in time")

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    conversation = models.ForeignKey(Conversation, models.DO_NOTHING, related_name="disputes")
    fan = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answer_op = models.UUIDField()
    message_ns = ArrayField(models.BigIntegerField())
    reply_n = models.BigIntegerField(null=True)
    reply_bytes = models.IntegerField(null=True)
    amount_centi = models.BigIntegerField()
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField()
    reason = models.CharField(max_length=16, choices=Reason.choices)
    words = models.TextField(max_length=500, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()
    decide_by = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(max_length=4000, blank=True, help_text="why, as both read it")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "answer_op"], name="answer_dispute_once"),
            models.CheckConstraint(condition=~Q(fan=F("creator")), name="answer_dispute_two_people"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("fan")) & ~Q(decided_by=F("creator")),
                name="answer_dispute_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | ~Q(state="open") & Q(decided_at__isnull=False),
                name="answer_dispute_decided_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["upheld", "rejected"], decided_by__isnull=False)
                | ~Q(state__in=["upheld", "rejected"]) & Q(decided_by__isnull=True),
                name="answer_dispute_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["decide_by"], condition=Q(state="open"), name="answer_dispute_due_idx"),
            models.Index(fields=["fan", "state", "decided_at"], name="answer_dispute_fan_idx"),
            models.Index(fields=["creator", "state", "decided_at"], name="answer_dispute_creator_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.uid}"


# -- attachments
class AttachmentUpload(models.Model):
    """A sealed blob on its way, and where its parts lie once it is there: a blob is its parts, in their order.

    `parts` are names of files in `folder`, "" where one is missing. The row of a blob that is there (`Attachment`, its
    `path` is this `folder`) is kept with it; others are kept for a day, for what they had counts against the quota.
    """

    class State(models.TextChoices):
        OPEN = "open"
        COMPLETE = "complete"
        CANCELLED = "cancelled"

    uid = models.UUIDField(primary_key=True)
    conversation = models.ForeignKey(Conversation, models.DO_NOTHING, related_name="+")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    length = models.BigIntegerField()
    parts = ArrayField(models.CharField(max_length=40, blank=True))
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    sha256 = models.BinaryField(max_length=32, null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(length__gte=0), name="attachment_upload_length")]
        indexes = [
            models.Index(fields=["uploader", "created_at"], name="attachment_upload_quota_idx"),
            models.Index(fields=["created_at"], condition=~Q(state="complete"), name="attachment_upload_old_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"

    @property
    def folder(self) -> str:
        return f"attachments/{self.uid}"

    @property
    def received(self) -> list[int]:
        """The numbers of the parts that are there."""
        return [number for number, name in enumerate(self.parts) if name]


class HeldBlob(models.Model):
    """A blob that is kept for `holder`, such as a report, whatever becomes of its message: where its parts lie."""

    id = models.BigAutoField(primary_key=True)
    holder = models.UUIDField()
    folder = models.TextField()
    sha256 = models.BinaryField(max_length=32)
    length = models.BigIntegerField()
    parts = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["holder", "folder"], name="held_blob_once")]
        indexes = [models.Index(fields=["folder"], name="held_blob_folder_idx")]

    def __str__(self) -> str:
        return self.folder

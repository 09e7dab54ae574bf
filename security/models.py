from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7


class LoginAttempt(models.Model):
    """One try to sign in, committed before the password is hashed.

    The identifier is a keyed hash and the user a plain uid, so the row outlives the account. `pending` counts
    as a failure until it is settled: a process killed while hashing gives no free guess.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending"
        CHALLENGED = "challenged"  # the password was right, the second step was asked for
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    identifier_hash = models.BinaryField(max_length=32)
    user_uid = models.UUIDField(null=True, blank=True)
    door = models.CharField(max_length=8)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    failure_reason = models.CharField(max_length=24, blank=True)
    # The sign-in that it ended in, and what spoke for or against it.
    family = models.UUIDField(null=True, blank=True)
    known_device = models.BooleanField(null=True)
    risk_score = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["pending", "challenged", "succeeded", "failed", "refused"]),
                name="attempt_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["pending", "challenged", "succeeded"], failure_reason="")
                | (Q(outcome__in=["failed", "refused"]) & ~Q(failure_reason="")),
                name="attempt_failure_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["identifier_hash", "-id"], name="attempt_identifier_idx"),
            models.Index(fields=["user_uid", "-id"], name="attempt_user_idx"),
            models.Index(fields=["created_at"], name="attempt_created_idx"),
            models.Index(fields=["ip", "-id"], name="attempt_ip_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.door} {self.outcome} {self.id}"


class KnownDevice(models.Model):
    """A browser or app that someone signed in with: a random cookie of a browser, a fingerprint that an app sends.

    It has a lockout of its own, so that a stranger's guesses lock the owner out of nothing they use.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user_uid = models.UUIDField()
    fingerprint_sha256 = models.BinaryField(max_length=32)
    name = models.CharField(max_length=80, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    # Since when it is trusted: from the first sign-in that proved more than a password, or was approved.
    trusted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_uid", "fingerprint_sha256"], name="known_device_once"),
        ]

    def __str__(self) -> str:
        return f"known device {self.uid}"


class RiskDecision(models.Model):
    """What was thought of an event, and why. Never changed: a trigger refuses it."""

    class Action(models.TextChoices):
        ALLOW = "allow", _("allow")
        REVIEW = "review", _("allow and look at it")
        STEP_UP = "step_up", _("ask for more proof")
        BLOCK = "block", _("refuse")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user_uid = models.UUIDField()
    event = models.CharField(max_length=16)
    score = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=8, choices=Action.choices)
    # Codes of the rules that spoke, with their weights: [{"code": "new_device", "weight": 25}].
    reasons = models.JSONField(default=list)
    rule_version = models.PositiveIntegerField()
    features = models.JSONField(default=dict)
    attempt_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__lte=100), name="risk_score_in_range"),
            models.CheckConstraint(condition=Q(action__in=["allow", "review", "step_up", "block"]), name="risk_action"),
        ]
        indexes = [models.Index(fields=["user_uid", "-id"], name="risk_user_idx")]

    def __str__(self) -> str:
        return f"{self.event} {self.score} {self.action}"


class AuditEntry(models.Model):
    """Something that a person, staff or the system did. Never changed: a trigger refuses it.

    `subject_uid` is whose data it was about; with `is_private_view` they see it as "who looked at my data".
    """

    class Severity(models.TextChoices):
        INFO = "info", _("info")
        NOTICE = "notice", _("notice")
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    actor_uid = models.UUIDField(null=True, blank=True)
    by_staff = models.BooleanField(default=False)
    subject_uid = models.UUIDField(null=True, blank=True)
    # A dotted code: "second_factor.enabled", "staff.sign_ins_viewed".
    action = models.CharField(max_length=48)
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.INFO)
    is_private_view = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    details = models.JSONField(default=dict)
    family = models.UUIDField(null=True, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=["info", "notice", "warning", "critical"]), name="audit_severity_known"
            ),
            models.CheckConstraint(
                condition=Q(is_private_view=False) | Q(subject_uid__isnull=False, actor_uid__isnull=False),
                name="audit_view_has_people",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_uid", "-id"], name="audit_subject_idx"),
            models.Index(fields=["actor_uid", "-id"], name="audit_actor_idx"),
            models.Index(fields=["action", "-id"], name="audit_action_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.uid}"


class LimitHit(models.Model):
    """One use of a limit, counted here while Redis is away: what must hold then too (sign-in, second factor, reset)."""

    id = models.BigAutoField(primary_key=True)
    key_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["key_hash", "-created_at"], name="limit_hit_key_idx"),
            models.Index(fields=["created_at"], name="limit_hit_created_idx"),
        ]

    def __str__(self) -> str:
        return f"hit {self.pk}"


class IpBan(models.Model):
    """A network whose requests are refused. Rows are never deleted: a lifted or expired one is the record of it."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    # An address, an IPv6 /64 or what staff chose, as `ipaddress` writes it: "203.0.113.7/32".
    network = models.CharField(max_length=43)
    # None: the limits did it.
    banned_by_uid = models.UUIDField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_uid = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network"], condition=Q(lifted_at=None), name="ipban_one_a_network"),
            models.CheckConstraint(condition=Q(until__gt=F("created_at")), name="ipban_ends_after_it_began"),
            models.CheckConstraint(condition=~Q(reason=""), name="ipban_has_a_reason"),
            models.CheckConstraint(
                condition=Q(lifted_by_uid=None) | Q(lifted_at__isnull=False), name="ipban_lifted_by_whom_when"
            ),
        ]
        indexes = [models.Index(fields=["-id"], condition=Q(lifted_at=None), name="ipban_standing_idx")]

    def __str__(self) -> str:
        return f"{self.network} until {self.until:%Y-%m-%d %H:%M}"


# -- fraud
class SecurityEvent(models.Model):
    """Something that somebody did, as scoring needs it: ids, keyed hashes, a country, amounts; no address, no card, no
    word. Never changed (a trigger refuses it), gone after 90 days.

    `amount_centi` is in hundredths of a credit, of which `promo_centi` were given ones. `ref` names what it tells of,
    so that it is told once.
    """

    class Kind(models.TextChoices):
        SIGN_UP = "sign_up", _("signed up")
        SIGN_IN = "sign_in", _("signed in")
        DEVICE = "device", _("used a new device")
        CHECKOUT = "checkout", _("started a purchase")
        CARD_DECLINED = "card_declined", _("a card was declined")
        PURCHASE = "purchase", _("bought credits")
        SPEND = "spend", _("spent credits on a creator")  # messages and unlocks of a minute or so, from the ledger
        UNLOCK = "unlock", _("unlocked an item")
        PAYOUT_METHOD = "payout_method", _("added a payout account")
        PAYOUT_REQUEST = "payout_request", _("asked for a payout")
        DISPUTE = "dispute", _("a payment was disputed")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    user_uid = models.UUIDField()
    joined_at = models.DateTimeField(null=True, blank=True)  # since when the account exists
    counterpart_uid = models.UUIDField(null=True, blank=True)
    device_key = models.BinaryField(max_length=32, null=True)
    ip_key = models.BinaryField(max_length=32, null=True)
    country = models.CharField(max_length=2, blank=True)
    network = models.CharField(max_length=64, blank=True)
    is_hosting = models.BooleanField(null=True)
    card_key = models.BinaryField(max_length=32, null=True)
    card_country = models.CharField(max_length=2, blank=True)
    bank_key = models.BinaryField(max_length=32, null=True)
    amount_centi = models.BigIntegerField(default=0)
    promo_centi = models.BigIntegerField(default=0)
    n = models.PositiveIntegerField(default=1)
    facts = models.JSONField(default=dict)
    ref = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "ref"], name="event_told_once"),
            models.CheckConstraint(
                condition=Q(promo_centi__gte=0, amount_centi__gte=F("promo_centi")), name="event_amounts"
            ),
        ]
        indexes = [
            models.Index(fields=["user_uid", "-created_at"], name="event_user_idx"),
            models.Index(fields=["created_at"], name="event_created_idx"),
            models.Index(
                fields=["counterpart_uid", "-created_at"],
                condition=Q(counterpart_uid__isnull=False),
                name="event_counterpart_idx",
            ),
            *(
                models.Index(fields=[key, "-created_at"], condition=Q(**{f"{key}__isnull": False}), name=f"event_{key}")
                for key in ("device_key", "ip_key", "card_key", "bank_key")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class EventCursor(models.Model):
    """How far a reader of somebody's rows has come: `position` is done, up to `seen` is next."""

    name = models.CharField(max_length=32, primary_key=True)
    position = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.position}"


class FraudAlert(models.Model):
    """Something that staff should look at: what it looks like, whose accounts, on which decisions it rests.

    It grows while it is open: what is found of an account in it joins it. Resolved once, as true or false.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        TRUE_POSITIVE = "true_positive", _("fraud")
        FALSE_POSITIVE = "false_positive", _("false alarm")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user_uid = models.UUIDField()
    pattern = models.CharField(max_length=24, blank=True)
    score = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=8, choices=RiskDecision.Action.choices)
    rules = models.JSONField(default=list)  # codes of all rules that spoke
    decisions = models.ManyToManyField(RiskDecision, related_name="alerts")
    state = models.CharField(max_length=14, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    resolved_by_uid = models.UUIDField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, max_length=4000)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__lte=100), name="alert_score_in_range"),
            models.CheckConstraint(
                condition=Q(state="open", resolved_by_uid__isnull=True, resolved_at__isnull=True)
                | Q(
                    state__in=["true_positive", "false_positive"],
                    resolved_by_uid__isnull=False,
                    resolved_at__isnull=False,
                ),
                name="alert_resolved_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="alert_state_idx")]

    def __str__(self) -> str:
        return f"{self.pattern} {self.uid}"


class AlertAccount(models.Model):
    """An account that an alert is about, and by what it hangs together with the others: device, ip, card, bank."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(FraudAlert, on_delete=models.CASCADE, related_name="accounts")
    user_uid = models.UUIDField()
    links = models.JSONField(default=list)
    was_scored = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "user_uid"], name="alert_account_once")]
        indexes = [models.Index(fields=["user_uid"], name="alert_account_user_idx")]

    def __str__(self) -> str:
        return f"{self.user_uid} {self.links}"

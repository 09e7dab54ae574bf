"""What discovery reads: one narrow row a creator, kept by the database itself (`sql/0003_listing.sql`, `0005`)."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from .places import Cell
from .profile import Profile


def newest_first() -> Combinable:
    """Grows from the newest profile to the oldest."""
    return ExpressionWrapper(F("profile") * -1, output_field=models.BigIntegerField())


class Listing(models.Model):
    """A creator as discovery and nearby see them. Triggers on profiles and users keep it; nobody else inserts.

    `words` holds the folded texts, weighted A name, B headline and topics, C place, D bio, and whole lexemes that no
    text has: `#lang:<code>`, `#topic:<topic>`, `#near:<cell of 20 km>`, `#run:<id / 32768>`, `#verified`. `active_at`
    is as exact as others may know: the hour, or the day of joining where last seen is switched off; it and `is_online`
    are moved by `services.presence`, `answered_permille` (0: unknown or too few) by `services.facts`. Restrictions and
    blocks are asked for when it is read.
    """

    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, primary_key=True, related_name="listing")
    user_id = models.BigIntegerField(unique=True)
    is_shown = models.BooleanField()  # an active creator who wants to be listed
    is_verified = models.BooleanField()
    birth_date = models.DateField()
    price_centi = models.PositiveIntegerField()
    words = SearchVectorField()
    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    is_online = models.BooleanField(default=False, db_default=False)
    active_at = models.DateTimeField(db_default=Now())
    answered_permille = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(answered_permille__lte=1000), name="listing_share_in_range"),
        ]
        indexes = [
            # The newest of all are found along the primary key: hardly anybody is not shown.
            models.Index(
                F("profile").desc(), condition=Q(is_shown=True, is_verified=True), name="listing_verified_idx"
            ),
            # Within a price the newest first, and still one direction, so that a page goes on by row comparison.
            models.Index(F("price_centi"), newest_first(), condition=Q(is_shown=True), name="listing_price_newest_idx"),
            models.Index("birth_date", condition=Q(is_shown=True), name="listing_age_idx"),
            models.Index(
                F("active_at").desc(), F("profile").desc(), condition=Q(is_shown=True), name="listing_active_idx"
            ),
            models.Index(
                F("answered_permille").desc(),
                F("profile").desc(),
                condition=Q(is_shown=True),
                name="listing_answer_idx",
            ),
            models.Index(
                "cell", F("active_at").desc(), F("profile").desc(), condition=Q(is_shown=True), name="listing_cell_idx"
            ),
            models.Index(
                F("active_at").desc(),
                F("profile").desc(),
                condition=Q(is_shown=True, is_online=True),
                name="listing_online_now_idx",
            ),
            GinIndex(fields=["words"], name="listing_words_idx"),
        ]

    def __str__(self) -> str:
        return f"listing of {self.profile_id}"


class ResponseFacts(models.Model):
    """How a creator answers, counted from settled escrow rows of the last 90 days (`services.facts`).

    Only messages that were paid for, between people who are not blocked, and never a test or one's own.
    """

    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, primary_key=True, related_name="facts")
    n_paid = models.PositiveIntegerField()
    n_answered = models.PositiveIntegerField()
    n_refunded = models.PositiveIntegerField()
    median_reply_s = models.PositiveIntegerField(null=True)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "response facts"
        constraints = [
            models.CheckConstraint(
                condition=Q(n_paid__gte=F("n_answered") + F("n_refunded")), name="facts_parts_within_whole"
            ),
            models.CheckConstraint(
                condition=Q(n_answered=0, median_reply_s__isnull=True) | Q(n_answered__gt=0),
                name="facts_time_of_answers",
            ),
        ]

    def __str__(self) -> str:
        return f"facts of {self.profile_id}"


class Presence(models.Model):
    """When someone was last seen, as of the last flush from Redis (`services.presence`); what others may know of it
    is for the selectors to say."""

    user = models.OneToOneField("users.User", on_delete=models.CASCADE, primary_key=True, related_name="presence")
    is_online = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "presences"
        indexes = [models.Index(fields=["user"], condition=Q(is_online=True), name="presence_online_idx")]

    def __str__(self) -> str:
        return f"presence of {self.user_id}"

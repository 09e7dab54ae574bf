"""Who is connected with whom, follows whom, keeps whom in which list, looked at whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least, Lower, Now

from pairly.common.ids import uuid7

from ..constants import LIST_NAME_MAX, SEARCH_NAME_MAX
from .profile import Profile

USER = settings.AUTH_USER_MODEL


class Follow(models.Model):
    """`follower` wants to see what `followed`, a creator, does."""

    id = models.BigAutoField(primary_key=True)
    follower = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="follows")
    followed = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "followed"], name="follow_once"),
            models.CheckConstraint(condition=~Q(follower=F("followed")), name="follow_not_self"),
        ]

    def __str__(self) -> str:
        return f"{self.follower_id} follows {self.followed_id}"


class Connection(models.Model):
    """Two people who know each other: asked for by one, accepted by the other. Declined and ended ones stay.

    Who asked is not told of a no: to them a declined request is one that waits, until they take it back
    (`withdrawn_at`); `services.connections` has the rules.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        ENDED = "ended"

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    asker = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="connections_asked")
    asked = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="connections_received")
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)
    # When the asker took back what had been declined before.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(asker=F("asked")), name="connection_not_self"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(state="declined"), name="connection_taken_back_unknowing"
            ),
            models.CheckConstraint(
                condition=Q(state="requested", settled_at__isnull=True)
                | Q(state__in=["accepted", "declined", "withdrawn", "ended"], settled_at__isnull=False),
                name="connection_state_known",
            ),
            models.UniqueConstraint(
                Least("asker", "asked"),
                Greatest("asker", "asked"),
                condition=Q(state__in=["requested", "accepted"]),
                name="connection_once_a_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["asked", "-id"], condition=Q(state="requested"), name="connection_waiting_idx"),
            models.Index(fields=["asker", "-created_at"], name="connection_asked_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.asker_id} and {self.asked_id}: {self.state}"


class PeopleList(models.Model):
    """A private list of people, with a name."""

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="people_lists")
    name = models.CharField(max_length=LIST_NAME_MAX)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint("owner", Lower("name"), name="list_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="list_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ListEntry(models.Model):
    """Someone in a list; they do not learn of it."""

    id = models.BigAutoField(primary_key=True)
    people_list = models.ForeignKey(PeopleList, on_delete=models.CASCADE, related_name="entries")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "list entries"
        constraints = [models.UniqueConstraint(fields=["people_list", "user"], name="list_entry_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.people_list_id}"


class Visit(models.Model):
    """`visitor` looked at a profile: one row a pair, whose count of days and last time move (`services.visits`).

    `is_shown`: whether the owner may see who it was; that it was somebody, they may.
    """

    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="visits")
    visitor = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="visits_made")
    is_shown = models.BooleanField()
    n_days = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "visitor"], name="visit_once_a_pair"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="visit_times_in_order"),
        ]
        indexes = [
            models.Index(fields=["profile", "-last_at"], name="visit_latest_idx"),
            models.Index(fields=["last_at"], name="visit_oldest_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.visitor_id} looked at {self.profile_id}"


class Viewer(models.Model):
    """Somebody who counts in `Profile.view_count`: a keyed hash of the pair, so that they count once and for all.

    It outlives the visit, which is forgotten after a while, and after a block; nobody can read a name out of it.
    """

    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, db_index=False, related_name="+")
    pair_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "pair_hash"], name="viewer_once")]

    def __str__(self) -> str:
        return f"a viewer of {self.profile_id}"


class SavedSearch(models.Model):
    """A filter of discovery or nearby with a name. `query` is the page's own query string, read again when used."""

    class Page(models.TextChoices):
        DISCOVER = "discover"
        NEARBY = "nearby"

    uid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=SEARCH_NAME_MAX)
    page = models.CharField(max_length=8, choices=Page.choices, default=Page.DISCOVER)
    query = models.CharField(max_length=1_000, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "saved searches"
        constraints = [
            models.UniqueConstraint("owner", Lower("name"), name="search_name_once"),
            models.CheckConstraint(condition=~Q(name="") & Q(page__in=["discover", "nearby"]), name="search_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

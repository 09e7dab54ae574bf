"""Who someone is to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Lower, Now
from django.db.models.lookups import Exact, Regex
from django.utils import timezone

from pairly.common.clock import age_on

from ..constants import (
    AWAY_NOTE_MAX,
    CITY_MAX,
    COUNTRY_PATTERN,
    HEADLINE_MAX,
    LANGUAGE_PATTERN,
    LANGUAGES_MAX,
    PLACE_CHANGES_A_DAY,
    TOPIC_MAX,
    TOPIC_PATTERN,
    TOPICS_MAX,
)
from ..types import NOT_SEEN, Seen, ShownFacts

if TYPE_CHECKING:
    from .listing import ResponseFacts
    from .pictures import Picture


def joined(*, name: str) -> Func:
    """The texts of an array column with commas between them; a NULL among them shows as two commas."""
    return Func(F(name), Value(","), Value(",,"), function="array_to_string", output_field=models.TextField())


def _tidy(name: str, longest: int) -> Exact:
    """No text of the array holds a comma or an upper-case letter, or is empty or NULL: else joining would show it."""
    again = Func(Lower(joined(name=name)), Value(","), function="string_to_array")
    return Exact(F(name), Cast(again, ArrayField(models.CharField(max_length=longest))))


def _list_of(pattern: str, most: int) -> str:
    return rf"^({pattern}(,{pattern}){{0,{most - 1}}})?$"


class Profile(models.Model):
    """Who someone is to others. The price is the creator's price for one message, in hundredths of a credit.

    `country` is an ISO 3166 code, `languages` are BCP 47 codes, `topics` short lower-case texts without commas.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    display_name = models.CharField(max_length=80)
    headline = models.CharField(max_length=HEADLINE_MAX, blank=True, default="", db_default="")
    bio = models.TextField(max_length=2_000, blank=True)
    city = models.CharField(max_length=CITY_MAX, blank=True, default="", db_default="")
    country = models.CharField(max_length=2, blank=True, default="", db_default="")
    languages = ArrayField(models.CharField(max_length=12), size=LANGUAGES_MAX, blank=True, default=list, db_default=[])
    topics = ArrayField(
        models.CharField(max_length=TOPIC_MAX), size=TOPICS_MAX, blank=True, default=list, db_default=[]
    )
    price_per_message_centi = models.PositiveIntegerField(default=0)
    reply_window_hours = models.PositiveSmallIntegerField(default=72)
    # Name, headline, topics, place and bio as the search compares them (`folding.fold`), in this order.
    search_texts = ArrayField(models.TextField(), size=5, default=list, db_default=[])
    # Until then (AWAY_DAYS_MAX days ahead at most) writing is free and no answer is promised; the note is public.
    away_until = models.DateTimeField(null=True, blank=True)
    away_note = models.CharField(max_length=AWAY_NOTE_MAX, blank=True, default="", db_default="")
    # Where someone is, as they chose to say it: a city of the list, and a cell of 1, 5 or 20 km. Never a point.
    place = models.ForeignKey("profiles.Place", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    cell = models.ForeignKey("profiles.Cell", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # When the cell was changed, the newest times: so often a day and no more.
    moved_at = ArrayField(models.DateTimeField(), size=PLACE_CHANGES_A_DAY, default=list, db_default=[], blank=True)
    # Whether discovery and nearby show this creator; the page is there either way.
    is_listed = models.BooleanField(default=True, db_default=True)
    shows_online = models.BooleanField(default=True, db_default=True)
    # Told only to who shares theirs, and not at all by who hides being online (`presence_selectors`).
    shows_last_seen = models.BooleanField(default=True, db_default=True)
    shows_typing = models.BooleanField(default=True, db_default=True)
    # Whether others learn that one has read their messages. Told only among those who both tell it.
    shows_read = models.BooleanField(default=True, db_default=True)
    # Whether the people whose pages this person looks at learn of it.
    leaves_visits = models.BooleanField(default=True, db_default=True)
    # How many people with an account have looked at this page; each counts once.
    view_count = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    # How their presence shows to whom the profile was read for; no column. See `presence_selectors.attach`.
    seen: Seen = NOT_SEEN

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
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=COUNTRY_PATTERN), name="profile_country_is_code"
            ),
            models.CheckConstraint(
                condition=Regex(joined(name="languages"), _list_of(LANGUAGE_PATTERN, LANGUAGES_MAX)),
                name="profile_languages_are_codes",
            ),
            models.CheckConstraint(
                condition=Regex(joined(name="topics"), _list_of(TOPIC_PATTERN, TOPICS_MAX)),
                name="profile_topics_are_short",
            ),
            models.CheckConstraint(condition=_tidy("topics", TOPIC_MAX), name="profile_topics_are_lower"),
        ]
        indexes = [GinIndex(fields=["topics"], name="profile_topics_idx")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def age(self) -> int:
        """Full years since the birth date, as of today in UTC; no query where a selector gave the profile."""
        return age_on(birth_date=self.user.birth_date, day=timezone.now().date())

    @property
    def is_away(self) -> bool:
        """Whether this creator is away now."""
        return self.away_until is not None and self.away_until > timezone.now()

    @property
    def price_in_force_centi(self) -> int:
        """What a message to this person costs now, as `profiles_prices_in_force` says."""
        return 0 if self.is_away else self.price_per_message_centi

    @property
    def shown_facts(self) -> ShownFacts | None:
        """How this creator answers; None where too little is known. No query where a selector gave the profile."""
        facts: ResponseFacts | None = getattr(self, "facts", None)
        if facts is None:
            return None
        return ShownFacts.of(
            n_paid=facts.n_paid,
            n_answered=facts.n_answered,
            n_refunded=facts.n_refunded,
            median_reply_s=facts.median_reply_s,
        )

    @property
    def portrait(self) -> Picture | None:
        """The person's picture; no query where a selector gave the profile."""
        return next((one for one in self._pictures() if one.kind == "portrait"), None)

    @property
    def gallery(self) -> list[Picture]:
        """The other pictures for everyone, in their order; no query where a selector gave the profile."""
        return [one for one in self.whole_gallery if one.is_public]

    @property
    def whole_gallery(self) -> list[Picture]:
        """All pictures but the portrait, in their order: for their owner. Others see `gallery`, and more only through
        `selectors.list_pictures`.
        """
        return [one for one in self._pictures() if one.kind == "gallery"]

    def _pictures(self) -> list[Picture]:
        return list(self.pictures.all()) if self.pk else []  # a profile that was deleted is shown unsaved

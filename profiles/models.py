from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Lower, Now
from django.db.models.lookups import Exact, Regex

from pairly.common.ids import uuid7

from .constants import (
    ALT_MAX,
    CITY_MAX,
    COUNTRY_PATTERN,
    GALLERY_MAX,
    HEADLINE_MAX,
    LANGUAGE_PATTERN,
    LANGUAGES_MAX,
    TOPIC_MAX,
    TOPIC_PATTERN,
    TOPICS_MAX,
)


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
    def portrait(self) -> Picture | None:
        """The person's picture; no query where a selector gave the profile."""
        return next((one for one in self._pictures() if one.kind == Picture.Kind.PORTRAIT), None)

    @property
    def gallery(self) -> list[Picture]:
        """The other pictures in their order; no query where a selector gave the profile."""
        return [one for one in self._pictures() if one.kind == Picture.Kind.GALLERY]

    def _pictures(self) -> list[Picture]:
        return list(self.pictures.all()) if self.pk else []  # a profile that was deleted is shown unsaved


class Picture(models.Model):
    """A picture of a profile. Its files lie in the public storage, one WebP for each of `widths` (ascending).

    `width_px` and `height_px` are the size of the largest.
    """

    class Kind(models.TextChoices):
        PORTRAIT = "portrait"
        GALLERY = "gallery"

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="pictures")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    position = models.PositiveSmallIntegerField(default=0)
    alt = models.CharField(max_length=ALT_MAX, blank=True)
    width_px = models.PositiveSmallIntegerField()
    height_px = models.PositiveSmallIntegerField()
    widths = ArrayField(models.PositiveSmallIntegerField())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="portrait", position=0) | Q(kind="gallery", position__lt=GALLERY_MAX),
                name="picture_kind_and_position",
            ),
            models.CheckConstraint(
                condition=Q(width_px__gt=0, height_px__gt=0, widths__len__gt=0), name="picture_has_size"
            ),
            models.UniqueConstraint(fields=["profile"], condition=Q(kind="portrait"), name="picture_one_portrait"),
            models.UniqueConstraint(
                fields=["profile", "position"], condition=Q(kind="gallery"), name="picture_gallery_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position} of {self.profile_id}"

    def url(self, width: int) -> str:
        """Address of the smallest stored file that is at least `width` pixels wide, else of the largest."""
        fitting = [one for one in self.widths if one >= width] or self.widths[-1:]
        return default_storage.url(file_name(owner=self.profile.user.uid, picture=self.uid, width=fitting[0]))

    @property
    def file_names(self) -> list[str]:
        """The names of its files in the storage."""
        return [file_name(owner=self.profile.user.uid, picture=self.uid, width=width) for width in self.widths]


def file_name(*, owner: uuid.UUID, picture: uuid.UUID, width: int) -> str:
    """Where the public storage keeps one width of a picture. Never changes: browsers keep it for a year."""
    return f"profiles/{owner}/{picture}-{width}.webp"

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from credits import selectors as ledger
from users.models import User

from ..constants import (
    BIO_MAX,
    CELL_SIZES_KM,
    GALLERY_WIDTHS,
    HEADLINE_MAX,
    NAME_MAX,
    PORTRAIT_WIDTHS,
)
from ..models import Profile
from ..types import ShownFacts, Whereabouts
from .place_serializers import CellSizeField, LocationField, WhereaboutsField


class ProfileIn(serializers.Serializer[Profile]):
    display_name = serializers.CharField(max_length=NAME_MAX)
    headline = serializers.CharField(max_length=HEADLINE_MAX, required=False, allow_blank=True)
    bio = serializers.CharField(max_length=BIO_MAX, required=False, allow_blank=True)
    languages = serializers.ListField(child=serializers.CharField(max_length=12), required=False, max_length=100)
    topics = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=100)
    price_per_message_centi = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    reply_window_hours = serializers.IntegerField(min_value=0, max_value=10_000, required=False)
    # -- nearby and places
    location = WhereaboutsField(required=False, allow_null=True)
    cell_km = serializers.ChoiceField(
        choices=CELL_SIZES_KM, required=False, help_text="how coarsely the location is kept: 20 km unless told"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The location with its size in one, as the service takes them."""
        size = attrs.pop("cell_km", None)
        if size is not None and attrs.get("location", True):
            attrs["location"] = replace(attrs.get("location") or Whereabouts(), cell_km=size)
        return attrs


class FactsOut(serializers.Serializer[ShownFacts]):
    """Counted from held credits of the last 90 days; blocked people, tests and one's own messages do not count."""

    n_paid_at_least = serializers.IntegerField(help_text="paid messages it is counted from, at least")
    answered_percent = serializers.IntegerField()
    refunded_percent = serializers.IntegerField()
    median_reply_s = serializers.IntegerField(allow_null=True, help_text="whole hours, rounded up")


class ProfileOut(serializers.Serializer[Profile]):
    """A profile as others see it; the addresses of pictures are absolute paths, or of the CDN where there is one."""

    user_id = serializers.UUIDField(source="user.uid")
    role = serializers.ChoiceField(source="user.role", choices=[User.Role.FAN, User.Role.CREATOR])
    display_name = serializers.CharField()
    headline = serializers.CharField()
    bio = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166-1, two letters; empty where it is not said")
    languages = serializers.ListField(child=serializers.CharField(), help_text="BCP 47 codes")
    topics = serializers.ListField(child=serializers.CharField())
    profile_picture_url = serializers.SerializerMethodField()
    gallery_urls = serializers.SerializerMethodField()
    age = serializers.IntegerField()
    price_per_message_centi = serializers.IntegerField(help_text="hundredths of a credit")
    reply_window_hours = serializers.IntegerField()
    is_verified = serializers.SerializerMethodField()
    is_online = serializers.BooleanField(source="seen.is_online", help_text="false also where they hide it")
    last_seen_at = serializers.DateTimeField(
        source="seen.last_seen_at",
        allow_null=True,
        help_text="coarse; null while online, or where one of you hides it",
    )
    view_count = serializers.IntegerField(help_text="people with an account who looked at it; each counts once")
    response_facts = serializers.SerializerMethodField()

    def get_profile_picture_url(self, profile: Profile) -> str | None:
        return profile.portrait.url(PORTRAIT_WIDTHS[-1]) if profile.portrait else None

    def get_gallery_urls(self, profile: Profile) -> list[str]:
        return [picture.url(GALLERY_WIDTHS[-1]) for picture in profile.gallery]

    @extend_schema_field(FactsOut(allow_null=True, help_text="null under 10 paid messages"))
    def get_response_facts(self, profile: Profile) -> dict[str, int | None] | None:
        facts = profile.shown_facts
        return FactsOut(facts).data if facts else None

    def get_is_verified(self, profile: Profile) -> bool:
        return profile.user.verification_level >= 2


class OwnProfileOut(ProfileOut):
    """One's own profile, with where it says one is: the cell that is kept. Others see a distance bucket at most.

    `gallery_urls` has all pictures, in the order of `DELETE media/gallery/{index}`.
    """

    location = LocationField(source="cell_id")
    cell_km = CellSizeField(source="cell_id")
    place_id = serializers.IntegerField(allow_null=True, help_text="the number of the city that was chosen")
    total_earnings_centi = serializers.SerializerMethodField()

    def get_gallery_urls(self, profile: Profile) -> list[str]:
        return [picture.url(GALLERY_WIDTHS[-1]) for picture in profile.whole_gallery]

    def get_total_earnings_centi(self, profile: Profile) -> int:
        return ledger.get_earnings(user_id=profile.user_id).earned_centi

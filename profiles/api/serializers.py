from __future__ import annotations

from datetime import date

from rest_framework import serializers

from credits import selectors as ledger
from users.models import User

from ..constants import BIO_MAX, GALLERY_WIDTHS, HEADLINE_MAX, NAME_MAX, PORTRAIT_WIDTHS, SORTS, TOPIC_MAX
from ..models import Profile


class ProfileIn(serializers.Serializer[Profile]):
    display_name = serializers.CharField(max_length=NAME_MAX)
    headline = serializers.CharField(max_length=HEADLINE_MAX, required=False, allow_blank=True)
    bio = serializers.CharField(max_length=BIO_MAX, required=False, allow_blank=True)
    languages = serializers.ListField(child=serializers.CharField(max_length=12), required=False, max_length=100)
    topics = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=100)
    price_per_message_centi = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    reply_window_hours = serializers.IntegerField(min_value=0, max_value=10_000, required=False)


class DiscoverQuery(serializers.Serializer[None]):
    q = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    topic = serializers.CharField(max_length=TOPIC_MAX, required=False, default="", allow_blank=True)
    min_price = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    max_price = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    sort = serializers.ChoiceField(choices=list(SORTS), required=False, default="newest", allow_blank=True)


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
    age = serializers.SerializerMethodField()
    price_per_message_centi = serializers.IntegerField(help_text="hundredths of a credit")
    reply_window_hours = serializers.IntegerField()
    is_verified = serializers.SerializerMethodField()

    def get_profile_picture_url(self, profile: Profile) -> str | None:
        return profile.portrait.url(PORTRAIT_WIDTHS[-1]) if profile.portrait else None

    def get_gallery_urls(self, profile: Profile) -> list[str]:
        return [picture.url(GALLERY_WIDTHS[-1]) for picture in profile.gallery]

    def get_age(self, profile: Profile) -> int:
        birth, today = profile.user.birth_date, date.today()
        return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))

    def get_is_verified(self, profile: Profile) -> bool:
        return profile.user.verification_level >= 2


class OwnProfileOut(ProfileOut):
    """One's own profile."""

    total_earnings_centi = serializers.SerializerMethodField()

    def get_total_earnings_centi(self, profile: Profile) -> int:
        return ledger.get_earnings(user_id=profile.user_id).earned_centi

from __future__ import annotations

from datetime import date
from typing import Any

from rest_framework import serializers

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


def profile_document(profile: Profile) -> dict[str, Any]:
    """A profile as others see it; the addresses of pictures are absolute paths."""
    birth, today, portrait = profile.user.birth_date, date.today(), profile.portrait
    return {
        "user_id": str(profile.user.uid),
        "role": profile.user.role,
        "display_name": profile.display_name,
        "headline": profile.headline,
        "bio": profile.bio,
        "city": profile.city,
        "country": profile.country,
        "languages": profile.languages,
        "topics": profile.topics,
        "profile_picture_url": portrait.url(PORTRAIT_WIDTHS[-1]) if portrait else None,
        "gallery_urls": [picture.url(GALLERY_WIDTHS[-1]) for picture in profile.gallery],
        "age": today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)),
        "price_per_message_centi": profile.price_per_message_centi,
        "reply_window_hours": profile.reply_window_hours,
        "is_verified": profile.user.verification_level >= 2,
    }

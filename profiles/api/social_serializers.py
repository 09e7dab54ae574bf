from __future__ import annotations

from typing import Any

from rest_framework import serializers

from users.models import User

from ..constants import LIST_NAME_MAX, PORTRAIT_WIDTHS
from ..models import Follow, ListEntry, PeopleList, Profile, Visit


class PersonIn(serializers.Serializer[None]):
    user_id = serializers.UUIDField()


class ListIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=LIST_NAME_MAX)


class ConnectionsQuery(serializers.Serializer[None]):
    state = serializers.ChoiceField(
        choices=["accepted", "requested"], required=False, default="", allow_blank=True, help_text="both unless told"
    )
    direction = serializers.ChoiceField(
        choices=["in", "out"],
        required=False,
        default="",
        allow_blank=True,
        help_text="in: asked for by the other one; out: by oneself; both unless told",
    )


class PersonOut(serializers.Serializer[Any]):
    """Somebody in a list; `GET profiles/{user_id}` says more."""

    user_id = serializers.UUIDField(source="uid")
    role = serializers.ChoiceField(choices=[User.Role.FAN, User.Role.CREATOR])
    display_name = serializers.CharField(source="profile.display_name")
    headline = serializers.CharField(source="profile.headline")
    profile_picture_url = serializers.SerializerMethodField()
    is_verified = serializers.SerializerMethodField()

    def get_profile_picture_url(self, user: User) -> str | None:
        profile: Profile = user.profile
        return profile.portrait.url(PORTRAIT_WIDTHS[-1]) if profile.portrait else None

    def get_is_verified(self, user: User) -> bool:
        return user.verification_level >= 2


class FollowOut(serializers.Serializer[Follow]):
    """A creator whom one follows."""

    user = PersonOut(source="followed")
    created_at = serializers.DateTimeField()


class ConnectionOut(serializers.Serializer[Any]):
    """A connection or a request. Who asked is not told of a no: a declined request is a requested one to them."""

    user = PersonOut()
    state = serializers.ChoiceField(choices=["accepted", "requested"])
    direction = serializers.ChoiceField(choices=["in", "out"], help_text="out: one has asked oneself")
    created_at = serializers.DateTimeField(help_text="when it was asked for")


class ListOut(serializers.Serializer[PeopleList]):
    """A private list of people."""

    id = serializers.UUIDField(source="uid")
    name = serializers.CharField()
    n_people = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class ListEntryOut(serializers.Serializer[ListEntry]):
    """Somebody in a list."""

    user = PersonOut()
    created_at = serializers.DateTimeField()


class VisitorOut(serializers.Serializer[Visit]):
    """Somebody who looked at one's profile and leaves their name."""

    user = PersonOut(source="visitor")
    n_days = serializers.IntegerField(help_text="on how many days, of UTC")
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()

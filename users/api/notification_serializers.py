from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from ..models import NotificationChoice


class ActorOut(serializers.Serializer[object]):
    """Who did it; `name` is what they are called at present."""

    id = serializers.UUIDField(source="uid")
    name = serializers.CharField()


class NotificationOut(serializers.Serializer[object]):
    """What one is told, in one's own language."""

    id = serializers.UUIDField()
    kind = serializers.CharField(help_text="one of the kinds that the settings list")
    title = serializers.CharField()
    url = serializers.CharField(help_text="a path on this site")
    actor = ActorOut(allow_null=True)
    created_at = serializers.DateTimeField()
    is_read = serializers.BooleanField()


class UnreadOut(serializers.Serializer[object]):
    n_unread = serializers.IntegerField(help_text="counted up to 100")


class ReadAllIn(serializers.Serializer[object]):
    up_to = serializers.UUIDField(
        required=False, help_text="the newest notification that you have seen; without it, all there are by now"
    )


class NotificationSettingOut(serializers.Serializer[object]):
    kind = serializers.CharField()
    in_app = serializers.BooleanField(help_text="listed, counted and shown on open pages")
    mail = serializers.ChoiceField(choices=NotificationChoice.Mail.choices)
    push = serializers.BooleanField(help_text="wakes the devices that are registered for it")


class NotificationSettingsOut(serializers.Serializer[object]):
    settings = NotificationSettingOut(many=True)


@extend_schema_serializer(component_name="NotificationSettingIn")
class NotificationSettingIn(serializers.Serializer[object]):
    kind = serializers.CharField(max_length=32)
    in_app = serializers.BooleanField()
    mail = serializers.ChoiceField(choices=NotificationChoice.Mail.choices)
    push = serializers.BooleanField()


class NotificationSettingsIn(serializers.Serializer[object]):
    settings = serializers.ListField(child=NotificationSettingIn(), max_length=50)

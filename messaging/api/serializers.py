"""What the chat's endpoints accept. Envelopes are checked by `messaging.envelopes`, not here."""

from __future__ import annotations

from rest_framework import serializers


class StatementIn(serializers.Serializer[None]):
    statement = serializers.CharField(max_length=400)
    sig = serializers.CharField(max_length=120)
    public = serializers.CharField(max_length=2_000, allow_blank=True)
    label_name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")

    def to_internal_value(self, data: object) -> object:
        if isinstance(data, dict) and "label" in data:
            data = {**data, "label_name": data["label"]}
        return super().to_internal_value(data)


class BindIn(serializers.Serializer[None]):
    kid = serializers.CharField(max_length=60)
    sig = serializers.CharField(max_length=120)


class ConversationIn(serializers.Serializer[None]):
    user_id = serializers.UUIDField()


class MessageIn(serializers.Serializer[None]):
    conversation = serializers.UUIDField()
    envelope = serializers.JSONField()


class HistoryQuery(serializers.Serializer[None]):
    before_n = serializers.IntegerField(min_value=1, required=False)
    after_n = serializers.IntegerField(min_value=0, required=False)


class LogQuery(serializers.Serializer[None]):
    after_seq = serializers.IntegerField(min_value=0, required=False, default=0)


class MarkIn(serializers.Serializer[None]):
    delivered_n = serializers.IntegerField(min_value=1, required=False)
    read_n = serializers.IntegerField(min_value=1, required=False)

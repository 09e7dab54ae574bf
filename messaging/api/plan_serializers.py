"""What the endpoints of kept and planned texts accept and answer; boxes are unpadded base64url."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ..constants import NOTE_MAX_BYTES
from ..models import Plan

_BOX = "kid 32, encapsulated key 1,120, ciphertext: HPKE to an encryption key of the writer, info L(note) || user || id"
_BOX_CHARS = NOTE_MAX_BYTES * 4 // 3 + 4
_AUDIENCES = (Plan.Audience.EVERYBODY, Plan.Audience.PAYING, Plan.Audience.FOLLOWERS)


class SealedTextIn(serializers.Serializer[None]):
    box = serializers.CharField(max_length=_BOX_CHARS, help_text=_BOX)
    position = serializers.IntegerField(min_value=0, max_value=1000, default=0)


class SealedTextOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="uid")
    box = serializers.CharField()
    position = serializers.IntegerField()
    updated_at = serializers.DateTimeField()


class PlanIn(serializers.Serializer[None]):
    id = serializers.UUIDField(help_text="of the client's making: the same again changes nothing")
    kind = serializers.ChoiceField(choices=Plan.Kind.choices)
    box = serializers.CharField(max_length=_BOX_CHARS, help_text=_BOX)
    send_at = serializers.DateTimeField(help_text="not before; what is past means now")
    audience = serializers.ChoiceField(
        choices=[(one.value, one.label) for one in _AUDIENCES], default="", help_text="of a broadcast"
    )
    user_id = serializers.UUIDField(default=None, allow_null=True, help_text="the reader of a scheduled message")


class PlanOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="uid")
    kind = serializers.ChoiceField(choices=Plan.Kind.choices)
    state = serializers.ChoiceField(choices=Plan.State.choices)
    audience = serializers.ChoiceField(choices=Plan.Audience.choices)
    box = serializers.CharField()
    send_at = serializers.DateTimeField()
    n_sent = serializers.IntegerField()
    n_waiting = serializers.IntegerField(help_text="a broadcast that has not begun has none yet")
    n_skipped = serializers.IntegerField()


class DueOut(serializers.Serializer[Any]):
    """A message to seal and send: kind 5, under the id that is given, within the lease."""

    plan_id = serializers.UUIDField(source="plan")
    kind = serializers.ChoiceField(choices=Plan.Kind.choices)
    message_id = serializers.UUIDField(source="message")
    conversation = serializers.UUIDField()
    user_id = serializers.UUIDField(source="peer")
    box = serializers.CharField()
    leased_until = serializers.DateTimeField()


class DueListOut(serializers.Serializer[Any]):
    results = DueOut(many=True)


class SettleIn(serializers.Serializer[None]):
    code = serializers.RegexField(
        r"^[a-z_]{0,40}$", allow_blank=True, help_text='"" for sent, else the refusal for which it is given up'
    )

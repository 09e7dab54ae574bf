"""What the endpoints about held credits after a reply accept and answer."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ..models import AnswerDispute


class PlaceIn(serializers.Serializer[None]):
    """Message ids are unique within a conversation."""

    conversation = serializers.UUIDField()


class NoAnswerIn(PlaceIn):
    """`words` are for the people who look at it; the creator reads the reason."""

    reason = serializers.ChoiceField(choices=AnswerDispute.Reason.choices)
    words = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class DisputeOut(serializers.Serializer[Any]):
    """Where a dispute about a reply stands, as both read it. `decision` is the reason that staff gave."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=AnswerDispute.State.choices)
    reason = serializers.ChoiceField(choices=AnswerDispute.Reason.choices)
    created_at = serializers.DateTimeField()
    decide_by = serializers.DateTimeField(help_text="undecided by then, the credits go back to the fan")
    decided_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField(allow_blank=True)


class ReturnedOut(serializers.Serializer[Any]):
    """What went back to the fan, in hundredths of a credit; 0 where nothing was held."""

    amount_centi = serializers.IntegerField()

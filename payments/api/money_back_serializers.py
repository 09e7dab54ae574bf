from __future__ import annotations

from typing import Literal

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..models import MoneyBack
from ..types import Place, TouchedCase


class PlaceOut(serializers.Serializer[Place]):
    """A message (`conversation_id`, `position`) or an unlock (`item_id`, and `unlock_id` for its buyer) that the
    payment funded with `funded_centi`; `held_centi` of it went back out of escrow. Ids of what is gone are null."""

    kind = serializers.SerializerMethodField()
    conversation_id = serializers.UUIDField(source="conversation", allow_null=True)
    position = serializers.SerializerMethodField()
    item_id = serializers.UUIDField(source="item", allow_null=True)
    created_at = serializers.DateTimeField(source="part.created_at")
    funded_centi = serializers.IntegerField(source="part.funded_centi")
    held_centi = serializers.IntegerField(source="part.held_centi")

    @extend_schema_field(serializers.ChoiceField(choices=["message", "unlock"]))
    def get_kind(self, place: Place) -> Literal["message", "unlock"]:
        return "unlock" if place.is_unlock else "message"

    @extend_schema_field(serializers.IntegerField(allow_null=True, help_text="of the message in its conversation"))
    def get_position(self, place: Place) -> int | None:
        return None if place.is_unlock else place.part.position


class OwnPlaceOut(PlaceOut):
    """As its buyer sees it: what of it the reserve stands for, and what they owe."""

    unlock_id = serializers.UUIDField(source="unlock", allow_null=True)
    reserve_centi = serializers.IntegerField(source="part.reserve_centi")
    debt_centi = serializers.IntegerField(source="part.debt_centi")


class TouchedPlaceOut(PlaceOut):
    """As its creator sees it: `covered_centi` of what is reversed Pairly stands for, and the creator keeps it."""

    covered_centi = serializers.IntegerField(source="part.platform_centi")


class CaseOut(serializers.Serializer[TouchedCase]):
    id = serializers.UUIDField(source="trace.uid")
    kind = serializers.ChoiceField(source="trace.kind", choices=MoneyBack.Kind.choices)
    state = serializers.ChoiceField(source="trace.state", choices=MoneyBack.State.choices)
    created_at = serializers.DateTimeField(source="trace.created_at")


class MoneyBackOut(CaseOut):
    """A refund or dispute of one's payment. The four sums say where its credits were found: unspent, held for messages
    that were not answered, in Pairly's reserve, and as a debt; they are 0 while nothing was taken. `other_centi` of
    reserve and debt had settled an older debt."""

    amount_minor = serializers.IntegerField(source="trace.amount_minor")
    currency = serializers.CharField(source="trace.currency")
    unspent_centi = serializers.IntegerField(source="trace.unspent_centi")
    held_centi = serializers.IntegerField(source="trace.held_centi")
    reserve_centi = serializers.IntegerField(source="trace.reserve_centi")
    debt_centi = serializers.IntegerField(source="trace.debt_centi")
    other_centi = serializers.IntegerField(source="trace.other_centi")
    parts = OwnPlaceOut(source="places", many=True)


class TouchedOut(CaseOut):
    """A refund or dispute of a payment that went to the caller in part: what of theirs went back out of escrow, and
    what they keep."""

    held_centi = serializers.IntegerField(source="trace.given_back_centi")
    covered_centi = serializers.IntegerField(source="trace.platform_centi")
    parts = TouchedPlaceOut(source="places", many=True)

"""What the endpoints of spending caps accept and answer; all amounts in hundredths of a credit."""

from __future__ import annotations

from rest_framework import serializers

from ..constants import CAP_MAX_CENTI, CAP_NAMES, COOL_OFFS
from ..types import Cap, Caps


class CapOut(serializers.Serializer[Cap]):
    """One cap; windows are those of UTC, weeks begin on Monday."""

    name = serializers.ChoiceField(choices=CAP_NAMES)
    own_centi = serializers.IntegerField(allow_null=True, help_text="what you chose; null: no limit")
    limit_centi = serializers.IntegerField(
        allow_null=True, help_text="what holds: your own, or less while your account is not verified"
    )
    used_centi = serializers.IntegerField(help_text="sent or bought in this window, also what came back since")
    left_centi = serializers.IntegerField(allow_null=True)
    resets_at = serializers.DateTimeField()
    raise_to_centi = serializers.IntegerField(allow_null=True, help_text="a higher limit that waits; null: no limit")
    raise_at = serializers.DateTimeField(allow_null=True, help_text="when it takes effect; null: nothing waits")


class CapsOut(serializers.Serializer[Caps]):
    """All three, the day first, and until when nothing can be spent."""

    caps = CapOut(many=True)
    cool_off_until = serializers.DateTimeField(allow_null=True)


def _limit() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=CAP_MAX_CENTI, allow_null=True)


class CapsIn(serializers.Serializer[None]):
    """All three: null is no limit. A lower one holds at once, a higher one 24 hours later."""

    day_centi = _limit()
    week_centi = _limit()
    month_centi = _limit()


class CoolOffIn(serializers.Serializer[None]):
    length = serializers.ChoiceField(choices=tuple(COOL_OFFS))

"""What a statement answers; amounts are whole hundredths of a credit."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ..statement_forms import find_month

POCKETS = "spend, owed (below zero), earned, earned_promo, set_aside; those the account has"


class StatementQuery(serializers.Serializer[None]):
    month = serializers.RegexField(
        r"^20[0-9]{2}-(0[1-9]|1[0-2])$", required=False, help_text="as 2026-11, UTC; the running month unless told"
    )
    format = serializers.ChoiceField(choices=["json", "csv"], default="json")

    def validate_month(self, value: str) -> Any:
        """Its first day."""
        month = find_month(value)
        if month is None:
            raise serializers.ValidationError("not in the future", code="invalid")
        return month


class StatementLineOut(serializers.Serializer[None]):
    """A movement seen from one pocket; between two pockets of the same person it is two of these."""

    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    transaction_type = serializers.CharField()
    description = serializers.CharField()
    pocket = serializers.CharField(help_text=POCKETS)
    amount_centi = serializers.IntegerField(help_text="signed")
    balance_after_centi = serializers.IntegerField(help_text="of the pocket")
    operation = serializers.UUIDField()


class StatementSumOut(serializers.Serializer[None]):
    """All movements of one kind in one pocket."""

    pocket = serializers.CharField()
    transaction_type = serializers.CharField()
    description = serializers.CharField()
    in_centi = serializers.IntegerField()
    out_centi = serializers.IntegerField()
    n = serializers.IntegerField()


class MonthStatementOut(serializers.Serializer[None]):
    """A month. What comes last is added up while the movements are sent."""

    month = serializers.CharField()
    unit = serializers.CharField()
    opening_centi = serializers.DictField(child=serializers.IntegerField(), help_text=POCKETS)
    movements = StatementLineOut(many=True)
    sums = StatementSumOut(many=True)
    closing_centi = serializers.DictField(child=serializers.IntegerField(), help_text=POCKETS)

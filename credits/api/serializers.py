"""What the wallet's endpoints accept and answer; all amounts in hundredths of a credit."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ..earnings_selectors import MaturingDay
from ..models import Lot
from ..types import Balance, TransactionRow


class BalanceOut(serializers.Serializer[Balance]):
    """What one can spend, how much of it Pairly gave, what waits for answers, what is owed."""

    balance_centi = serializers.IntegerField()
    promo_centi = serializers.IntegerField()
    held_centi = serializers.IntegerField()
    debt_centi = serializers.IntegerField()


class MaturingDayOut(serializers.Serializer[MaturingDay]):
    """What becomes ready on one day, UTC."""

    day = serializers.DateField()
    amount_centi = serializers.IntegerField()


class EarningsPageOut(serializers.Serializer[dict[str, Any]]):
    """What a creator has earned; `withdrawable_centi` has matured and was not paid with given credits, `maturing_centi`
    is on its way by day, `set_aside_centi` lies in payouts that were asked for."""

    earned_centi = serializers.IntegerField()
    withdrawable_centi = serializers.IntegerField()
    promo_earned_centi = serializers.IntegerField()
    held_centi = serializers.IntegerField()
    maturing_centi = serializers.IntegerField()
    set_aside_centi = serializers.IntegerField()
    maturing = MaturingDayOut(many=True)


class PageQuery(serializers.Serializer[None]):
    before = serializers.IntegerField(min_value=1, max_value=2**62, required=False, default=None)


class TransactionMetadata(serializers.Serializer[dict[str, str]]):
    op = serializers.UUIDField(help_text="the operation that the line belongs to")


class TransactionOut(serializers.Serializer[TransactionRow]):
    """A line of the wallet; `amount_centi` is signed."""

    id = serializers.IntegerField()
    transaction_type = serializers.CharField(
        help_text="purchase, promo, hold, unlock, void, earn, sale, fee, and what may come"
    )
    amount_centi = serializers.IntegerField()
    balance_after_centi = serializers.IntegerField(allow_null=True)
    description = serializers.CharField()
    metadata = TransactionMetadata()
    created_at = serializers.DateTimeField()


class LotOut(serializers.Serializer[Lot]):
    """A purchase and what is left of it."""

    id = serializers.IntegerField()
    payment_id = serializers.UUIDField(source="payment", allow_null=True)
    amount_centi = serializers.IntegerField(source="amount")
    remaining_centi = serializers.IntegerField(source="remaining")
    currency = serializers.CharField(allow_null=True, help_text="null where nothing was paid")
    price_minor = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()

from __future__ import annotations

import re

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from .. import payout_words
from ..constants import PAYOUT_CURRENCIES
from ..models import Payout, PayoutMethod, PayoutStep
from ..types import Withdrawable

DETAILS = ("account_holder", "account_number", "bank_code", "bank_name", "ifsc", "vpa")


class PayoutIn(serializers.Serializer[None]):
    amount_centi = serializers.IntegerField(min_value=1, max_value=10**15, help_text="whole credits, in hundredths")
    method_id = serializers.UUIDField()


class DetailsIn(serializers.Serializer[None]):
    """By hand: `account_holder`, `account_number`, `bank_code`, `bank_name`. RazorpayX: `account_holder` and `vpa`, or
    `account_number` and `ifsc`. Stripe asks on its own page."""

    account_holder = serializers.CharField(max_length=120, required=False)
    account_number = serializers.CharField(max_length=60, required=False)
    bank_code = serializers.CharField(max_length=30, required=False)
    bank_name = serializers.CharField(max_length=120, required=False)
    ifsc = serializers.CharField(max_length=30, required=False)
    vpa = serializers.CharField(max_length=200, required=False)


class MethodIn(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=sorted(PAYOUT_CURRENCIES))
    currency = serializers.CharField(max_length=3)
    country = serializers.CharField(max_length=2, help_text="ISO 3166")
    details = DetailsIn(required=False)

    def validate_currency(self, value: str) -> str:
        return value.upper()

    def validate_country(self, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{2}", value):
            raise serializers.ValidationError("two letters")
        return value.upper()


class MethodOut(serializers.ModelSerializer[PayoutMethod]):
    """Where money can go, from `usable_at` on."""

    id = serializers.UUIDField(source="uid")

    class Meta:
        model = PayoutMethod
        fields = ["id", "kind", "currency", "country", "label", "state", "usable_at", "created_at"]


class AddedMethodOut(MethodOut):
    """`onboarding_url` is the provider's page where the rest is told, for minutes; null where nothing is missing."""

    onboarding_url = serializers.URLField(allow_null=True)

    class Meta(MethodOut.Meta):
        fields = [*MethodOut.Meta.fields, "onboarding_url"]


class PayoutOut(serializers.ModelSerializer[Payout]):
    """A payout as its creator sees it. `rate` is what one credit is worth in units of the currency; `approved_by` says
    who by their part, not by name."""

    id = serializers.UUIDField(source="uid")
    rate = serializers.SerializerMethodField()
    method = MethodOut()
    approved_by = serializers.SerializerMethodField()

    class Meta:
        model = Payout
        fields = [
            "id", "status", "reason", "amount_centi", "amount_minor", "currency", "rate", "method", "admin_notes",
            "approved_by", "approved_at", "completed_at", "created_at",
        ]  # fmt: skip

    @extend_schema_field(serializers.CharField())
    def get_rate(self, payout: Payout) -> str:
        return f"{payout_words.rate_of(rate_micro=payout.rate_micro):f}"

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_approved_by(self, payout: Payout) -> str | None:
        return "staff" if payout.approved_by_id else None


class StepOut(serializers.ModelSerializer[PayoutStep]):
    """A line of a payout's timeline: `owner` has the next turn, until `latest_at`; `reason` is a code, `words` says
    it."""

    words = serializers.SerializerMethodField()

    class Meta:
        model = PayoutStep
        fields = ["at", "status", "owner", "reason", "words", "latest_at"]

    @extend_schema_field(serializers.CharField())
    def get_words(self, step: PayoutStep) -> str:
        return payout_words.reason_words(code=step.reason)


class TimelineOut(serializers.Serializer[None]):
    """A payout and what happened to it, the oldest first."""

    payout = PayoutOut()
    steps = StepOut(many=True)


class WithdrawableOut(serializers.Serializer[Withdrawable]):
    """What can be asked for now; `obstacles` are the codes of what a request would be refused with."""

    withdrawable_centi = serializers.IntegerField()
    maturing_centi = serializers.IntegerField()
    locked_centi = serializers.IntegerField()
    minimum_centi = serializers.IntegerField()
    obstacles = serializers.ListField(child=serializers.CharField())

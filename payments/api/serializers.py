from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..models import Payment, Provider
from ..types import Package


class CheckoutIn(serializers.Serializer[None]):
    package_id = serializers.CharField(max_length=32)
    provider = serializers.ChoiceField(choices=Provider.choices)
    currency = serializers.CharField(max_length=3)

    def validate_currency(self, value: str) -> str:
        return value.upper()


class CheckoutOut(serializers.Serializer[Payment]):
    """Where to pay."""

    payment_id = serializers.UUIDField(source="uid")
    checkout_url = serializers.URLField()


class ReceivedOut(serializers.Serializer[Any]):
    """What a provider is told."""

    received = serializers.BooleanField()


class PriceOut(serializers.Serializer[None]):
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField()


class PackageOut(serializers.Serializer[Package]):
    """What can be bought, with a price in each currency."""

    id = serializers.CharField()
    credits_centi = serializers.IntegerField()
    prices = serializers.SerializerMethodField()

    @extend_schema_field(PriceOut(many=True))
    def get_prices(self, package: Package) -> list[dict[str, str | int]]:
        return [{"currency": code, "amount_minor": minor} for code, minor in package.prices_minor.items()]


class PaymentOut(serializers.ModelSerializer[Payment]):
    """A payment as its buyer sees it; `checkout_url` only while it can be paid."""

    payment_id = serializers.UUIDField(source="uid")
    package_id = serializers.CharField(source="package")
    checkout_url = serializers.SerializerMethodField()
    is_under_review = serializers.SerializerMethodField()

    class Meta:
        model = Payment
        fields = [
            "payment_id", "status", "provider", "package_id", "credits_centi", "currency", "amount_minor",
            "checkout_url", "is_under_review", "created_at", "paid_at",
        ]  # fmt: skip

    def get_checkout_url(self, payment: Payment) -> str | None:
        is_waiting = payment.status == Payment.Status.CREATED and not payment.flag
        return payment.checkout_url if is_waiting and payment.checkout_url else None

    def get_is_under_review(self, payment: Payment) -> bool:
        return payment.flag != ""

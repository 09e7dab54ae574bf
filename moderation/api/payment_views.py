"""The API's door to refunds: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import idempotency
from payments.constants import REFUND_REASONS
from payments.models import MoneyBack
from payments.services import money_back
from users.requests import sign_in_of, user_of

from ..staff import StaffPermission


class RefundIn(serializers.Serializer[None]):
    """`amount_minor` in minor units of the payment's currency."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=10**15)
    reason = serializers.ChoiceField(choices=REFUND_REASONS)


class RefundOut(serializers.ModelSerializer[MoneyBack]):
    """A refund that staff asked for: `pending` until the provider says that it is done, then its credits are taken."""

    id = serializers.UUIDField(source="uid")
    payment_id = serializers.UUIDField(source="payment.uid")
    currency = serializers.CharField(source="payment.currency")

    class Meta:
        model = MoneyBack
        fields = ["id", "payment_id", "state", "amount_minor", "currency", "reason", "created_at", "closed_at"]


class RefundView(APIView):
    """Sending a payment back."""

    permission_classes = (StaffPermission,)
    staff_permission = money_back.PERMISSION
    refusals = {"post": (404, 409)}

    @idempotency.keyed
    @extend_schema(request=RefundIn, responses={201: RefundOut})
    def post(self, request: Request, uid: uuid.UUID, *, idempotency_key: uuid.UUID) -> Response:
        """Refund all or a part; the same for one key. Takes a fresh proof, and is recorded.

        403 `step_up_required`, `own_payment`; 409 `not_refundable`, `refund_refused` (with the provider's `reason`),
        `idempotency_conflict`; 422 `refund_too_large` (with `left_minor`); 503 `provider_unavailable`: the refund
        stands, and is finished by itself or by the same request sent again.
        """
        body = RefundIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields: dict[str, Any] = body.validated_data
        row = money_back.refund_payment(
            staff=user_of(request),
            sign_in=sign_in_of(request),
            payment_uid=uid,
            idempotency_key=idempotency_key,
            **fields,
        )
        return Response(RefundOut(row).data, 201)

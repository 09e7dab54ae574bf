"""The API's door to the phone number."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of

from ..requests import sign_in_of, user_of
from ..services import phones
from . import serializers
from .openapi import ACCOUNT


@extend_schema(tags=ACCOUNT)
class PhoneView(APIView):
    """auth/phone: optional, shown to nobody."""

    refusals = {"put": (409,)}

    @extend_schema(summary="See one's phone number", responses=serializers.PhoneOut)
    def get(self, request: Request) -> Response:
        """200 `phone`, null where there is none."""
        return Response(serializers.PhoneOut(user_of(request)).data)

    @extend_schema(summary="Set or remove one's phone number", request=serializers.PhoneIn, responses={204: None})
    def put(self, request: Request) -> Response:
        """204; without a `phone` it is removed; 403 `step_up_required`, 409 `phone_taken`, 422, 429."""
        body = serializers.PhoneIn(data=request.data)
        body.is_valid(raise_exception=True)
        phones.change(
            phone=body.validated_data["phone"] or "",
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
        )
        return Response(status=204)

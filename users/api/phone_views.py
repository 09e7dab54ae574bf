"""The API's door to the phone number."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of

from ..requests import sign_in_of, user_of
from ..services import phones
from . import serializers


class PhoneView(APIView):
    """GET auth/phone: one's own number or null. PUT {phone}: 204; 403 `step_up_required`, 409 `phone_taken`, 422."""

    def get(self, request: Request) -> Response:
        return Response({"phone": user_of(request).phone})

    def put(self, request: Request) -> Response:
        body = serializers.PhoneIn(data=request.data)
        body.is_valid(raise_exception=True)
        phones.change(
            phone=body.validated_data["phone"] or "",
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
        )
        return Response(status=204)

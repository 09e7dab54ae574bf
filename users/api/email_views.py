"""The API's doors to another e-mail address: parse, one service call, render."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of

from ..requests import sign_in_of, user_of
from ..services import email_changes
from .serializers import CodeIn


class EmailChangeIn(serializers.Serializer[None]):
    new_email = serializers.EmailField(max_length=254)


class EmailUndoIn(serializers.Serializer[None]):
    email = serializers.EmailField(max_length=254)
    code = serializers.CharField(max_length=32)


class EmailChangeView(APIView):
    """POST auth/email/change: 202, whoever has the address; 403 `step_up_required`, 409 `email_change_held`, 423, 429.
    DELETE: 204, the address stays."""

    def post(self, request: Request) -> Response:
        body = EmailChangeIn(data=request.data)
        body.is_valid(raise_exception=True)
        email_changes.request(
            **body.validated_data,
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
        )
        return Response(status=202)

    def delete(self, request: Request) -> Response:
        email_changes.cancel(user=user_of(request))
        return Response(status=204)


class EmailChangeConfirmView(APIView):
    """POST auth/email/change/confirm: 204; 422 `invalid_code`, 409 `email_taken`, 423."""

    def post(self, request: Request) -> Response:
        body = CodeIn(data=request.data)
        body.is_valid(raise_exception=True)
        email_changes.confirm(
            **body.validated_data,
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
        )
        return Response(status=204)


class EmailUndoView(APIView):
    """POST auth/email/undo: 204, and every sign-in has ended; 422 `invalid_code`, 429."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        body = EmailUndoIn(data=request.data)
        body.is_valid(raise_exception=True)
        email_changes.undo(**body.validated_data, client=client_of(request=request._request))
        return Response(status=204)

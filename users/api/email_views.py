"""The API's doors to another e-mail address: parse, one service call, render."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of

from ..requests import sign_in_of, user_of
from ..services import email_changes
from .openapi import ACCOUNT
from .serializers import CodeIn


class EmailChangeIn(serializers.Serializer[None]):
    new_email = serializers.EmailField(max_length=254)


class EmailUndoIn(serializers.Serializer[None]):
    email = serializers.EmailField(max_length=254)
    code = serializers.CharField(max_length=32)


@extend_schema(tags=ACCOUNT)
class EmailChangeView(APIView):
    """auth/email/change: a change that waits for the code to the new address."""

    refusals = {"post": (404, 409, 423)}

    @extend_schema(summary="Ask for another e-mail address", request=EmailChangeIn, responses={202: None})
    def post(self, request: Request) -> Response:
        """202, whoever has the address: a code is on its way to it; 403 `step_up_required`, 409 `email_change_held`,
        422, 423, 429."""
        body = EmailChangeIn(data=request.data)
        body.is_valid(raise_exception=True)
        email_changes.request(
            **body.validated_data,
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
        )
        return Response(status=202)

    @extend_schema(summary="Keep one's e-mail address after all", responses={204: None})
    def delete(self, request: Request) -> Response:
        """204, the address stays, also where no change was under way."""
        email_changes.cancel(user=user_of(request))
        return Response(status=204)


@extend_schema(tags=ACCOUNT)
class EmailChangeConfirmView(APIView):
    """POST auth/email/change/confirm: 204; 422 `invalid_code`, 409 `email_taken`, 423."""

    refusals = {"post": (409, 423)}

    @extend_schema(summary="Take the new e-mail address", request=CodeIn, responses={204: None})
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


@extend_schema(tags=ACCOUNT)
class EmailUndoView(APIView):
    """POST auth/email/undo: 204, and every sign-in has ended; 422 `invalid_code`, 429."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(summary="Put the old e-mail address back", request=EmailUndoIn, responses={204: None})
    def post(self, request: Request) -> Response:
        body = EmailUndoIn(data=request.data)
        body.is_valid(raise_exception=True)
        email_changes.undo(**body.validated_data, client=client_of(request=request._request))
        return Response(status=204)

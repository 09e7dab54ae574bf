"""The API's doors to passwords: parse, one service call, render."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of
from security.types import Door

from .. import browser_sessions
from ..requests import sign_in_of, user_of
from ..services import password_resets, passwords
from . import serializers
from .openapi import ACCOUNT


@extend_schema(tags=ACCOUNT)
class PasswordChangeView(APIView):
    """POST auth/password/change: 204; 422 `wrong_password` with `attempts_left`, 422 by field, 423, 429."""

    refusals = {"post": (423,)}

    @extend_schema(summary="Change one's password", request=serializers.PasswordChangeIn, responses={204: None})
    def post(self, request: Request) -> Response:
        body = serializers.PasswordChangeIn(data=request.data)
        body.is_valid(raise_exception=True)
        user, sign_in, http_request = user_of(request), sign_in_of(request), request._request
        passwords.change(
            **body.validated_data,
            user=user,
            family=sign_in.family,
            door=Door.API,
            client=client_of(request=http_request),
        )
        # A browser whose script called: its session is tied to the password's hash. A cookie beside a token is
        # another sign-in, and that has ended.
        if browser_sessions.sign_in_of(request=http_request) == sign_in:
            browser_sessions.renew(request=http_request, user=user)
        return Response(status=204)


@extend_schema(tags=ACCOUNT)
class PasswordForgotView(APIView):
    """POST auth/password/forgot: 202, whoever has the address; 429."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="Have a code for a new password mailed", request=serializers.PasswordForgotIn, responses={202: None}
    )
    def post(self, request: Request) -> Response:
        body = serializers.PasswordForgotIn(data=request.data)
        body.is_valid(raise_exception=True)
        password_resets.request_code(**body.validated_data, client=client_of(request=request._request))
        return Response(status=202)


@extend_schema(tags=ACCOUNT)
class PasswordResetView(APIView):
    """POST auth/password/reset: 204; 422 `invalid_code` with `attempts_left`, 422 by field, 429. With a second
    factor also 403 `second_factor_required` with `methods`: send `method` and `second_code` too; 423."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    refusals = {"post": (423,)}

    @extend_schema(
        summary="Set a new password with the code", request=serializers.PasswordResetIn, responses={204: None}
    )
    def post(self, request: Request) -> Response:
        body = serializers.PasswordResetIn(data=request.data)
        body.is_valid(raise_exception=True)
        password_resets.reset(**body.get_fields_of_reset(), client=client_of(request=request._request))
        return Response(status=204)

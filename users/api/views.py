"""The API's doors to accounts and sign-ins: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from django.utils.http import urlencode
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.problems import NotAuthenticated
from security import limits
from security.client_ip import client_of, network_of
from security.types import Client, Door

from .. import selectors
from ..constants import REFRESH_PER_MINUTE, SIGN_OUT_PER_MINUTE
from ..errors import Suspended
from ..models import Session
from ..requests import sign_in_of, user_of
from ..services import accounts, email_codes, sessions, sign_in, tokens
from ..types import Challenged, SignIn, StartedSession
from . import serializers
from .openapi import ACCOUNT, SIGN_IN


class OpenView(APIView):
    """Credentials are in the body; a stale token or cookie beside them must not get in the way."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


@extend_schema(tags=ACCOUNT)
class SignUpView(OpenView):
    """POST auth/signup: 201 with the user and a token pair; 409 `email_taken`, 422 `under_age`, 429."""

    refusals = {"post": (409,)}

    @extend_schema(summary="Open an account", request=serializers.SignUpIn, responses={201: serializers.SignedInOut})
    def post(self, request: Request) -> Response:
        body = serializers.SignUpIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = {name: body.validated_data[name] for name in ("email", "password", "name", "role", "birth_date")}
        started = accounts.sign_up(
            **fields, kind=Session.Kind.API, client=client_from(request), device=body.get_device()
        )
        return Response(answer(started), 201)


@extend_schema(tags=SIGN_IN)
class SignInView(OpenView):
    """POST auth/login: 200 with the user and a token pair, or with `requires_2fa` and what auth/login-2fa takes; 401
    `invalid_credentials` with `attempts_left`, 403 `suspended` or `sign_in_blocked`, 423, 429."""

    refusals = {"post": (423,)}

    @extend_schema(
        summary="Sign in with e-mail address and password",
        request=serializers.SignInIn,
        responses=PolymorphicProxySerializer(
            component_name="SignInAnswer",
            serializers=[serializers.SignedInOut, serializers.ChallengedOut],
            resource_type_field_name=None,
        ),
    )
    def post(self, request: Request) -> Response:
        body = serializers.SignInIn(data=request.data)
        body.is_valid(raise_exception=True)
        started = sign_in.sign_in(
            email=body.validated_data["email"],
            password=body.validated_data["password"],
            kind=Session.Kind.API,
            door=Door.API,
            client=client_from(request),
            device=body.get_device(),
        )
        return Response(answer(started))


@extend_schema(tags=SIGN_IN)
class RefreshView(OpenView):
    """POST auth/refresh: 200 with a new pair; 401 `token_revoked` or `token_reused`, 409 while it is
    being exchanged."""

    refusals = {"post": (409,)}

    @extend_schema(summary="Exchange a refresh token", request=serializers.RefreshIn, responses=serializers.SignedInOut)
    def post(self, request: Request) -> Response:
        received_at = timezone.now()
        limit("refresh", request, REFRESH_PER_MINUTE)
        body = serializers.RefreshIn(data=request.data)
        body.is_valid(raise_exception=True)
        started = tokens.refresh(
            refresh_token=body.validated_data["refresh_token"],
            client=client_from(request),
            received_at=received_at,
        )
        return Response(answer(started))


@extend_schema(tags=SIGN_IN)
class SignOutView(APIView):
    """POST auth/logout: 204. A refresh token in the body ends its own sign-in, else the caller's ends."""

    permission_classes = (AllowAny,)
    open_to_limited = True

    def perform_authentication(self, request: Request) -> None:
        """Later, and only if the body holds no token: an expired access token must keep nobody signed in."""

    @extend_schema(summary="Sign out", request=serializers.SignOutIn, responses={204: None})
    def post(self, request: Request) -> Response:
        limit("sign-out", request, SIGN_OUT_PER_MINUTE)
        body = serializers.SignOutIn(data=request.data)
        body.is_valid(raise_exception=True)
        refresh_token = body.validated_data.get("refresh_token")
        if refresh_token:
            tokens.revoke(refresh_token=refresh_token)
        elif isinstance(request.auth, SignIn):
            sessions.end_family(family=request.auth.family, reason="signed_out")
        else:
            raise NotAuthenticated
        return Response(status=204)


@extend_schema(tags=SIGN_IN)
class SessionsView(APIView):
    """auth/sessions: where one is signed in."""

    @extend_schema(summary="List where one is signed in", responses=serializers.SessionOut(many=True))
    def get(self, request: Request) -> Response:
        """200, the latest hundred."""
        rows = selectors.list_sessions(user=user_of(request))[:100]
        return Response(serializers.SessionOut(rows, many=True, context={"family": sign_in_of(request).family}).data)

    @extend_schema(summary="Sign out everywhere else", responses={204: None})
    def delete(self, request: Request) -> Response:
        """204; only this sign-in goes on."""
        sessions.end_sessions(
            user=user_of(request), reason="signed_out_elsewhere", except_family=sign_in_of(request).family
        )
        return Response(status=204)


@extend_schema(tags=SIGN_IN)
class SessionView(APIView):
    """auth/sessions/{id}: a sign-in of one's own."""

    @extend_schema(summary="See one of one's sign-ins", responses=serializers.SessionOut)
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        """200; 404 for anyone else's."""
        row = selectors.get_session(user=user_of(request), family=session_id)
        return Response(serializers.SessionOut(row, context={"family": sign_in_of(request).family}).data)

    @extend_schema(summary="Sign out there", responses={204: None})
    def delete(self, request: Request, session_id: uuid.UUID) -> Response:
        """204; 404 for anyone else's."""
        sessions.end_session(user=user_of(request), family=session_id)
        return Response(status=204)


@extend_schema(tags=ACCOUNT)
class VerifyEmailView(APIView):
    """POST auth/email/verify: 204; 422 `invalid_code`."""

    @extend_schema(summary="Confirm one's e-mail address", request=serializers.CodeIn, responses={204: None})
    def post(self, request: Request) -> Response:
        body = serializers.CodeIn(data=request.data)
        body.is_valid(raise_exception=True)
        email_codes.verify(user=user_of(request), code=body.validated_data["code"])
        return Response(status=204)


@extend_schema(tags=ACCOUNT)
class ResendEmailCodeView(APIView):
    """POST auth/email/resend: 204, whether or not one was needed; 429."""

    @extend_schema(summary="Have the code to confirm one's address mailed again", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        email_codes.request_code(user=user_of(request))
        return Response(status=204)


def client_from(request: Request) -> Client:
    """Who is asking."""
    return client_of(request=request._request)


def limit(name: str, request: Request, per_minute: int) -> None:
    """Count a use of `name` by the network address. Raises RateLimited."""
    limits.require(name=name, key=network_of(ip=client_from(request).ip), limit=per_minute, window_s=60)


def answer(started: StartedSession | Challenged) -> dict[str, Any]:
    """The body of a sign-in: user and tokens, or what the second step needs.

    Who is suspended or leaving is told so, with a token for what is about their own data (`privacy/*`).
    """
    if isinstance(started, Challenged):
        return serializers.ChallengedOut(started).data
    if started.session.limit:
        raise Suspended(limit=started.session.limit, access_token=tokens.issue(started=started)["access_token"])
    return serializers.SignedInOut({"user": started.user, **tokens.issue(started=started)}).data


@extend_schema(tags=SIGN_IN)
class SignInsView(APIView):
    """GET auth/login-history: tries to sign in to one's account, with `outcome`, and the days `since` and `until`;
    422."""

    refusals = {"get": (422,)}

    @extend_schema(
        summary="List the tries to sign in to one's account",
        parameters=[serializers.SignInsQuery],
        responses=serializers.SignInPageOut,
    )
    def get(self, request: Request) -> Response:
        query = serializers.SignInsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = selectors.get_sign_in_page(
            user=user_of(request), wanted=query.get_wanted(), before_id=query.validated_data["before"]
        )
        following = None
        if page.before is not None:
            wanted = {**request.query_params.dict(), "before": str(page.before)}
            following = request.build_absolute_uri(f"{request.path}?{urlencode(wanted)}")
        return Response(serializers.SignInPageOut({"results": page.rows, "next": following}).data)

"""The API's doors to passkeys: parse, one service call, render."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import selectors
from ..models import Session
from ..requests import sign_in_of, user_of
from ..services import passkeys
from ..types import StartedSession
from . import passkey_serializers as serializers
from .openapi import PASSKEYS
from .serializers import SignedInOut
from .views import OpenView, answer, client_from


@extend_schema(tags=PASSKEYS)
class RegisterBeginView(APIView):
    """POST auth/passkeys/register/begin: 200 `options, state`; 403 `step_up_required`, 409 `too_many_passkeys`, 429."""

    refusals = {"post": (409,)}

    @extend_schema(summary="Begin to make a passkey", request=None, responses=serializers.CeremonyOut)
    def post(self, request: Request) -> Response:
        begun = passkeys.begin_registration(user=user_of(request), sign_in=sign_in_of(request))
        return Response(serializers.CeremonyOut(begun).data)


@extend_schema(tags=PASSKEYS)
class RegisterFinishView(APIView):
    """POST auth/passkeys/register/finish: 201 `passkey, backup_codes`; 422 `passkey_refused`,
    `passkey_ceremony_over`, 409 `too_many_passkeys`."""

    refusals = {"post": (409,)}

    @extend_schema(
        summary="Keep the passkey that the device made",
        request=serializers.RegistrationIn,
        responses={201: serializers.NewPasskeyOut},
    )
    def post(self, request: Request) -> Response:
        body = serializers.RegistrationIn(data=request.data)
        body.is_valid(raise_exception=True)
        made = passkeys.finish_registration(
            **body.validated_data,
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_from(request),
        )
        return Response(serializers.NewPasskeyOut(made).data, 201)


@extend_schema(tags=PASSKEYS)
class LoginBeginView(OpenView):
    """POST auth/passkeys/login/begin: 200 `options, state`; for a `temp_token` 401 `challenge_over`, 422
    `passkey_refused` where the account has none; 429."""

    @extend_schema(
        summary="Begin to sign in with a passkey",
        request=serializers.LoginBeginIn,
        responses=serializers.CeremonyOut,
    )
    def post(self, request: Request) -> Response:
        body = serializers.LoginBeginIn(data=request.data)
        body.is_valid(raise_exception=True)
        token = body.validated_data["temp_token"]
        if token:
            begun = passkeys.begin_second_step(token=token)
        else:
            begun = passkeys.begin_sign_in(client=client_from(request))
        return Response(serializers.CeremonyOut(begun).data)


@extend_schema(tags=PASSKEYS)
class LoginFinishView(OpenView):
    """POST auth/passkeys/login/finish: 200 with the user and a token pair; 422 `passkey_refused`,
    `passkey_ceremony_over`, 401 `challenge_over`, 403 `suspended`, 429."""

    @extend_schema(summary="Sign in with a passkey", request=serializers.LoginFinishIn, responses=SignedInOut)
    def post(self, request: Request) -> Response:
        body = serializers.LoginFinishIn(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(answer(self._start(request, body)))

    def _start(self, request: Request, body: serializers.LoginFinishIn) -> StartedSession:
        given = body.validated_data
        state, credential, client = given["state"], given["credential"], client_from(request)
        if given["temp_token"]:
            return passkeys.finish_second_step(
                token=given["temp_token"], state=state, credential=credential, kind=Session.Kind.API, client=client
            )
        return passkeys.finish_sign_in(
            state=state, credential=credential, kind=Session.Kind.API, client=client, device=body.get_device()
        )


@extend_schema(tags=PASSKEYS)
class StepUpBeginView(APIView):
    """POST auth/passkeys/step-up/begin: 200 `options, state`; 422 `passkey_refused` where there is none, 429."""

    @extend_schema(
        summary="Begin to prove with a passkey that it is still oneself",
        request=None,
        responses=serializers.CeremonyOut,
    )
    def post(self, request: Request) -> Response:
        begun = passkeys.begin_step_up(user=user_of(request), sign_in=sign_in_of(request))
        return Response(serializers.CeremonyOut(begun).data)


@extend_schema(tags=PASSKEYS)
class StepUpFinishView(APIView):
    """POST auth/passkeys/step-up/finish: 204; 422 `passkey_refused`, `passkey_ceremony_over`, 429."""

    @extend_schema(
        summary="Prove with a passkey that it is still oneself",
        request=serializers.AnswerIn,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        body = serializers.AnswerIn(data=request.data)
        body.is_valid(raise_exception=True)
        passkeys.finish_step_up(
            **body.validated_data,
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_from(request),
        )
        return Response(status=204)


@extend_schema(tags=PASSKEYS)
class PasskeysView(APIView):
    """GET auth/passkeys: one's own, the newest first."""

    @extend_schema(summary="List one's passkeys", responses=serializers.PasskeyOut(many=True))
    def get(self, request: Request) -> Response:
        rows = selectors.list_passkeys(user=user_of(request))
        return Response([serializers.PasskeyOut(row).data for row in rows])


@extend_schema(tags=PASSKEYS)
class PasskeyView(APIView):
    """DELETE auth/passkeys/{id}: 204; 404 for anyone else's, 403 `step_up_required`, 409 `strong_factor_needed`."""

    refusals = {"delete": (409,)}

    @extend_schema(summary="Remove a passkey", responses={204: None})
    def delete(self, request: Request, passkey_id: int) -> Response:
        passkeys.remove(
            user=user_of(request),
            sign_in=sign_in_of(request),
            passkey_id=passkey_id,
            client=client_from(request),
        )
        return Response(status=204)

"""The API's doors to passkeys: parse, one service call, render."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import selectors
from ..models import Session
from ..requests import sign_in_of, user_of
from ..services import passkeys
from ..types import StartedSession
from . import passkey_serializers as serializers
from .views import OpenView, answer, client_from


class RegisterBeginView(APIView):
    """POST auth/passkeys/register/begin: 200 `options, state`; 403 `step_up_required`, 409 `too_many_passkeys`, 429."""

    def post(self, request: Request) -> Response:
        begun = passkeys.begin_registration(user=user_of(request), sign_in=sign_in_of(request))
        return Response(serializers.CeremonyOut(begun).data)


class RegisterFinishView(APIView):
    """POST auth/passkeys/register/finish: 201 `passkey, backup_codes`; 422 `passkey_refused`,
    `passkey_ceremony_over`."""

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


class LoginBeginView(OpenView):
    """POST auth/passkeys/login/begin: 200 `options, state`; 401 `challenge_over` for a `temp_token`, 429."""

    def post(self, request: Request) -> Response:
        body = serializers.LoginBeginIn(data=request.data)
        body.is_valid(raise_exception=True)
        token = body.validated_data["temp_token"]
        if token:
            begun = passkeys.begin_second_step(token=token)
        else:
            begun = passkeys.begin_sign_in(client=client_from(request))
        return Response(serializers.CeremonyOut(begun).data)


class LoginFinishView(OpenView):
    """POST auth/passkeys/login/finish: 200 with the user and a token pair; 422 `passkey_refused`,
    `passkey_ceremony_over`, 401 `challenge_over`, 403 `suspended`, 429."""

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


class StepUpBeginView(APIView):
    """POST auth/passkeys/step-up/begin: 200 `options, state`; 422 `passkey_refused` where there is none, 429."""

    def post(self, request: Request) -> Response:
        begun = passkeys.begin_step_up(user=user_of(request), sign_in=sign_in_of(request))
        return Response(serializers.CeremonyOut(begun).data)


class StepUpFinishView(APIView):
    """POST auth/passkeys/step-up/finish: 204; 422 `passkey_refused`, `passkey_ceremony_over`, 429."""

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


class PasskeysView(APIView):
    """GET auth/passkeys: one's own, the newest first."""

    def get(self, request: Request) -> Response:
        rows = selectors.list_passkeys(user=user_of(request))
        return Response([serializers.PasskeyOut(row).data for row in rows])


class PasskeyView(APIView):
    """DELETE auth/passkeys/{id}: 204; 404 for anyone else's, 403 `step_up_required`, 409 `strong_factor_needed`."""

    def delete(self, request: Request, passkey_id: int) -> Response:
        passkeys.remove(
            user=user_of(request),
            sign_in=sign_in_of(request),
            passkey_id=passkey_id,
            client=client_from(request),
        )
        return Response(status=204)

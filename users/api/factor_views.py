"""The API's doors to the second step, the second factors and the fresh proof: parse, one service call, render."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..models import Session
from ..requests import sign_in_of, user_of
from ..services import challenges, second_factors, step_up
from ..types import Method
from . import serializers
from .views import OpenView, answer, client_from


class SecondStepView(OpenView):
    """POST auth/login-2fa: 200 as auth/login; 422 `invalid_code` with `attempts_left`, 401 `challenge_over`,
    409 `approval_pending`, 423, 429."""

    def post(self, request: Request) -> Response:
        body = serializers.SecondStepIn(data=request.data)
        body.is_valid(raise_exception=True)
        started = challenges.complete(
            token=body.validated_data["temp_token"],
            method=Method(body.validated_data["method"]),
            code=body.validated_data["code"],
            client=client_from(request),
            kind=Session.Kind.API,
        )
        return Response(answer(started))


class BackupCodeStepView(OpenView):
    """POST auth/2fa/backup-code: auth/login-2fa with the method said."""

    def post(self, request: Request) -> Response:
        body = serializers.BackupCodeStepIn(data=request.data)
        body.is_valid(raise_exception=True)
        started = challenges.complete(
            token=body.validated_data["temp_token"],
            method=Method.BACKUP_CODE,
            code=body.validated_data["code"],
            client=client_from(request),
            kind=Session.Kind.API,
        )
        return Response(answer(started))


class EmailCodeStepView(OpenView):
    """POST auth/login-2fa/email-code: 204, a code is on its way; 422 `invalid_code` where that is no way, 401, 429."""

    def post(self, request: Request) -> Response:
        body = serializers.TempTokenIn(data=request.data)
        body.is_valid(raise_exception=True)
        challenges.request_code(token=body.validated_data["temp_token"])
        return Response(status=204)


class StepUpView(APIView):
    """GET auth/step-up: `methods` and whether the last proof is `fresh`. POST: prove it, 204; 422 `invalid_code` with
    `attempts_left`, 423, 429."""

    open_to_limited = True

    def get(self, request: Request) -> Response:
        methods = step_up.list_methods(user=user_of(request))
        return Response({"methods": methods, "fresh": step_up.is_fresh(sign_in=sign_in_of(request))})

    def post(self, request: Request) -> Response:
        body = serializers.StepUpIn(data=request.data)
        body.is_valid(raise_exception=True)
        step_up.confirm(
            user=user_of(request),
            sign_in=sign_in_of(request),
            method=Method(body.validated_data["method"]),
            code=body.validated_data["code"],
            client=client_from(request),
        )
        return Response(status=204)


class FactorStateView(APIView):
    """GET twofa/status."""

    def get(self, request: Request) -> Response:
        return Response(serializers.FactorStateOut(second_factors.get_state(user=user_of(request))).data)


class BeginTotpView(APIView):
    """POST twofa/enable-totp: the key for an app, in use after twofa/verify-setup; 403 `step_up_required`, 429."""

    def post(self, request: Request) -> Response:
        setup = second_factors.begin_totp(user=user_of(request), sign_in=sign_in_of(request))
        return Response(serializers.TotpSetupOut(setup).data)


class ConfirmTotpView(APIView):
    """POST twofa/verify-setup: ten `backup_codes`, shown this once (none where some are left); 422 `invalid_code`,
    403 `step_up_required`, 429."""

    def post(self, request: Request) -> Response:
        body = serializers.CodeIn(data=request.data)
        body.is_valid(raise_exception=True)
        codes = second_factors.enable_totp(
            user=user_of(request),
            sign_in=sign_in_of(request),
            code=body.validated_data["code"],
            client=client_from(request),
        )
        return Response({"backup_codes": codes})


class DisableTotpView(APIView):
    """POST twofa/disable: 204; 404 without an app, 403 `second_factor_required` for staff who have nothing else,
    422 `invalid_code` with `attempts_left`, 423, 429."""

    def post(self, request: Request) -> Response:
        body = serializers.TurnTotpOffIn(data=request.data)
        body.is_valid(raise_exception=True)
        second_factors.disable_totp(
            user=user_of(request),
            sign_in=sign_in_of(request),
            method=Method(body.validated_data["method"]),
            code=body.validated_data["code"],
            client=client_from(request),
        )
        return Response(status=204)


class BackupCodesView(APIView):
    """POST twofa/backup-codes: ten new ones; 409 `no_second_factor`, 403 `step_up_required`, 429."""

    def post(self, request: Request) -> Response:
        codes = second_factors.renew_backup_codes(
            user=user_of(request), sign_in=sign_in_of(request), client=client_from(request)
        )
        return Response({"backup_codes": codes})


class EmailFactorView(APIView):
    """POST twofa/email: 204. On: 403 `step_up_required`, 409 `stronger_factor_set` or `email_not_verified`. Off:
    422 `invalid_code` (the password) with `attempts_left`, 404 when it is off, 423. Both 429."""

    def post(self, request: Request) -> Response:
        body = serializers.EmailFactorIn(data=request.data)
        body.is_valid(raise_exception=True)
        second_factors.set_email(
            user=user_of(request),
            sign_in=sign_in_of(request),
            is_on=body.validated_data["enabled"],
            password=body.validated_data["password"],
            client=client_from(request),
        )
        return Response(status=204)

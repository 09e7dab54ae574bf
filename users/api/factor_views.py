"""The API's doors to the second step, the second factors and the fresh proof: parse, one service call, render."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..models import Session
from ..requests import sign_in_of, user_of
from ..services import challenges, second_factors, step_up
from ..types import Method
from . import serializers
from .openapi import SECOND_FACTOR, SIGN_IN
from .views import OpenView, answer, client_from


@extend_schema(tags=SIGN_IN)
class SecondStepView(OpenView):
    """POST auth/login-2fa: 200 as auth/login; 422 `invalid_code` with `attempts_left`, 401 `challenge_over`,
    409 `approval_pending`, 423, 429."""

    refusals = {"post": (409, 423)}

    @extend_schema(
        summary="Finish a sign-in with its second step",
        request=serializers.SecondStepIn,
        responses=serializers.SignedInOut,
    )
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


@extend_schema(tags=SIGN_IN)
class BackupCodeStepView(OpenView):
    """POST auth/2fa/backup-code: auth/login-2fa with the method said."""

    refusals = {"post": (423,)}

    @extend_schema(
        summary="Finish a sign-in with a backup code",
        request=serializers.BackupCodeStepIn,
        responses=serializers.SignedInOut,
    )
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


@extend_schema(tags=SIGN_IN)
class EmailCodeStepView(OpenView):
    """POST auth/login-2fa/email-code: 204, a code is on its way; 422 `invalid_code` where that is no way, 401, 429."""

    @extend_schema(
        summary="Have a code for the second step mailed", request=serializers.TempTokenIn, responses={204: None}
    )
    def post(self, request: Request) -> Response:
        body = serializers.TempTokenIn(data=request.data)
        body.is_valid(raise_exception=True)
        challenges.request_code(token=body.validated_data["temp_token"])
        return Response(status=204)


@extend_schema(tags=SECOND_FACTOR)
class StepUpView(APIView):
    """auth/step-up: the fresh proof that `step_up_required` asks for."""

    open_to_limited = True
    refusals = {"post": (423,)}

    @extend_schema(summary="See how to prove that it is still oneself", responses=serializers.StepUpOut)
    def get(self, request: Request) -> Response:
        """200 `methods`, the best first, and whether the last proof is `fresh`."""
        methods = step_up.list_methods(user=user_of(request))
        is_fresh = step_up.is_fresh(sign_in=sign_in_of(request))
        return Response(serializers.StepUpOut({"methods": methods, "fresh": is_fresh}).data)

    @extend_schema(summary="Prove that it is still oneself", request=serializers.StepUpIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """204; 422 `invalid_code` with `attempts_left`, 423, 429."""
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


@extend_schema(tags=SECOND_FACTOR)
class FactorStateView(APIView):
    """GET twofa/status: what is set up, and what a sign-in asks for, the best first."""

    @extend_schema(summary="See one's second factors", responses=serializers.FactorStateOut)
    def get(self, request: Request) -> Response:
        return Response(serializers.FactorStateOut(second_factors.get_state(user=user_of(request))).data)


@extend_schema(tags=SECOND_FACTOR)
class BeginTotpView(APIView):
    """POST twofa/enable-totp: the key for an app, in use after twofa/verify-setup; 403 `step_up_required`, 429."""

    @extend_schema(summary="Begin to set an authenticator app up", request=None, responses=serializers.TotpSetupOut)
    def post(self, request: Request) -> Response:
        setup = second_factors.begin_totp(user=user_of(request), sign_in=sign_in_of(request))
        return Response(serializers.TotpSetupOut(setup).data)


@extend_schema(tags=SECOND_FACTOR)
class ConfirmTotpView(APIView):
    """POST twofa/verify-setup: ten `backup_codes`, shown this once (none where some are left); 422 `invalid_code`,
    403 `step_up_required`, 429."""

    @extend_schema(
        summary="Set the authenticator app up", request=serializers.CodeIn, responses=serializers.BackupCodesOut
    )
    def post(self, request: Request) -> Response:
        body = serializers.CodeIn(data=request.data)
        body.is_valid(raise_exception=True)
        codes = second_factors.enable_totp(
            user=user_of(request),
            sign_in=sign_in_of(request),
            code=body.validated_data["code"],
            client=client_from(request),
        )
        return Response(serializers.BackupCodesOut({"backup_codes": codes}).data)


@extend_schema(tags=SECOND_FACTOR)
class DisableTotpView(APIView):
    """POST twofa/disable: 204; 404 without an app, 403 `second_factor_required` for staff who have nothing else,
    422 `invalid_code` with `attempts_left`, 423, 429."""

    refusals = {"post": (404, 423)}

    @extend_schema(summary="Turn the authenticator app off", request=serializers.TurnTotpOffIn, responses={204: None})
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


@extend_schema(tags=SECOND_FACTOR)
class BackupCodesView(APIView):
    """POST twofa/backup-codes: ten new ones; 409 `no_second_factor`, 403 `step_up_required`, 429."""

    refusals = {"post": (409,)}

    @extend_schema(summary="Get ten new backup codes", request=None, responses=serializers.BackupCodesOut)
    def post(self, request: Request) -> Response:
        codes = second_factors.renew_backup_codes(
            user=user_of(request), sign_in=sign_in_of(request), client=client_from(request)
        )
        return Response(serializers.BackupCodesOut({"backup_codes": codes}).data)


@extend_schema(tags=SECOND_FACTOR)
class EmailFactorView(APIView):
    """POST twofa/email: 204. On: 403 `step_up_required`, 409 `stronger_factor_set` or `email_not_verified`. Off:
    422 `invalid_code` (the password) with `attempts_left`, 404 when it is off, 423. Both 429."""

    refusals = {"post": (404, 409, 423)}

    @extend_schema(summary="Turn codes by mail on or off", request=serializers.EmailFactorIn, responses={204: None})
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

"""The API's doors to known devices, sign-ins that wait and a locked account: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security.client_ip import client_of
from security.types import DeviceRow

from .. import selectors
from ..requests import sign_in_of, user_of
from ..services import approvals, lockouts
from ..types import SignInRequestRow
from .openapi import DEVICES, SIGN_IN


class UnlockIn(serializers.Serializer[None]):
    email = serializers.EmailField(max_length=254)
    code = serializers.CharField(max_length=32)


class DeviceOut(serializers.Serializer[DeviceRow]):
    """A device that the account was used on."""

    id = serializers.UUIDField(source="uid")
    current = serializers.BooleanField(source="is_current")
    trusted = serializers.BooleanField(source="is_trusted")
    device = serializers.CharField()
    network = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


class LockoutOut(serializers.Serializer[Any]):
    locked_until = serializers.DateTimeField(allow_null=True)


class SignInRequestOut(serializers.Serializer[SignInRequestRow]):
    """A sign-in that waits for approval."""

    id = serializers.UUIDField()
    this_device = serializers.BooleanField(source="is_this_device")
    device = serializers.CharField()
    network = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


@extend_schema(tags=SIGN_IN)
class UnlockView(APIView):
    """POST auth/unlock: 204; 422 `invalid_code` with `attempts_left`, for any address alike; 429."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="End the lock of an account with the code that was mailed", request=UnlockIn, responses={204: None}
    )
    def post(self, request: Request) -> Response:
        body = UnlockIn(data=request.data)
        body.is_valid(raise_exception=True)
        lockouts.unlock(**body.validated_data, client=client_of(request=request._request))
        return Response(status=204)


@extend_schema(tags=SIGN_IN)
class LockoutView(APIView):
    """auth/lockout: after too many wrong passwords, as seen from a device that is signed in."""

    @extend_schema(summary="See whether one's account is locked", responses=LockoutOut)
    def get(self, request: Request) -> Response:
        """200 `locked_until`, null when it is not."""
        return Response(LockoutOut({"locked_until": selectors.find_locked_until(user=user_of(request))}).data)

    @extend_schema(summary="End the lock of one's account", responses={204: None})
    def delete(self, request: Request) -> Response:
        """204, also when it was not locked; 429."""
        lockouts.unlock_elsewhere(
            user=user_of(request), family=sign_in_of(request).family, client=client_of(request=request._request)
        )
        return Response(status=204)


@extend_schema(tags=DEVICES)
class DevicesView(APIView):
    """GET auth/devices: the devices that one is known by, this one first."""

    @extend_schema(summary="List the devices that one is known by", responses=DeviceOut(many=True))
    def get(self, request: Request) -> Response:
        rows = selectors.list_device_rows(user=user_of(request), family=sign_in_of(request).family)
        return Response([DeviceOut(row).data for row in rows])


@extend_schema(tags=DEVICES)
class DeviceView(APIView):
    """auth/devices/{id}: a known device."""

    @extend_schema(summary="See a known device", responses=DeviceOut)
    def get(self, request: Request, device_id: uuid.UUID) -> Response:
        """200; 404 for anyone else's."""
        row = selectors.get_device_row(user=user_of(request), family=sign_in_of(request).family, device_uid=device_id)
        return Response(DeviceOut(row).data)

    @extend_schema(summary="Know a device no more", responses={204: None})
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """204, and its sign-ins go on; 404 for anyone else's."""
        approvals.forget_device(
            user=user_of(request),
            sign_in=sign_in_of(request),
            device_uid=device_id,
            client=client_of(request=request._request),
        )
        return Response(status=204)


@extend_schema(tags=DEVICES)
class TrustDeviceView(APIView):
    """POST auth/devices/{id}/trust: 204; 403 `step_up_required`, 404 for anyone else's."""

    @extend_schema(summary="Trust a device", request=None, responses={204: None})
    def post(self, request: Request, device_id: uuid.UUID) -> Response:
        approvals.trust_device(
            user=user_of(request),
            sign_in=sign_in_of(request),
            device_uid=device_id,
            client=client_of(request=request._request),
        )
        return Response(status=204)


@extend_schema(tags=DEVICES)
class SignInRequestsView(APIView):
    """GET auth/sign-in-requests: sign-ins to one's account that wait for approval."""

    @extend_schema(summary="List the sign-ins that wait for approval", responses=SignInRequestOut(many=True))
    def get(self, request: Request) -> Response:
        rows = selectors.list_sign_in_requests(user=user_of(request), family=sign_in_of(request).family)
        return Response([SignInRequestOut(row).data for row in rows])


@extend_schema(tags=DEVICES)
class SignInRequestView(APIView):
    """GET auth/sign-in-requests/{id}: 200; 404 when it is over or answered, and for anyone else's."""

    @extend_schema(summary="See a sign-in that waits for approval", responses=SignInRequestOut)
    def get(self, request: Request, challenge_id: uuid.UUID) -> Response:
        row = selectors.get_sign_in_request(
            user=user_of(request), family=sign_in_of(request).family, challenge_id=challenge_id
        )
        return Response(SignInRequestOut(row).data)


@extend_schema(tags=DEVICES)
class _AnswerView(APIView):
    approve: bool
    refusals = {"post": (409,)}

    def post(self, request: Request, challenge_id: uuid.UUID) -> Response:
        approvals.answer(
            user=user_of(request),
            sign_in=sign_in_of(request),
            challenge_id=challenge_id,
            approve=self.approve,
            client=client_of(request=request._request),
        )
        return Response(status=204)


@extend_schema_view(post=extend_schema(summary="Approve a sign-in that waits", request=None, responses={204: None}))
class ApproveView(_AnswerView):
    """POST auth/sign-in-requests/{id}/approve: 204; 403 `step_up_required`, 404, 409 `same_device` or
    `already_answered`."""

    approve = True


@extend_schema_view(post=extend_schema(summary="Refuse a sign-in that waits", request=None, responses={204: None}))
class RefuseView(_AnswerView):
    """POST auth/sign-in-requests/{id}/refuse: 204, and it can never be completed; 404, 409 `same_device` or
    `already_answered`."""

    approve = False

"""The API's doors to known devices, sign-ins that wait and a locked account: parse, one service call, render."""

from __future__ import annotations

import uuid

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


class SignInRequestOut(serializers.Serializer[SignInRequestRow]):
    """A sign-in that waits for approval."""

    id = serializers.UUIDField()
    this_device = serializers.BooleanField(source="is_this_device")
    device = serializers.CharField()
    network = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class UnlockView(APIView):
    """POST auth/unlock: 204; 422 `invalid_code` with `attempts_left`, for any address alike; 429."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        body = UnlockIn(data=request.data)
        body.is_valid(raise_exception=True)
        lockouts.unlock(**body.validated_data, client=client_of(request=request._request))
        return Response(status=204)


class LockoutView(APIView):
    """GET auth/lockout: `locked_until`, null when it is not. DELETE: end it, 204; 429."""

    def get(self, request: Request) -> Response:
        return Response({"locked_until": selectors.find_locked_until(user=user_of(request))})

    def delete(self, request: Request) -> Response:
        lockouts.unlock_elsewhere(
            user=user_of(request), family=sign_in_of(request).family, client=client_of(request=request._request)
        )
        return Response(status=204)


class DevicesView(APIView):
    """GET auth/devices: the devices that one is known by, this one first."""

    def get(self, request: Request) -> Response:
        rows = selectors.list_device_rows(user=user_of(request), family=sign_in_of(request).family)
        return Response([DeviceOut(row).data for row in rows])


class DeviceView(APIView):
    """GET auth/devices/{id}. DELETE: know it no more, 204. 404 for anyone else's."""

    def get(self, request: Request, device_id: uuid.UUID) -> Response:
        row = selectors.get_device_row(user=user_of(request), family=sign_in_of(request).family, device_uid=device_id)
        return Response(DeviceOut(row).data)

    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        approvals.forget_device(
            user=user_of(request),
            sign_in=sign_in_of(request),
            device_uid=device_id,
            client=client_of(request=request._request),
        )
        return Response(status=204)


class TrustDeviceView(APIView):
    """POST auth/devices/{id}/trust: 204; 403 `step_up_required`, 404 for anyone else's."""

    def post(self, request: Request, device_id: uuid.UUID) -> Response:
        approvals.trust_device(
            user=user_of(request),
            sign_in=sign_in_of(request),
            device_uid=device_id,
            client=client_of(request=request._request),
        )
        return Response(status=204)


class SignInRequestsView(APIView):
    """GET auth/sign-in-requests: sign-ins to one's account that wait for approval."""

    def get(self, request: Request) -> Response:
        rows = selectors.list_sign_in_requests(user=user_of(request), family=sign_in_of(request).family)
        return Response([SignInRequestOut(row).data for row in rows])


class SignInRequestView(APIView):
    """GET auth/sign-in-requests/{id}; 404 when it is over or answered, and for anyone else's."""

    def get(self, request: Request, challenge_id: uuid.UUID) -> Response:
        row = selectors.get_sign_in_request(
            user=user_of(request), family=sign_in_of(request).family, challenge_id=challenge_id
        )
        return Response(SignInRequestOut(row).data)


class AnswerView(APIView):
    """POST auth/sign-in-requests/{id}/approve and /refuse: 204; 403 `step_up_required` (approve only), 404,
    409 `same_device` or `already_answered`."""

    approve = False

    def post(self, request: Request, challenge_id: uuid.UUID) -> Response:
        approvals.answer(
            user=user_of(request),
            sign_in=sign_in_of(request),
            challenge_id=challenge_id,
            approve=self.approve,
            client=client_of(request=request._request),
        )
        return Response(status=204)

"""The API's doors to a lost second factor: parse, one service call, render."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.problems import NotFound
from security.client_ip import client_of

from .. import staff_selectors
from ..constants import RECOVERY_REASON_MAX
from ..models import FactorRecovery
from ..requests import user_of
from ..services import recoveries


class LostFactorIn(serializers.Serializer[None]):
    temp_token = serializers.CharField(max_length=200)
    reason = serializers.CharField(max_length=RECOVERY_REASON_MAX)


class RecoveryOut(serializers.ModelSerializer[FactorRecovery]):
    """A request as its owner sees it; who of staff agreed is not told, how many is."""

    id = serializers.UUIDField(source="uid")
    n_approved = serializers.SerializerMethodField()

    class Meta:
        model = FactorRecovery
        fields = ["id", "requested_at", "wait_until", "n_approved"]

    def get_n_approved(self, recovery: FactorRecovery) -> int:
        return sum(at is not None for at in (recovery.first_approved_at, recovery.second_approved_at))


class LostFactorView(APIView):
    """POST twofa/lost: 202 with the request; 401 `challenge_over`, 422 by field, 429."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        body = LostFactorIn(data=request.data)
        body.is_valid(raise_exception=True)
        recovery = recoveries.request(
            token=body.validated_data["temp_token"],
            reason=body.validated_data["reason"],
            client=client_of(request=request._request),
        )
        return Response(RecoveryOut(recovery).data, 202)


class RecoveryView(APIView):
    """GET twofa/recovery: what is asked for one's own account. DELETE: keep the second factor. 404 where nothing is."""

    open_to_limited = True

    def get(self, request: Request) -> Response:
        recovery = staff_selectors.find_open_recovery(user=user_of(request))
        if recovery is None:
            raise NotFound
        return Response(RecoveryOut(recovery).data)

    def delete(self, request: Request) -> Response:
        recoveries.cancel(user=user_of(request))
        return Response(status=204)

"""The API's doors to a lost second factor: parse, one service call, render."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
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
from .openapi import SECOND_FACTOR


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
        read_only_fields = fields

    def get_n_approved(self, recovery: FactorRecovery) -> int:
        return sum(at is not None for at in (recovery.first_approved_at, recovery.second_approved_at))


@extend_schema(tags=SECOND_FACTOR)
class LostFactorView(APIView):
    """POST twofa/lost: 202 with the request; 401 `challenge_over`, 409 `recovery_over`, 422 by field, 429."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    refusals = {"post": (409,)}

    @extend_schema(
        summary="Ask staff to remove a second factor that was lost",
        request=LostFactorIn,
        responses={202: RecoveryOut},
    )
    def post(self, request: Request) -> Response:
        body = LostFactorIn(data=request.data)
        body.is_valid(raise_exception=True)
        recovery = recoveries.request(
            token=body.validated_data["temp_token"],
            reason=body.validated_data["reason"],
            client=client_of(request=request._request),
        )
        return Response(RecoveryOut(recovery).data, 202)


@extend_schema(tags=SECOND_FACTOR)
class RecoveryView(APIView):
    """twofa/recovery: what somebody asked for who said that the second factor was lost."""

    open_to_limited = True
    refusals = {"get": (404,), "delete": (404, 409)}

    @extend_schema(summary="See what is asked for one's own account", responses=RecoveryOut)
    def get(self, request: Request) -> Response:
        """200; 404 where nothing is."""
        recovery = staff_selectors.find_open_recovery(user=user_of(request))
        if recovery is None:
            raise NotFound
        return Response(RecoveryOut(recovery).data)

    @extend_schema(summary="Keep one's second factor", responses={204: None})
    def delete(self, request: Request) -> Response:
        """204; 404 where nothing is asked for, 409 `recovery_over`."""
        recoveries.cancel(user=user_of(request))
        return Response(status=204)

"""The API's doors to banned networks: parse, one service call, render."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security import ban_selectors
from security.ban_selectors import BanRow
from security.client_ip import client_of
from security.constants import BAN_MAX
from security.services import bans
from users.requests import user_of

from ..constants import LOG_PAGE
from ..staff import StaffPermission


class BanIn(serializers.Serializer[None]):
    """`ip` is an address or a network (CIDR); an IPv6 address stands for its /64."""

    ip = serializers.CharField(max_length=43)
    duration_seconds = serializers.IntegerField(min_value=1, max_value=int(BAN_MAX.total_seconds()), default=3_600)
    reason = serializers.CharField(max_length=200)


class UnbanIn(serializers.Serializer[None]):
    ip = serializers.CharField(max_length=43)


class BansQuery(serializers.Serializer[None]):
    before = serializers.IntegerField(min_value=1, max_value=2**62, required=False, default=None)


class BanOut(serializers.Serializer[BanRow]):
    """A ban; `by_staff` is false where the limits did it."""

    id = serializers.UUIDField(source="uid")
    network = serializers.CharField()
    reason = serializers.CharField()
    by_staff = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    until = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=ban_selectors.STATES)

    def get_by_staff(self, row: BanRow) -> bool:
        return row.banned_by_uid is not None


class BanPageOut(serializers.Serializer[Any]):
    results = BanOut(many=True)
    next = serializers.URLField(allow_null=True)


class _BanView(APIView):
    permission_classes = (StaffPermission,)
    staff_permission = "users.staff_ban_ips"


class BansView(_BanView):
    """Banned networks, the newest first."""

    refusals = {"get": (404, 422)}  # 404: to who is no staff

    @extend_schema(parameters=[OpenApiParameter("before", int)], responses={200: BanPageOut})
    def get(self, request: Request) -> Response:
        query = BansQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = ban_selectors.list_bans(limit=LOG_PAGE + 1, before_id=query.validated_data["before"])
        following = None
        if len(rows) > LOG_PAGE:
            following = request.build_absolute_uri(f"{request.path}?before={rows[LOG_PAGE - 1].id}")
        return Response(BanPageOut({"results": rows[:LOG_PAGE], "next": following}).data)


class BanView(_BanView):
    """Ban a network from now on; an existing ban becomes longer, never shorter."""

    refusals = {"post": (404,)}

    @extend_schema(request=BanIn, responses={201: BanOut})
    def post(self, request: Request) -> Response:
        body = BanIn(data=request.data)
        body.is_valid(raise_exception=True)
        made = bans.ban(
            network=body.validated_data["ip"],
            lasts=timedelta(seconds=body.validated_data["duration_seconds"]),
            reason=body.validated_data["reason"],
            by_uid=user_of(request).uid,
            client=client_of(request=request._request),
        )
        return Response(BanOut(ban_selectors.get_ban(uid=made.uid)).data, 201)


class UnbanView(_BanView):
    """End a ban before its time: 404 when none stands."""

    refusals = {"post": (404,)}

    @extend_schema(request=UnbanIn, responses={200: BanOut})
    def post(self, request: Request) -> Response:
        body = UnbanIn(data=request.data)
        body.is_valid(raise_exception=True)
        lifted = bans.lift(
            network=body.validated_data["ip"],
            by_uid=user_of(request).uid,
            client=client_of(request=request._request),
        )
        return Response(BanOut(ban_selectors.get_ban(uid=lifted.uid)).data)

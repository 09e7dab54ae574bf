"""The API's doors to the browsers that are told of news: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import page_of
from security.client_ip import client_of

from .. import push_selectors
from ..constants import PUSH_ENDPOINT_MAX, PUSH_NAME_MAX
from ..gateways import web_push
from ..requests import sign_in_of, user_of
from ..services import push_devices
from ..types import PushDeviceRow
from .openapi import NOTIFICATIONS


class PushDeviceIn(serializers.Serializer[None]):
    """`endpoint` is what the browser's `pushManager.subscribe` gave; its keys are not needed."""

    endpoint = serializers.CharField(max_length=PUSH_ENDPOINT_MAX, trim_whitespace=False)
    name = serializers.CharField(max_length=PUSH_NAME_MAX, required=False, default="", allow_blank=True)


class PushDeviceOut(serializers.Serializer[PushDeviceRow]):
    """A browser that is told; `current` where it belongs to the sign-in that asks."""

    id = serializers.UUIDField(source="uid")
    name = serializers.CharField()
    current = serializers.BooleanField(source="is_current")
    created_at = serializers.DateTimeField()
    pushed_at = serializers.DateTimeField(allow_null=True)


class PushKeyOut(serializers.Serializer[Any]):
    """What `applicationServerKey` takes: a point of P-256, uncompressed, in base64url (RFC 8292)."""

    public_key = serializers.CharField()


@extend_schema(tags=NOTIFICATIONS)
class PushDevicesView(APIView):
    """push-devices: browsers that are told of news while the sign-in lives that registered them."""

    refusals = {"post": (404, 409)}  # 404: the sign-in has just ended

    @extend_schema(summary="List the browsers that are told", responses=page_of(PushDeviceOut))
    def get(self, request: Request) -> Response:
        """200; all of them, for there are never many."""
        rows = push_selectors.list_push_devices(user=user_of(request), family=sign_in_of(request).family)
        return Response({"results": [PushDeviceOut(row).data for row in rows], "next": None})

    @extend_schema(summary="Have a browser told", request=PushDeviceIn, responses={201: PushDeviceOut})
    def post(self, request: Request) -> Response:
        """201, also when it was known; 409 `too_many_push_devices`, 422 `push_endpoint_refused`."""
        body = PushDeviceIn(data=request.data)
        body.is_valid(raise_exception=True)
        row = push_devices.register(
            user=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
            **body.validated_data,
        )
        return Response(PushDeviceOut(row).data, 201)


@extend_schema(tags=NOTIFICATIONS)
class PushKeyView(APIView):
    """GET push-devices/key: what a browser subscribes with."""

    @extend_schema(summary="See the key to subscribe with", responses=PushKeyOut)
    def get(self, request: Request) -> Response:
        return Response({"public_key": web_push.public_key()})


@extend_schema(tags=NOTIFICATIONS)
class PushDeviceView(APIView):
    """push-devices/{id}: one of them; 404 for anyone else's."""

    @extend_schema(summary="See a browser that is told", responses=PushDeviceOut)
    def get(self, request: Request, device_id: uuid.UUID) -> Response:
        row = push_selectors.get_push_device(user=user_of(request), family=sign_in_of(request).family, uid=device_id)
        return Response(PushDeviceOut(row).data)

    @extend_schema(summary="Have a browser told no more", responses={204: None})
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        push_devices.remove(user=user_of(request), uid=device_id)
        return Response(status=204)


@extend_schema(tags=NOTIFICATIONS)
class PushTestView(APIView):
    """POST push-devices/{id}/test: 202, and a notification arrives within a minute; 404 for anyone else's, 429."""

    @extend_schema(summary="Try whether a browser is told", request=None, responses={202: None})
    def post(self, request: Request, device_id: uuid.UUID) -> Response:
        push_devices.test(user=user_of(request), sign_in=sign_in_of(request), uid=device_id)
        return Response(status=202)

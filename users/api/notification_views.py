"""The API's doors to notifications: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import etags
from pairly.common.pagination import CURSOR, CursorPages, page_of

from .. import notification_selectors as selectors
from ..requests import user_of
from ..services import notification_choices, notification_reading
from ..services.notification_choices import Choice
from ..types import NotificationSettings
from . import notification_serializers as serializers
from .openapi import NOTIFICATIONS

_PAGE = page_of(serializers.NotificationOut, n_unread=drf.IntegerField(help_text="counted up to 100"))


class _Pages(CursorPages):
    n_unread = 0

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link(), "n_unread": self.n_unread})


@extend_schema(tags=NOTIFICATIONS)
class NotificationsView(APIView):
    """GET notifications: what one was told, the newest first."""

    refusals = {"get": (404,)}

    @extend_schema(summary="List what one was told", parameters=[*CURSOR], responses=_PAGE)
    def get(self, request: Request) -> Response:
        """200, with how many are unread; 404 for a cursor that is none."""
        user, pages = user_of(request), _Pages()
        found = pages.paginate_queryset(selectors.list_notifications(user=user), request, self)
        pages.n_unread = selectors.count_unread(user=user)
        rows = selectors.list_rows(notifications=found or [])
        return pages.get_paginated_response(serializers.NotificationOut(rows, many=True).data)


@extend_schema(tags=NOTIFICATIONS)
class NotificationReadView(APIView):
    """POST notifications/{id}/read."""

    refusals = {"post": (404,)}

    @extend_schema(summary="Mark a notification as read", request=None, responses=serializers.UnreadOut)
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """200, also the second time; 404 for anyone else's."""
        user = user_of(request)
        notification_reading.mark_read(user=user, uid=notification_id)
        return _unread(request)


@extend_schema(tags=NOTIFICATIONS)
class NotificationsReadAllView(APIView):
    """POST notifications/read-all."""

    @extend_schema(summary="Mark notifications as read", request=serializers.ReadAllIn, responses=serializers.UnreadOut)
    def post(self, request: Request) -> Response:
        """200; what arrived after `up_to` stays unread."""
        body = serializers.ReadAllIn(data=request.data)
        body.is_valid(raise_exception=True)
        notification_reading.read_all(user=user_of(request), up_to=body.validated_data.get("up_to"))
        return _unread(request)


@extend_schema(tags=NOTIFICATIONS)
class NotificationSettingsView(APIView):
    """notifications/settings: how one wants to hear of each kind."""

    @etags.conditional
    @extend_schema(summary="See how one hears of things", responses=serializers.NotificationSettingsOut)
    def get(self, request: Request) -> Response:
        """200, the kinds that one gets."""
        return _settings(selectors.get_settings(user=user_of(request)))

    @etags.guarded()
    @extend_schema(
        summary="Choose how one hears of things",
        request=serializers.NotificationSettingsIn,
        responses=serializers.NotificationSettingsOut,
    )
    def put(self, request: Request) -> Response:
        """Change the kinds that are sent; 412 `version_conflict`, 422 for a kind that one does not get."""
        body = serializers.NotificationSettingsIn(data=request.data)
        body.is_valid(raise_exception=True)
        choices = [Choice(**row) for row in body.validated_data["settings"]]
        versions = etags.versions_of(request=request)
        return _settings(notification_choices.save_choices(user=user_of(request), choices=choices, versions=versions))


def _unread(request: Request) -> Response:
    return Response(serializers.UnreadOut({"n_unread": selectors.count_unread(user=user_of(request))}).data)


def _settings(found: NotificationSettings) -> Response:
    document = serializers.NotificationSettingsOut(found).data
    return Response(document, headers={"ETag": etags.tag_of(document, version=found.version)})

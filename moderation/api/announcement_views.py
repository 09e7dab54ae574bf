"""The API's doors to what staff announce: parse, one service call, render."""

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
from users import announcement_selectors as selectors
from users.constants import ANNOUNCEMENT_BODY_MAX, ANNOUNCEMENT_TITLE_MAX, ANNOUNCEMENTS_PAGE
from users.models import Announcement
from users.requests import sign_in_of, user_of
from users.services import announcements
from users.types import StaffAnnouncementRow

from ..staff import StaffPermission


class AnnounceIn(serializers.Serializer[None]):
    """Plain text for `audience`. The same `id` a second time is one announcement."""

    id = serializers.UUIDField(required=False, source="uid")
    title = serializers.CharField(max_length=ANNOUNCEMENT_TITLE_MAX)
    body = serializers.CharField(max_length=ANNOUNCEMENT_BODY_MAX)
    audience = serializers.ChoiceField(choices=Announcement.Audience.choices)
    starts_at = serializers.DateTimeField(required=False, allow_null=True)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)


class AnnouncementsQuery(serializers.Serializer[None]):
    before = serializers.UUIDField(required=False, default=None)


class StaffAnnouncementOut(serializers.Serializer[StaffAnnouncementRow]):
    """An announcement as staff see it. `told_at`: when the last of its readers was told."""

    id = serializers.UUIDField(source="uid")
    title = serializers.CharField()
    body = serializers.CharField()
    audience = serializers.ChoiceField(choices=Announcement.Audience.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    written_by = serializers.CharField()
    written_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=selectors.STATES)
    told_at = serializers.DateTimeField(allow_null=True)


class _AnnouncementView(APIView):
    permission_classes = (StaffPermission,)
    staff_permission = "users.staff_announce"

    def given(self, request: Request) -> dict[str, Any]:
        """Who asks, as the services want it."""
        client = client_of(request=request._request)
        return {"by": user_of(request), "sign_in": sign_in_of(request), "client": client}


class StaffAnnouncementsView(_AnnouncementView):
    """What staff announce."""

    refusals = {"get": (404, 422), "post": (404, 409)}

    @extend_schema(parameters=[AnnouncementsQuery], responses=page_of(StaffAnnouncementOut))
    def get(self, request: Request) -> Response:
        """The newest start first; `before` continues the list."""
        query = AnnouncementsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        before = query.validated_data["before"]
        rows = selectors.list_written(user=user_of(request), limit=ANNOUNCEMENTS_PAGE + 1, before=before)
        following = None
        if len(rows) > ANNOUNCEMENTS_PAGE:
            following = request.build_absolute_uri(f"{request.path}?before={rows[ANNOUNCEMENTS_PAGE - 1].uid}")
        shown = [StaffAnnouncementOut(row).data for row in rows[:ANNOUNCEMENTS_PAGE]]
        return Response({"results": shown, "next": following})

    @extend_schema(request=AnnounceIn, responses={201: StaffAnnouncementOut})
    def post(self, request: Request) -> Response:
        """Publish one, now or from `starts_at` on; 403 `step_up_required`."""
        body = AnnounceIn(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(
            StaffAnnouncementOut(announcements.publish(**self.given(request), **body.validated_data)).data, 201
        )


class StaffAnnouncementView(_AnnouncementView):
    """One of them."""

    refusals = {"get": (404,)}

    @extend_schema(responses=StaffAnnouncementOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """200, or 404."""
        return Response(StaffAnnouncementOut(selectors.get_written(user=user_of(request), uid=uid)).data)


class WithdrawView(_AnnouncementView):
    """Take an announcement back: nobody reads it any more. 404 unless it stands."""

    refusals = {"post": (404,)}

    @extend_schema(request=None, responses={200: StaffAnnouncementOut})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """200; 403 `step_up_required`."""
        return Response(StaffAnnouncementOut(announcements.withdraw(**self.given(request), uid=uid)).data)

"""The API's doors to what staff announced: parse, one selector call, render."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute

from .. import announcement_selectors as selectors
from ..constants import ANNOUNCEMENTS_PER_MINUTE
from ..requests import user_of
from ..types import AnnouncementRow
from .openapi import NOTIFICATIONS


class AnnouncementOut(serializers.Serializer[AnnouncementRow]):
    """What staff told people like the caller: plain text, current until `ends_at`."""

    id = serializers.UUIDField(source="uid")
    title = serializers.CharField()
    body = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    current = serializers.BooleanField(source="is_current")


class _Pages(CursorPages):
    ordering = ("-starts_at", "-uid")  # type: ignore[assignment]  # DRF takes either


@extend_schema(tags=NOTIFICATIONS)
@per_minute("announcements", ANNOUNCEMENTS_PER_MINUTE)
class AnnouncementsView(APIView):
    """GET announcements: current and past ones, the newest first."""

    refusals = {"get": (404,)}  # an unknown cursor

    @extend_schema(summary="List the announcements", parameters=[*CURSOR], responses=page_of(AnnouncementOut))
    def get(self, request: Request) -> Response:
        pages = _Pages()
        found = pages.paginate_queryset(selectors.list_announcements(user=user_of(request)), request, self)
        rows = [AnnouncementOut(selectors.row_of(one)).data for one in found or []]
        return pages.get_paginated_response(rows)


@extend_schema(tags=NOTIFICATIONS)
@per_minute("announcements", ANNOUNCEMENTS_PER_MINUTE)
class AnnouncementView(APIView):
    """GET announcements/{id}: 404 for what is for others, withdrawn or not out yet."""

    @extend_schema(summary="Read an announcement", responses=AnnouncementOut)
    def get(self, request: Request, announcement_id: uuid.UUID) -> Response:
        row = selectors.get_announcement(user=user_of(request), uid=announcement_id)
        return Response(AnnouncementOut(row).data)

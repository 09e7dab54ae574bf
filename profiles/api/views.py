from __future__ import annotations

import uuid

from django.db.models import QuerySet
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits import selectors as ledger
from pairly.common.pagination import CursorPages
from users.requests import find_user_of, user_of

from .. import selectors, services
from ..models import Profile
from .serializers import DiscoverQuery, ProfileIn, profile_document


def _own(profile: Profile, status: int = 200) -> Response:
    earnings = ledger.get_earnings(user_id=profile.user_id)
    document = {**profile_document(profile), "total_earnings_centi": earnings.earned_centi}
    return Response(document, status, headers={"ETag": selectors.version_of(profile=profile)})


class OwnProfileView(APIView):
    """GET, POST, PUT, DELETE profiles: the caller's own."""

    def get(self, request: Request) -> Response:
        return _own(selectors.get_own_profile(user=user_of(request)))

    def post(self, request: Request) -> Response:
        body = ProfileIn(data=request.data)
        body.is_valid(raise_exception=True)
        return _own(services.create_profile(user=user_of(request), **body.validated_data), 201)

    def put(self, request: Request) -> Response:
        body = ProfileIn(data=request.data)
        body.is_valid(raise_exception=True)
        version = request.headers.get("If-Match")
        return _own(services.update_profile(user=user_of(request), version=version, **body.validated_data))

    def delete(self, request: Request) -> Response:
        services.delete_profile(user=user_of(request))
        return Response(status=204)


class ProfileView(APIView):
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        profile = selectors.get_profile(user=user_of(request), uid=user_id)
        if profile.user_id == user_of(request).pk:
            return _own(profile)
        return Response(profile_document(profile))


class _DiscoverPages(CursorPages):
    ORDERS = {
        "newest": ("-id",),
        "price": ("price_per_message_centi", "-id"),
        "-price": ("-price_per_message_centi", "-id"),
    }

    def get_ordering(self, request: Request, queryset: QuerySet[Profile], view: object) -> tuple[str, ...]:
        return self.ORDERS[request.query_params.get("sort", "newest")]


class DiscoverView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        query = DiscoverQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = {k: v for k, v in query.validated_data.items() if k != "sort"}
        user = find_user_of(request)
        rows = selectors.list_creators(user=user, wanted=selectors.DiscoverFilter(**wanted))
        pages = _DiscoverPages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response([profile_document(profile) for profile in page or []])

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits import selectors as ledger
from pairly.common.pagination import CursorPages
from pairly.common.problems import Forbidden
from users.requests import find_user_of, user_of

from .. import selectors, services
from ..constants import SORTS
from ..models import Profile
from .serializers import DiscoverQuery, ProfileIn, profile_document


def _own(profile: Profile, status: int = 200) -> Response:
    earnings = ledger.get_earnings(user_id=profile.user_id)
    document = {**profile_document(profile), "total_earnings_centi": earnings.earned_centi}
    return Response(document, status, headers={"ETag": selectors.version_of(profile=profile)})


def _if_match(request: Request) -> list[str] | None:
    """The ETags of `If-Match` (RFC 9110 section 13.1.1); None when any version will do."""
    given = request.headers.get("If-Match", "*")
    return None if given.strip() == "*" else [tag.strip() for tag in given.split(",")]


def _change(request: Request) -> Response:
    body = ProfileIn(data=request.data)
    body.is_valid(raise_exception=True)
    return _own(services.update_profile(user=user_of(request), versions=_if_match(request), **body.validated_data))


def _remove(request: Request) -> Response:
    services.delete_profile(user=user_of(request))
    return Response(status=204)


def _require_own(request: Request, user_id: uuid.UUID) -> None:
    """Raises NotFound for a profile the caller may not see, Forbidden for one that is not theirs."""
    if selectors.get_profile(user=user_of(request), uid=user_id).user_id != user_of(request).pk:
        raise Forbidden()


class OwnProfileView(APIView):
    """GET, POST, PUT, DELETE profiles: the caller's own."""

    def get(self, request: Request) -> Response:
        return _own(selectors.get_own_profile(user=user_of(request)))

    def post(self, request: Request) -> Response:
        body = ProfileIn(data=request.data)
        body.is_valid(raise_exception=True)
        return _own(services.create_profile(user=user_of(request), **body.validated_data), 201)

    def put(self, request: Request) -> Response:
        return _change(request)

    def delete(self, request: Request) -> Response:
        return _remove(request)


class ProfileView(APIView):
    """GET profiles/{user_id}: anyone's who may be seen. PUT and DELETE: the caller's own under its address."""

    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        profile = selectors.get_profile(user=user_of(request), uid=user_id)
        return _own(profile) if profile.user_id == user_of(request).pk else Response(profile_document(profile))

    def put(self, request: Request, user_id: uuid.UUID) -> Response:
        _require_own(request, user_id)
        return _change(request)

    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        _require_own(request, user_id)
        return _remove(request)


class _DiscoverPages(CursorPages):
    def get_ordering(self, request: Request, queryset: QuerySet[Profile], view: object) -> tuple[str, ...]:
        return SORTS[request.query_params.get("sort") or "newest"]


class DiscoverView(APIView):
    """GET discover: creators, with `q, topic, min_price, max_price` (hundredths) and `sort`."""

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

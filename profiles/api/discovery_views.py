"""The API's doors to discovery and saved searches: parse, one call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.problems import NotFound
from users.requests import find_user_of, user_of

from .. import discovery, selectors
from ..filters import DiscoverFilter
from ..services import searches
from . import discovery_serializers as serializers
from .documents import card_documents
from .serializers import ProfileOut


class DiscoverView(APIView):
    """Creators to write to."""

    permission_classes = [AllowAny]
    refusals = {"get": (404, 422)}  # 404: a cursor of no page

    @extend_schema(parameters=[serializers.DiscoverQuery, *CURSOR], responses=page_of(ProfileOut))
    def get(self, request: Request) -> Response:
        """Creators whom the caller may see; prices in hundredths of a credit. A cursor belongs to its order."""
        wanted, sort = _read(request)
        after = request.query_params.get("cursor", "")
        if after and not discovery.is_place(after=after, sort=discovery.sort_of(wanted=wanted, sort=sort)):
            raise NotFound()
        size = CursorPages().get_page_size(request)
        page = discovery.get_card_page(
            user=find_user_of(request), wanted=wanted, sort=sort, after=after, size=size or 30
        )
        following = replace_query_param(request.build_absolute_uri(), "cursor", page.after) if page.after else None
        return Response({"results": card_documents(cards=page.rows), "next": following})


def _read(request: Request) -> tuple[DiscoverFilter, str]:
    query = serializers.DiscoverQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    given: dict[str, Any] = dict(query.validated_data)
    sort: str = given.pop("sort")
    languages = tuple(given.pop("language"))
    return DiscoverFilter(**given, languages=languages), sort


class SearchesView(APIView):
    """The caller's saved searches."""

    refusals = {"post": (409,)}

    @extend_schema(responses=serializers.SavedSearchOut(many=True))
    def get(self, request: Request) -> Response:
        """All of them, by name; there are 20 at most."""
        rows = selectors.list_searches(user=user_of(request))
        return Response([serializers.SavedSearchOut(row).data for row in rows])

    @extend_schema(request=serializers.SavedSearchIn, responses={201: serializers.SavedSearchOut})
    def post(self, request: Request) -> Response:
        """Keep a filter under a name; 409 `conflict` for a name that is taken, `too_many_searches`."""
        body = serializers.SavedSearchIn(data=request.data)
        body.is_valid(raise_exception=True)
        search = searches.save_search(user=user_of(request), **body.validated_data)
        return Response(serializers.SavedSearchOut(search).data, 201)


class SearchView(APIView):
    """One of the caller's saved searches."""

    refusals = {"get": (404,), "put": (404, 409), "delete": (404,)}

    @extend_schema(responses=serializers.SavedSearchOut)
    def get(self, request: Request, search_id: uuid.UUID) -> Response:
        """The search; 404 for anyone else's."""
        search = selectors.get_search(user=user_of(request), uid=search_id)
        return Response(serializers.SavedSearchOut(search).data)

    @extend_schema(request=serializers.SearchNameIn, responses=serializers.SavedSearchOut)
    def put(self, request: Request, search_id: uuid.UUID) -> Response:
        """Give it another name; 409 `conflict` for one that is taken."""
        body = serializers.SearchNameIn(data=request.data)
        body.is_valid(raise_exception=True)
        search = searches.rename_search(user=user_of(request), uid=search_id, **body.validated_data)
        return Response(serializers.SavedSearchOut(search).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, search_id: uuid.UUID) -> Response:
        """Forget it."""
        searches.delete_search(user=user_of(request), uid=search_id)
        return Response(status=204)

"""The API's doors to nearby and to the list of cities."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound
from users.requests import find_user_of

from .. import nearby
from ..constants import PLACES_PER_MINUTE
from ..filters import DiscoverFilter
from ..place_selectors import list_places
from .documents import neighbour_documents
from .nearby_serializers import NearbyQuery, NeighbourOut, PlacesQuery
from .place_serializers import PlaceOut


class NearbyView(APIView):
    """Creators around a point."""

    permission_classes = [AllowAny]
    refusals = {"get": (404, 422)}  # 404: a cursor of no page

    @extend_schema(parameters=[NearbyQuery, *CURSOR], responses=page_of(NeighbourOut))
    def get(self, request: Request) -> Response:
        """Creators whom the caller may see, by their cell and then by activity: a distance bucket, never a distance.

        Around `lat` and `lon`, or `place`, or where the caller's own profile is; 422 `location_missing` without any.
        """
        query = NearbyQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(query.validated_data)
        user, after = find_user_of(request), request.query_params.get("cursor", "")
        origin = nearby.get_origin(
            user=user, lat=given.pop("lat", None), lon=given.pop("lon", None), place_id=given.pop("place", None)
        )
        if after and not nearby.is_place(after=after):
            raise NotFound()
        radius_km, languages = given.pop("radius_km"), tuple(given.pop("language"))
        page = nearby.get_nearby_cards(
            user=user,
            origin=origin,
            radius_km=radius_km,
            wanted=DiscoverFilter(**given, languages=languages),
            after=after,
            size=CursorPages().get_page_size(request) or 30,
        )
        following = replace_query_param(request.build_absolute_uri(), "cursor", page.after) if page.after else None
        return Response({"results": neighbour_documents(rows=page.rows), "next": following})


@per_minute("places", PLACES_PER_MINUTE)
class PlacesView(APIView):
    """The list of cities."""

    permission_classes = [AllowAny]
    refusals = {"get": (422,)}

    @extend_schema(parameters=[PlacesQuery], responses=PlaceOut(many=True))
    def get(self, request: Request) -> Response:
        """Eight cities at most of which a name begins like this, the larger ones first (GeoNames, CC BY 4.0)."""
        query = PlacesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response([PlaceOut(place).data for place in list_places(q=query.validated_data["q"])])

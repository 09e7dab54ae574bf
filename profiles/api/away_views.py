"""The API's door to being away."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.per_minute import per_minute
from users.requests import user_of

from .. import selectors
from ..constants import AWAY_NOTE_MAX, PROFILE_PER_MINUTE
from ..models import Profile
from ..services import away


class AwayOut(serializers.Serializer[Profile]):
    """Until when a creator is away, and what they say about it."""

    until = serializers.DateTimeField(source="away_until", allow_null=True, help_text="null while not away")
    note = serializers.CharField(source="away_note", allow_blank=True)


class AwayIn(serializers.Serializer[None]):
    until = serializers.DateTimeField(help_text="60 days ahead at most")
    note = serializers.CharField(max_length=AWAY_NOTE_MAX, required=False, allow_blank=True, default="")


@per_minute("profile", PROFILE_PER_MINUTE)
class AwayView(APIView):
    """profiles/away: while away, writing is free and no answer is promised."""

    refusals = {"get": (404,), "put": (404,), "delete": (404,)}  # while there is no profile

    @extend_schema(summary="See whether one is away", responses=AwayOut)
    def get(self, request: Request) -> Response:
        """200."""
        return Response(AwayOut(_shown(selectors.get_own_profile(user=user_of(request)))).data)

    @extend_schema(summary="Be away until a time", request=AwayIn, responses=AwayOut)
    def put(self, request: Request) -> Response:
        """It holds at once; credits that are held already keep their deadline. Creators only."""
        body = AwayIn(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(AwayOut(away.set_away(user=user_of(request), **body.validated_data)).data)

    @extend_schema(summary="Be back", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """204, also for who was not away."""
        away.come_back(user=user_of(request))
        return Response(status=204)


def _shown(profile: Profile) -> Profile:
    """A time that is over says nothing any more."""
    if not profile.is_away:
        profile.away_until, profile.away_note = None, ""
    return profile

"""The API's door to what others may know of one."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import etags
from pairly.common.per_minute import per_minute
from users.requests import user_of

from .. import selectors
from ..constants import PROFILE_PER_MINUTE
from ..models import Profile
from ..services.visibility import change_visibility


class VisibilityOut(serializers.Serializer[Profile]):
    """What others may know of one."""

    is_listed = serializers.BooleanField(help_text="whether discovery and nearby show a creator")
    shows_online = serializers.BooleanField(help_text="whether others see that one is online")
    shows_last_seen = serializers.BooleanField(
        help_text="whether others who share theirs see when one was last seen; takes `shows_online` too"
    )
    shows_typing = serializers.BooleanField(help_text="whether the other one sees one type")
    shows_read = serializers.BooleanField(help_text="whether one and others learn of each other what was read")
    leaves_visits = serializers.BooleanField(help_text="whether people learn that one looked at their profile")


class VisibilityIn(serializers.Serializer[None]):
    is_listed = serializers.BooleanField(required=False)
    shows_online = serializers.BooleanField(required=False)
    shows_last_seen = serializers.BooleanField(required=False)
    shows_typing = serializers.BooleanField(required=False)
    shows_read = serializers.BooleanField(required=False)
    leaves_visits = serializers.BooleanField(required=False)


@per_minute("profile", PROFILE_PER_MINUTE)
class VisibilityView(APIView):
    """profiles/visibility: what others may know of one."""

    refusals = {"get": (404,), "put": (404,)}  # while there is no profile

    @etags.conditional
    @extend_schema(summary="See what others may know of one", responses=VisibilityOut)
    def get(self, request: Request) -> Response:
        """200."""
        return _shown(selectors.get_own_profile(user=user_of(request)))

    @etags.guarded()
    @extend_schema(summary="Choose what others may know of one", request=VisibilityIn, responses=VisibilityOut)
    def put(self, request: Request) -> Response:
        """Turn the switches that are sent; it holds at once. 412 `version_conflict`."""
        body = VisibilityIn(data=request.data)
        body.is_valid(raise_exception=True)
        versions = etags.versions_of(request=request)
        return _shown(change_visibility(user=user_of(request), versions=versions, **body.validated_data))


def _shown(profile: Profile) -> Response:
    document = VisibilityOut(profile).data
    tag = etags.tag_of(document, version=selectors.version_of(profile=profile))
    return Response(document, headers={"ETag": tag})

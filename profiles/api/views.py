from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import etags
from pairly.common.per_minute import per_minute
from pairly.common.problems import Forbidden
from users.requests import user_of

from .. import presence_selectors, selectors, services
from ..constants import PROFILE_PER_MINUTE
from ..models import Profile
from ..services import visits
from .documents import profile_document
from .serializers import OwnProfileOut, ProfileIn, ProfileOut


def _own(profile: Profile, status: int = 200) -> Response:
    presence_selectors.attach(user=profile.user, profiles=[profile])
    document = OwnProfileOut(profile).data
    return Response(document, status, headers={"ETag": _tag(profile, document)})


def _tag(profile: Profile, document: Any) -> str:
    """`If-Match` asks for what the owner can change; `If-None-Match` also for what changes by itself."""
    return etags.tag_of(document, version=selectors.version_of(profile=profile))


def _change(request: Request) -> Response:
    body = ProfileIn(data=request.data)
    body.is_valid(raise_exception=True)
    versions = etags.versions_of(request=request)
    return _own(services.update_profile(user=user_of(request), versions=versions, **body.validated_data))


def _remove(request: Request) -> Response:
    services.delete_profile(user=user_of(request))
    return Response(status=204)


def _require_own(request: Request, user_id: uuid.UUID) -> None:
    """Raises NotFound for a profile the caller may not see, Forbidden for one that is not theirs."""
    if selectors.get_profile(user=user_of(request), uid=user_id).user_id != user_of(request).pk:
        raise Forbidden()


@per_minute("profile", PROFILE_PER_MINUTE)
class OwnProfileView(APIView):
    """The caller's own profile."""

    refusals = {"get": (404,), "post": (409,), "put": (404,), "delete": (404,)}

    @etags.conditional
    @extend_schema(responses=OwnProfileOut)
    def get(self, request: Request) -> Response:
        """One's own profile, also while it is hidden from others."""
        return _own(selectors.get_own_profile(user=user_of(request)))

    @etags.tagged
    @extend_schema(request=ProfileIn, responses={201: OwnProfileOut})
    def post(self, request: Request) -> Response:
        """Make one's profile; 409 `conflict` where there is one."""
        body = ProfileIn(data=request.data)
        body.is_valid(raise_exception=True)
        return _own(services.create_profile(user=user_of(request), **body.validated_data), 201)

    @etags.guarded()
    @extend_schema(request=ProfileIn, responses=OwnProfileOut)
    def put(self, request: Request) -> Response:
        """Change the members that are sent; 412 `version_conflict`."""
        return _change(request)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Remove one's profile; the account stays."""
        return _remove(request)


@per_minute("profile", PROFILE_PER_MINUTE)
class ProfileView(APIView):
    """A profile under its address."""

    @etags.conditional
    @extend_schema(responses=PolymorphicProxySerializer("AnyProfile", [OwnProfileOut, ProfileOut], None))
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """Anyone's who may be seen, oneself with more."""
        profile = selectors.get_profile(user=user_of(request), uid=user_id)
        if profile.user_id == user_of(request).pk:
            return _own(profile)
        visits.note_look(user=user_of(request), profile=profile)
        presence_selectors.attach(user=user_of(request), profiles=[profile])
        document = profile_document(profile=profile)
        return Response(document, headers={"ETag": _tag(profile, document)})

    @etags.guarded()
    @extend_schema(request=ProfileIn, responses=OwnProfileOut)
    def put(self, request: Request, user_id: uuid.UUID) -> Response:
        """Change one's own; 403 for anyone else's."""
        _require_own(request, user_id)
        return _change(request)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """Remove one's own; 403 for anyone else's."""
        _require_own(request, user_id)
        return _remove(request)

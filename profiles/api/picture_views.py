from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.per_minute import per_minute
from users.models import User
from users.requests import user_of

from .. import picture_selectors, services
from ..constants import PICTURE_CHANGES_PER_MINUTE, PICTURE_MAX_BYTES, UPLOADS_PER_MINUTE
from ..models import Picture
from .picture_serializers import GalleryUploadIn, OrderIn, PictureIn, PictureOut, UploadIn, picture_document


def _shown(pictures: Sequence[Picture], viewer: User) -> Response:
    return Response([PictureOut(picture_document(picture=one, viewer=viewer)).data for one in pictures])


def _one(picture: Picture, viewer: User, status: int = 200) -> Response:
    return Response(PictureOut(picture_document(picture=picture, viewer=viewer)).data, status)


def _upload(request: Request, kind: Picture.Kind, fields: dict[str, Any]) -> Response:
    file: UploadedFile[bytes] = fields.pop("file")
    # One byte more than is taken: that tells the service all it needs to know.
    data = file.read(PICTURE_MAX_BYTES + 1)
    user = user_of(request)
    picture = services.add_picture(user=user, kind=kind, data=data, uid=fields.pop("upload_id", None), **fields)
    return _one(picture_selectors.get_own_picture(user=user, uid=picture.uid), user, 201)


@per_minute("picture-upload", UPLOADS_PER_MINUTE)
class PortraitUploadView(APIView):
    """The caller's portrait."""

    parser_classes = [MultiPartParser]
    refusals = {"post": (404, 409)}

    @extend_schema(request={"multipart/form-data": UploadIn}, responses={201: PictureOut})
    def post(self, request: Request) -> Response:
        """Give oneself a portrait, in the place of the one there was."""
        body = UploadIn(data=request.data)
        body.is_valid(raise_exception=True)
        return _upload(request, Picture.Kind.PORTRAIT, dict(body.validated_data))


@per_minute("picture-upload", UPLOADS_PER_MINUTE)
class GalleryUploadView(APIView):
    """Pictures for the caller's gallery."""

    parser_classes = [MultiPartParser]
    refusals = {"post": (404, 409)}

    @extend_schema(request={"multipart/form-data": GalleryUploadIn}, responses={201: PictureOut})
    def post(self, request: Request) -> Response:
        """Add one to the end; 409 `upload_cancelled` where it was called off on its way."""
        body = GalleryUploadIn(data=request.data)
        body.is_valid(raise_exception=True)
        return _upload(request, Picture.Kind.GALLERY, dict(body.validated_data))


@per_minute("picture-change", PICTURE_CHANGES_PER_MINUTE)
class UploadView(APIView):
    """An upload by the name that the client gave it."""

    refusals = {"delete": (404, 409)}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Call off an upload, whether it is still on its way or has arrived: nothing of it stays. 409 `upload_finished`
        for a portrait that has taken the old one's place.
        """
        services.cancel_upload(user=user_of(request), uid=uid)
        return Response(status=204)


@per_minute("picture-change", PICTURE_CHANGES_PER_MINUTE)
class PortraitView(APIView):
    """The caller's portrait."""

    refusals = {"delete": (404,)}

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Remove it."""
        services.remove_portrait(user=user_of(request))
        return Response(status=204)


@per_minute("picture-change", PICTURE_CHANGES_PER_MINUTE)
class GalleryView(APIView):
    """The caller's gallery."""

    refusals = {"get": (404,), "put": (404, 409)}

    @extend_schema(responses=PictureOut(many=True))
    def get(self, request: Request) -> Response:
        """All of it, in its order."""
        user = user_of(request)
        pictures = picture_selectors.list_pictures(user=user, uid=user.uid)
        return _shown([one for one in pictures if one.kind == Picture.Kind.GALLERY], user)

    @extend_schema(request=OrderIn, responses=PictureOut(many=True))
    def put(self, request: Request) -> Response:
        """Put it into another order; 409 `gallery_changed` where these are not its pictures."""
        body = OrderIn(data=request.data)
        body.is_valid(raise_exception=True)
        user = user_of(request)
        services.order_gallery(user=user, uids=body.validated_data["uids"])
        return self.get(request)


@per_minute("picture-change", PICTURE_CHANGES_PER_MINUTE)
class GalleryPlaceView(APIView):
    """A picture by its place in the caller's gallery."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, index: int) -> Response:
        """Remove the picture at `index`, from 0; those behind it move up."""
        services.remove_from_gallery(user=user_of(request), index=index)
        return Response(status=204)


@per_minute("picture-change", PICTURE_CHANGES_PER_MINUTE)
class PictureView(APIView):
    """A picture of the caller's own."""

    @extend_schema(request=PictureIn, responses=PictureOut)
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """Change what is sent. With another audience its addresses change too."""
        body = PictureIn(data=request.data)
        body.is_valid(raise_exception=True)
        user = user_of(request)
        services.change_picture(user=user, uid=uid, **body.validated_data)
        return _one(picture_selectors.get_own_picture(user=user, uid=uid), user)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Remove it."""
        services.remove_picture(user=user_of(request), uid=uid)
        return Response(status=204)


class ProfilePicturesView(APIView):
    """Someone's pictures."""

    @extend_schema(responses=PictureOut(many=True))
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """Those that the caller may see: the portrait and the gallery, for connections all of it."""
        user = user_of(request)
        return _shown(picture_selectors.list_pictures(user=user, uid=user_id), user)

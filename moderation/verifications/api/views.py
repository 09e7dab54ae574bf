"""The API's doors to verifications: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from security.client_ip import client_of
from users.requests import sign_in_of, user_of

from ...errors import NotYourCase
from ...services import work
from ...staff import StaffPermission
from .. import selectors
from ..constants import FILE_MAX_BYTES, KIND, PERMISSION, VERIFICATIONS_PER_MINUTE
from ..services import files, requests
from .serializers import VerificationCaseOut, VerificationIn, VerificationOut


@per_minute("verifications", VERIFICATIONS_PER_MINUTE)
class VerificationsView(APIView):
    """One's own verifications."""

    parser_classes = [MultiPartParser]
    refusals = {"get": (404,), "post": (409,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(VerificationOut))
    def get(self, request: Request) -> Response:
        """All of them, newest first."""
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_own(user=user_of(request)), request, view=self) or []
        return pages.get_paginated_response([VerificationOut(row).data for row in page])

    @extend_schema(request={"multipart/form-data": VerificationIn}, responses={201: VerificationOut})
    def post(self, request: Request) -> Response:
        """Send a document and a selfie in; 409 `verification_open`, 422 for pictures that cannot be used, 429
        `too_many_verifications`."""
        body = VerificationIn(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        document: UploadedFile[bytes] = data["document"]
        selfie: UploadedFile[bytes] = data["selfie"]
        made = requests.submit(
            user=user_of(request),
            document=document.read(FILE_MAX_BYTES + 1),
            selfie=selfie.read(FILE_MAX_BYTES + 1),
            document_type=data["document_type"],
            document_country=data["document_country"],
            purpose=data["reason"],
            has_consented=data["consent"],
            ip=client_of(request=request._request).ip,
        )
        return Response(VerificationOut(made).data, 201)


@per_minute("verifications", VERIFICATIONS_PER_MINUTE)
class VerificationView(APIView):
    """One of one's own verifications."""

    refusals = {"get": (404,), "delete": (404,)}

    @extend_schema(responses=VerificationOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Its state, and why it was not approved."""
        return Response(VerificationOut(selectors.get_own(user=user_of(request), uid=uid)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Withdraw it while it is open; after that, destroy its pictures before their time."""
        requests.destroy_now(user=user_of(request), uid=uid)
        return Response(status=204)


class TakeNextView(APIView):
    """The next request for a reviewer."""

    permission_classes = (StaffPermission,)
    staff_permission = PERMISSION
    refusals = {"post": (404,)}

    @extend_schema(request=None, responses={200: VerificationCaseOut, 204: None})
    def post(self, request: Request) -> Response:
        """Work on the most urgent one, for ten minutes; 204 where none waits."""
        item = work.take_next(kind=KIND, user=user_of(request))
        return Response(status=204) if item is None else Response(VerificationCaseOut(item).data)


class FileView(APIView):
    """A picture of a request."""

    permission_classes = (StaffPermission,)
    staff_permission = PERMISSION
    outsiders = NotYourCase
    refusals = {"get": (404, 410)}

    @extend_schema(responses={(200, "image/webp"): OpenApiResponse(OpenApiTypes.BINARY)})
    def get(self, request: Request, uid: uuid.UUID, kind: str) -> HttpResponse:
        """For who works on its case, with their name on it; 403 `not_your_case` for everybody else, 410 `file_gone`.
        The look is recorded and shown to whom the picture is of."""
        data = files.look(
            staff=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
            uid=uid,
            kind=kind,
        )
        answer = HttpResponse(data, content_type="image/webp")
        answer["Cache-Control"] = "no-store, private"
        return answer

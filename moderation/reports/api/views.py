"""The API's doors to reports: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.idempotency import may_be_keyed
from pairly.common.json_bodies import JSONParser
from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from profiles.constants import PICTURE_MAX_BYTES
from security.client_ip import client_of
from users.requests import sign_in_of, user_of

from ...models import ReportCase
from ...services import trail
from ...staff import StaffPermission
from .. import selectors
from ..answers import answer_with
from ..constants import KIND, PERMISSION, PICTURES_MAX, REPORTS_PER_MINUTE
from ..services import attachments, submitting
from .serializers import CaseDetailOut, CaseOut, ReportIn, ReportOut, ReportUploadIn


class CasesQuery(serializers.Serializer[None]):
    state = serializers.ChoiceField(choices=ReportCase.State.choices, required=False, default="")


@per_minute("reports", REPORTS_PER_MINUTE)
class ReportsView(APIView):
    """Report somebody or something."""

    parser_classes = [JSONParser, MultiPartParser]
    refusals = {"post": (404,)}

    @extend_schema(
        request={"application/json": ReportIn, "multipart/form-data": ReportUploadIn}, responses={201: ReportOut}
    )
    @may_be_keyed
    def post(self, request: Request, *, idempotency_key: uuid.UUID | None) -> Response:
        """Each message is checked at once: `verified` where it was sent like this, else with what does not hold. 404
        for whom one may not know of, 429 `too_many_reports`. What others reported of the same is one case.

        With pictures as evidence it is multipart: up to 5, JPEG, PNG or WebP of 10 MB at most; 422 for one that cannot
        be used, and then nothing is kept. `n_pictures` says how many one's report has."""
        is_upload = isinstance(request.data, QueryDict)  # a form's fields
        body: ReportIn = (ReportUploadIn if is_upload else ReportIn)(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        made = submitting.submit(
            reporter=user_of(request),
            kind=data["kind"],
            target=data["item_id"] if data["kind"] == ReportCase.Target.ITEM else data["user_id"],
            category=data["category"],
            details=data["details"],
            messages=data["messages"],
            # One byte more than is taken, and one picture: that tells the service all it needs to know.
            pictures=[file.read(PICTURE_MAX_BYTES + 1) for file in data.get("pictures", [])[: PICTURES_MAX + 1]],
            request_id=idempotency_key,
        )
        return Response(ReportOut(selectors.get_own(user=user_of(request), uid=made.uid)).data, 201)


@per_minute("reports", REPORTS_PER_MINUTE)
class OwnReportsView(APIView):
    """What one reported."""

    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(ReportOut))
    def get(self, request: Request) -> Response:
        """All of it with how it ended, newest first."""
        pages = CursorPages()
        rows = selectors.list_own(user=user_of(request)).prefetch_related("messages", "files")
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([ReportOut(row).data for row in page])


class CasesView(APIView):
    """Cases of reports, for staff."""

    permission_classes = (StaffPermission,)
    staff_permission = PERMISSION
    refusals = {"get": (404, 422)}

    @extend_schema(
        parameters=[OpenApiParameter("state", enum=ReportCase.State.values), *CURSOR], responses=page_of(CaseOut)
    )
    def get(self, request: Request) -> Response:
        """The newest first, without what was opened; never one about oneself."""
        query = CasesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        pages = CursorPages()
        rows = selectors.list_cases(staff=user_of(request), state=query.validated_data["state"])
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([CaseOut(row).data for row in page])


class CaseView(APIView):
    """One case of reports, for staff."""

    permission_classes = (StaffPermission,)
    staff_permission = PERMISSION

    @extend_schema(responses=CaseDetailOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """With what was opened, and what of it is verified. The look is recorded, and shown to whom it is about."""
        case = selectors.get_case(staff=user_of(request), uid=uid)
        trail.note_view(
            staff=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
            action="staff.case_viewed",
            subject_uid=case.subject.uid,
            details={"kind": KIND, "case": str(case.uid)},
        )
        shown = selectors.show_case(case=case)
        return Response(CaseDetailOut(case, context={"shown": shown}).data)


class ReportedAttachmentView(APIView):
    """A file of a reported message."""

    permission_classes = (StaffPermission,)
    staff_permission = PERMISSION
    refusals = {"get": (404, 409, 410)}

    @extend_schema(
        responses={
            (200, "image/webp"): OpenApiResponse(OpenApiTypes.BINARY),
            (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY),
        }
    )
    def get(self, request: Request, uid: uuid.UUID) -> HttpResponse:
        """For who works on its case; 403 `not_your_case` for everybody else. A picture bears the viewer's name,
        anything else is to be saved. 409 `attachment_not_verified` where it is not what was sent, 410 `file_gone`. The
        look is recorded and shown to who sent it."""
        opened = attachments.look(
            staff=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
            uid=uid,
        )
        return answer_with(opened)

"""The API's doors of staff: parse, read, record that somebody read, render."""

from __future__ import annotations

from typing import Any

from django.utils.http import urlencode
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import page_of
from pairly.common.problems import InvalidInput
from security import log_selectors
from security.client_ip import client_of
from users.requests import sign_in_of, user_of

from ..constants import LOG_PAGE
from ..log_forms import SignInLogForm
from ..services import trail
from ..staff import StaffPermission
from . import serializers


class LoginHistoryView(APIView):
    """Everybody's tries to sign in."""

    permission_classes = (StaffPermission,)
    staff_permission = "users.staff_view_sign_ins"
    refusals = {"get": (404, 422)}

    @extend_schema(
        parameters=[
            OpenApiParameter("user", str, description="an e-mail address or a public id"),
            OpenApiParameter("network", str, description="an address or a network, `192.0.2.0/24`"),
            OpenApiParameter("since", OpenApiTypes.DATE, description="the first day, UTC"),
            OpenApiParameter("until", OpenApiTypes.DATE, description="the last day, UTC"),
            OpenApiParameter("outcome", str, enum=list(map(str, log_selectors.OUTCOMES))),
            OpenApiParameter("door", str, enum=list(map(str, log_selectors.DOORS))),
            OpenApiParameter("before", int, description="as `next` has it"),
        ],
        responses=page_of(serializers.LogRowOut, figures=serializers.FiguresOut()),
    )
    def get(self, request: Request) -> Response:
        """The newest first, with figures over all that fit; 422 for filters that cannot be read, 404 for who does not
        work here."""
        form = SignInLogForm(request.query_params)
        if not form.is_valid():
            raise InvalidInput(errors=_rows(form))
        wanted = form.get_wanted()
        rows = log_selectors.list_log(wanted=wanted, before_id=form.cleaned_data["before"], limit=LOG_PAGE + 1)
        figures = log_selectors.get_figures(wanted=wanted)
        trail.note_view(
            staff=user_of(request),
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
            action="staff.sign_ins_viewed",
            subject_uid=wanted.user_uid,
            reason=gettext("Sign-in log"),
            details={"door": "api"},
        )
        following = None
        if len(rows) > LOG_PAGE:
            query = {**request.query_params.dict(), "before": str(rows[LOG_PAGE - 1].id)}
            following = request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
        results = [serializers.LogRowOut(row).data for row in rows[:LOG_PAGE]]
        return Response({"results": results, "next": following, "figures": serializers.FiguresOut(figures).data})


def _rows(form: SignInLogForm) -> list[dict[str, Any]]:
    """The form's errors as rows of a problem document."""
    return [
        {"pointer": f"/{field}", "code": error.code or "invalid", "detail": " ".join(error.messages)}
        for field, errors in form.errors.as_data().items()
        for error in errors
    ]

"""The API's doors of staff: parse, read, record that somebody read, render."""

from __future__ import annotations

from typing import Any

from django.utils.http import urlencode
from django.utils.translation import gettext
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

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
    """GET admin/login-history: everybody's tries to sign in, with the filters of the staff page (`user`, `network`,
    `since`, `until`, `outcome`, `door`, `before`) and figures over those that fit; 422 for what cannot be read."""

    permission_classes = (StaffPermission,)
    staff_permission = "users.staff_view_sign_ins"

    def get(self, request: Request) -> Response:
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

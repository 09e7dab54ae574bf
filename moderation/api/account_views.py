"""The API's doors to accounts for staff: parse, read, record that somebody read, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.problems import InvalidInput
from security.client_ip import client_of
from users.models import User
from users.requests import sign_in_of, user_of

from .. import account_selectors, people_panel
from ..account_forms import AccountsForm
from ..account_selectors import STAFF, STATES
from ..sanctions import selectors as sanctions
from ..sanctions.api.views import RestrictionOut
from ..services import accounts
from ..staff import StaffPermission


class UserAccountOut(serializers.ModelSerializer[User]):
    """An account. `state`: active, suspended, resting, leaving (to be deleted), deleted, or inactive for another
    reason."""

    id = serializers.UUIDField(source="uid")
    state = serializers.ChoiceField(choices=list(STATES))

    class Meta:
        model = User
        fields = ["id", "name", "role", "is_staff", "state", "verification_level", "created_at"]


class PanelOut(serializers.Serializer[people_panel.Panel]):
    """An account in figures; tries to sign in are those of 30 days. `n_strikes`: decisions that nobody lifted."""

    n_strikes = serializers.IntegerField()
    n_reports = serializers.IntegerField(help_text="that they made")
    n_reports_upheld = serializers.IntegerField()
    n_reported = serializers.IntegerField(help_text="cases about them")
    n_reported_upheld = serializers.IntegerField()
    n_payments = serializers.IntegerField(source="payments.n_paid")
    n_refunds = serializers.IntegerField(source="payments.n_refunds")
    n_disputes = serializers.IntegerField(source="payments.n_disputes")
    n_devices = serializers.IntegerField()
    n_sessions = serializers.IntegerField()
    n_signed_in = serializers.IntegerField()
    n_failed = serializers.IntegerField()


class UserDetailOut(UserAccountOut):
    """An account with its address, its figures, and what was decided about it, the newest first."""

    figures = PanelOut()
    restrictions = RestrictionOut(source="restrictions_shown", many=True)

    class Meta(UserAccountOut.Meta):
        fields = [*UserAccountOut.Meta.fields, "email", "figures", "restrictions"]


class _AccountsView(APIView):
    permission_classes = (StaffPermission,)
    staff_permission = accounts.VIEW

    def who(self, request: Request) -> dict[str, Any]:
        """Who looks, as the record wants it."""
        return {
            "staff": user_of(request),
            "sign_in": sign_in_of(request),
            "client": client_of(request=request._request),
        }


class AccountsView(_AccountsView):
    """All accounts but one's own."""

    refusals = {"get": (404, 422)}  # 404: to who is no staff, and for a cursor of no page

    @extend_schema(
        parameters=[
            *CURSOR,
            OpenApiParameter("q", str, description="a whole e-mail address, a public id, or how words of a name begin"),
            OpenApiParameter("role", str, enum=[*User.Role.values, STAFF]),
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("verified", int, enum=User.VerificationLevel.values, description="level of verification"),
            OpenApiParameter("since", OpenApiTypes.DATE, description="the first day of joining, UTC"),
            OpenApiParameter("until", OpenApiTypes.DATE, description="the last day of joining, UTC"),
        ],
        responses=page_of(UserAccountOut),
    )
    def get(self, request: Request) -> Response:
        """The newest first; the search is recorded. 422 for a filter that cannot be read."""
        form = AccountsForm(request.query_params)
        if not form.is_valid():
            raise InvalidInput(errors=_rows(form))
        rows, pages = account_selectors.list_accounts(staff=user_of(request), wanted=form.get_wanted()), CursorPages()
        page = pages.paginate_queryset(rows, request, view=self) or []
        accounts.note_list(**form.get_asked(), action=accounts.LISTED, **self.who(request))
        return pages.get_paginated_response([UserAccountOut(row).data for row in page])


class AccountView(_AccountsView):
    """One account."""

    @extend_schema(responses=UserDetailOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Its address, figures and decisions; a private view, which its owner sees. 404 for one's own."""
        person = account_selectors.get_account(staff=user_of(request), uid=uid)
        accounts.note_view(person=person, door="api", **self.who(request))
        person.figures = people_panel.find_panel(uid=uid)
        person.restrictions_shown = sanctions.list_of(user=person)
        return Response(UserDetailOut(person).data)


def _rows(form: AccountsForm) -> list[dict[str, Any]]:
    """The form's errors as rows of a problem document."""
    return [
        {"pointer": f"/{field}", "code": error.code or "invalid", "detail": " ".join(error.messages)}
        for field, errors in form.errors.as_data().items()
        for error in errors
    ]

"""The API's doors to invitations of staff: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import page_of
from security.client_ip import client_of
from users import staff_selectors
from users.constants import INVITATIONS_PAGE
from users.requests import sign_in_of, user_of
from users.roles import ROLES
from users.services import invitations
from users.types import InvitationRow

from ..staff import StaffPermission


class InviteIn(serializers.Serializer[None]):
    email = serializers.EmailField(max_length=254)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=list(ROLES)), min_length=1, max_length=10)


class InvitationsQuery(serializers.Serializer[None]):
    before = serializers.UUIDField(required=False, default=None)


class InvitationOut(serializers.Serializer[InvitationRow]):
    """An invitation; its code is in the mail alone. `state`: open, accepted, revoked or expired."""

    id = serializers.UUIDField(source="uid")
    email = serializers.EmailField()
    roles = serializers.ListField(child=serializers.CharField())
    invited_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    state = serializers.CharField()


class _AdminView(APIView):
    permission_classes = (StaffPermission,)
    staff_permission = "users.staff_invite"

    def given(self, request: Request) -> dict[str, Any]:
        """Who asks, as the services want it."""
        return {
            "by": user_of(request),
            "sign_in": sign_in_of(request),
            "client": client_of(request=request._request),
        }


class InvitationsView(_AdminView):
    """Invitations to work here."""

    refusals = {"get": (404, 422), "post": (404, 409)}

    @extend_schema(parameters=[InvitationsQuery], responses=page_of(InvitationOut))
    def get(self, request: Request) -> Response:
        """The newest first; `before` continues the list."""
        query = InvitationsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        before = query.validated_data["before"]
        rows = staff_selectors.list_invitations(user=user_of(request), limit=INVITATIONS_PAGE + 1, before=before)
        following = None
        if len(rows) > INVITATIONS_PAGE:
            following = request.build_absolute_uri(f"{request.path}?before={rows[INVITATIONS_PAGE - 1].uid}")
        results = [InvitationOut(row).data for row in rows[:INVITATIONS_PAGE]]
        return Response({"results": results, "next": following})

    @extend_schema(request=InviteIn, responses={201: InvitationOut})
    def post(self, request: Request) -> Response:
        """Invite somebody by mail; 403 `step_up_required`, 409 `invitation_open` or `already_staff`."""
        body = InviteIn(data=request.data)
        body.is_valid(raise_exception=True)
        made = invitations.invite(**self.given(request), **body.validated_data)
        row = staff_selectors.get_invitation_row(user=user_of(request), uid=made.uid)
        return Response(InvitationOut(row).data, 201)


class InvitationView(_AdminView):
    """One invitation."""

    @extend_schema(responses=InvitationOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """What became of it."""
        return Response(InvitationOut(staff_selectors.get_invitation_row(user=user_of(request), uid=uid)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Revoke it; 404 unless it is open, 403 `step_up_required`."""
        invitations.revoke(**self.given(request), uid=uid)
        return Response(status=204)

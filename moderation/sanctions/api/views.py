"""The API's doors to sanctions: parse, one service call, render."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from security.client_ip import client_of
from users.requests import sign_in_of, user_of
from users.services import step_up

from ...models import Appeal, Sanction
from ...staff import StaffPermission
from .. import selectors
from ..constants import DURATION_MAX, FACTS_MAX, REASON_MAX, RESTRICTIONS_PER_MINUTE, RULES, SCOPES, SUSPEND
from ..services import imposing, reading

_HOURS_MAX = int(DURATION_MAX / timedelta(hours=1))


class SuspendIn(serializers.Serializer[None]):
    """The person reads `rule`, `facts` and `scope`. `duration_hours` null is for good; `automated`: a rule said so."""

    rule = serializers.ChoiceField(choices=list(RULES))
    facts = serializers.CharField(max_length=FACTS_MAX)
    scope = serializers.ChoiceField(choices=list(SCOPES))
    duration_hours = serializers.IntegerField(min_value=1, max_value=_HOURS_MAX, allow_null=True)
    automated = serializers.BooleanField()


class UnsuspendIn(serializers.Serializer[None]):
    """The person reads `reason`; clients of before give none."""

    reason = serializers.CharField(max_length=REASON_MAX, required=False, default="")


class AppealSummaryOut(serializers.ModelSerializer[Appeal]):
    """How an appeal stands."""

    id = serializers.UUIDField(source="uid")

    class Meta:
        model = Appeal
        fields = ["id", "state", "created_at", "decided_at"]


class RestrictionOut(serializers.ModelSerializer[Sanction]):
    """What was done, with its reasons. `state`: in_force, over or lifted; it may be appealed until `appeal_until`."""

    id = serializers.UUIDField(source="uid")
    rule_text = serializers.SerializerMethodField()
    scope_text = serializers.SerializerMethodField()
    automated = serializers.BooleanField(source="is_automated")
    state = serializers.SerializerMethodField()
    appeal = serializers.SerializerMethodField()

    class Meta:
        model = Sanction
        fields = [
            "id", "kind", "rule", "rule_text", "facts", "scope", "scope_text", "starts_at", "until", "automated",
            "state", "appeal_until", "appeal", "lifted_at", "lifted_reason", "read_at",
        ]  # fmt: skip

    def get_rule_text(self, sanction: Sanction) -> str:
        return selectors.rule_of(sanction=sanction)

    def get_scope_text(self, sanction: Sanction) -> str:
        return selectors.scope_of(sanction=sanction)

    def get_state(self, sanction: Sanction) -> str:
        return selectors.state_of(sanction=sanction, at=timezone.now())

    @extend_schema_field(AppealSummaryOut(allow_null=True))
    def get_appeal(self, sanction: Sanction) -> object:
        appeal = getattr(sanction, "appeal", None)
        return AppealSummaryOut(appeal).data if appeal else None


@per_minute("restrictions", RESTRICTIONS_PER_MINUTE)
class RestrictionsView(APIView):
    """Decisions about oneself, open to who is suspended."""

    open_to_limited = True
    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(RestrictionOut))
    def get(self, request: Request) -> Response:
        """All of them with their reasons, newest first. Who asks reads them: `read_at` is the first time."""
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_own(user=user_of(request)), request, view=self) or []
        if request.method == "GET":
            reading.note_read(user=user_of(request), sanctions=page)
        return pages.get_paginated_response([RestrictionOut(row).data for row in page])


class _SuspendView(APIView):
    permission_classes = (StaffPermission,)
    staff_permission = SUSPEND


class SuspendView(_SuspendView):
    """Suspend somebody."""

    @extend_schema(request=SuspendIn, responses={201: RestrictionOut})
    def post(self, request: Request, user_id: uuid.UUID) -> Response:
        """At once, everywhere, with a statement of reasons by mail; 403 `step_up_required`, 404 for who is gone."""
        body = SuspendIn(data=request.data)
        body.is_valid(raise_exception=True)
        data, staff = body.validated_data, user_of(request)
        step_up.require(user=staff, sign_in=sign_in_of(request))
        made = imposing.suspend(
            user=selectors.get_suspendable(staff=staff, uid=user_id),
            rule=data["rule"],
            facts=data["facts"],
            scope=data["scope"],
            duration_hours=data["duration_hours"],
            is_automated=data["automated"],
            by=staff,
            client=client_of(request=request._request),
        )
        made.refresh_from_db()
        return Response(RestrictionOut(made).data, 201)


class UnsuspendView(_SuspendView):
    """Let somebody back."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=UnsuspendIn, responses={204: None})
    def post(self, request: Request, user_id: uuid.UUID) -> Response:
        """End every suspension of theirs; 403 `step_up_required`, 409 `not_suspended`."""
        body = UnsuspendIn(data=request.data)
        body.is_valid(raise_exception=True)
        staff = user_of(request)
        step_up.require(user=staff, sign_in=sign_in_of(request))
        user = selectors.get_suspendable(staff=staff, uid=user_id)
        reason = body.validated_data["reason"] or gettext("It was looked at again.")
        imposing.unsuspend(user=user, by=staff, reason=reason, client=client_of(request=request._request))
        return Response(status=204)

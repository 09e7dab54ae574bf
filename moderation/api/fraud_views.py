"""The API's doors to fraud alerts: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from security import alert_selectors
from security.alert_selectors import AccountRow, DecisionRow, DoorFigures, Finding, RuleFigures
from security.client_ip import client_of
from security.models import FraudAlert
from security.services.alerts import OUTCOMES
from users.requests import sign_in_of, user_of

from ..constants import ANALYTICS_DAYS, NOTE_MAX
from ..services import fraud_alerts, trail
from ..staff import StaffPermission


class AlertsQuery(serializers.Serializer[None]):
    state = serializers.ChoiceField(choices=FraudAlert.State.values, required=False, default="")


class ResolveIn(serializers.Serializer[None]):
    """`note` says why; colleagues read it."""

    outcome = serializers.ChoiceField(choices=[str(outcome) for outcome in OUTCOMES])
    note = serializers.CharField(max_length=NOTE_MAX)


class FindingOut(serializers.Serializer[Finding]):
    """A rule that spoke: its code, and the same in words with the numbers of the case."""

    code = serializers.CharField()
    text = serializers.CharField()
    weight = serializers.IntegerField()
    is_veto = serializers.BooleanField()


class AlertEvidenceOut(serializers.Serializer[DecisionRow]):
    """A decision, as it was made: what was known then, and the version of the rules."""

    event = serializers.CharField()
    user_id = serializers.UUIDField(source="user_uid")
    score = serializers.IntegerField()
    action = serializers.CharField()
    rule_version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    reasons = FindingOut(source="findings", many=True)
    features = serializers.DictField()


class AccountOut(serializers.Serializer[AccountRow]):
    """An account of an alert; `links`: device, ip, card, bank."""

    user_id = serializers.UUIDField(source="user_uid")
    links = serializers.ListField(child=serializers.CharField())


class AlertOut(serializers.ModelSerializer[FraudAlert]):
    """Something to look at: reasons in words, the accounts that hang together, the decisions it rests on."""

    id = serializers.UUIDField(source="uid")
    user_id = serializers.UUIDField(source="user_uid")
    reasons = serializers.SerializerMethodField()
    linked_accounts = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()

    class Meta:
        model = FraudAlert
        fields = (
            "id", "user_id", "pattern", "score", "action", "state", "created_at", "changed_at", "resolved_at", "note",
            "reasons", "linked_accounts", "evidence",
        )  # fmt: skip

    @extend_schema_field(FindingOut(many=True))
    def get_reasons(self, alert: FraudAlert) -> Any:
        return [FindingOut(row).data for row in alert_selectors.list_findings(alert=alert)]

    @extend_schema_field(AccountOut(many=True))
    def get_linked_accounts(self, alert: FraudAlert) -> Any:
        return [AccountOut(row).data for row in alert_selectors.list_accounts(alert=alert)]

    @extend_schema_field(AlertEvidenceOut(many=True))
    def get_evidence(self, alert: FraudAlert) -> Any:
        return [AlertEvidenceOut(row).data for row in alert_selectors.list_decisions(alert=alert)]


class DaysQuery(serializers.Serializer[None]):
    days = serializers.ChoiceField(choices=ANALYTICS_DAYS, required=False, default=ANALYTICS_DAYS[1])


class DoorOut(serializers.Serializer[DoorFigures]):
    """The decisions of one door by what was done."""

    event = serializers.CharField()
    n_allow = serializers.IntegerField()
    n_review = serializers.IntegerField()
    n_step_up = serializers.IntegerField()
    n_block = serializers.IntegerField()


class RuleOut(serializers.Serializer[RuleFigures]):
    """`precision` is in per cent of the alerts that staff resolved, null before the first."""

    code = serializers.CharField()
    weight = serializers.IntegerField(allow_null=True)
    pattern = serializers.CharField()
    n_spoken = serializers.IntegerField()
    n_alerts = serializers.IntegerField()
    n_true = serializers.IntegerField()
    n_false = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)


class SecurityFiguresOut(serializers.Serializer[Any]):
    """Counts of the last days, as of `up_to`."""

    n_days = serializers.IntegerField()
    up_to = serializers.DateTimeField()
    rule_version = serializers.IntegerField()
    n_open = serializers.IntegerField()
    n_true = serializers.IntegerField()
    n_false = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)
    doors = DoorOut(many=True)
    rules = RuleOut(many=True)


class _RiskView(APIView):
    permission_classes = (StaffPermission,)
    staff_permission = fraud_alerts.PERMISSION


class FraudAlertsView(_RiskView):
    """What scoring found."""

    refusals = {"get": (404, 422)}  # 404: to who is no staff, and for a cursor of no page

    @extend_schema(
        parameters=[
            *CURSOR, OpenApiParameter("state", enum=FraudAlert.State.values, description="all unless told"),
        ],
        responses=page_of(AlertOut),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The newest first, those that one is part of left out; the look is recorded."""
        query = AlertsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        staff, pages = user_of(request), CursorPages()
        rows = alert_selectors.list_alerts(state=query.validated_data["state"], but_about=staff.uid)
        page = pages.paginate_queryset(rows, request, view=self) or []
        trail.note_view(
            staff=staff,
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
            action="staff.fraud_alerts_viewed",
            details={"door": "api", "n": len(page)},
        )
        return pages.get_paginated_response([AlertOut(alert).data for alert in page])


class ResolveAlertView(_RiskView):
    """Whether it was fraud."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=ResolveIn, responses=AlertOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Resolve an alert once, as true or false. 404 for who is part of it; 409 `case_taken`, `case_not_held`,
        `alert_resolved`."""
        body = ResolveIn(data=request.data)
        body.is_valid(raise_exception=True)
        fraud_alerts.review(uid=uid, staff=user_of(request), **body.validated_data)
        return Response(AlertOut(alert_selectors.get_alert(uid=uid)).data)


class SecurityAnalyticsView(_RiskView):
    """How scoring does."""

    refusals = {"get": (404, 422)}

    @extend_schema(
        parameters=[OpenApiParameter("days", int, enum=list(ANALYTICS_DAYS), description="30 unless told")],
        responses=SecurityFiguresOut,
    )
    def get(self, request: Request) -> Response:
        """Decisions by door, alerts, and each rule's precision, over the last days; counts only."""
        query = DaysQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response(SecurityFiguresOut(alert_selectors.get_figures(n_days=query.validated_data["days"])).data)

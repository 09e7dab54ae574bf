"""The API's door to the platform's figures: parse, read, render."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import figure_selectors
from ..constants import ANALYTICS, ANALYTICS_DAYS
from ..figure_selectors import Analytics
from ..models import DailyFigures
from ..staff import StaffPermission


class PlatformDaysQuery(serializers.Serializer[None]):
    days = serializers.ChoiceField(choices=ANALYTICS_DAYS, required=False, default=ANALYTICS_DAYS[1])


class PlatformDayOut(serializers.ModelSerializer[DailyFigures]):
    """A day in UTC. `kept_centi`: fees less those given back, in hundredths of a credit; `n_cohort`: who joined seven
    days before, `n_cohort_bought`: of them, who bought within seven days. Null is not known: active people are counted
    in the night after alone, and a median needs something."""

    class Meta:
        model = DailyFigures
        fields = [
            "day", "kept_centi", "n_joined", "n_cohort", "n_cohort_bought", "n_active_day", "n_active_week",
            "n_active_month", "n_answers", "median_answer_s", "n_cases_decided", "median_decision_s", "n_reports",
            "n_reports_upheld", "n_reports_dismissed", "n_sanctions", "n_sanctions_automated", "n_appeals",
            "n_appeals_granted", "n_appeals_refused",
        ]  # fmt: skip


class PlatformRevenueOut(serializers.Serializer[Any]):
    """One currency over all the days, in minor units. A refund counts when it is done, a dispute when it begins."""

    currency = serializers.CharField()
    n_purchases = serializers.IntegerField(source="n_purchases_sum")
    purchased_minor = serializers.IntegerField(source="purchased_minor_sum")
    n_refunds = serializers.IntegerField(source="n_refunds_sum")
    refunded_minor = serializers.IntegerField(source="refunded_minor_sum")
    n_disputes = serializers.IntegerField(source="n_disputes_sum")
    disputed_minor = serializers.IntegerField(source="disputed_minor_sum")


class PlatformFiguresOut(serializers.Serializer[Analytics]):
    """Figures of whole days, counted in the night after. `up_to` is null before the first night; `missing` are days
    that were not counted; `conversion` in per cent, null where nobody's seven days ended."""

    n_days = serializers.IntegerField()
    since = serializers.DateField()
    until = serializers.DateField()
    up_to = serializers.DateTimeField(allow_null=True)
    missing = serializers.ListField(child=serializers.DateField())
    conversion = serializers.FloatField(allow_null=True)
    totals = serializers.DictField(child=serializers.IntegerField())
    revenue = PlatformRevenueOut(many=True)
    days = PlatformDayOut(many=True)


class AnalyticsView(APIView):
    """How the platform does."""

    permission_classes = (StaffPermission,)
    staff_permission = ANALYTICS
    refusals = {"get": (404, 422)}

    @extend_schema(
        parameters=[OpenApiParameter("days", int, enum=list(ANALYTICS_DAYS), description="30 unless told")],
        responses=PlatformFiguresOut,
    )
    def get(self, request: Request) -> Response:
        """Revenue, active people, conversion, refunds and disputes, response times, reports, sanctions and appeals of
        the last days; counts only."""
        query = PlatformDaysQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        figures = figure_selectors.get_analytics(n_days=query.validated_data["days"])
        return Response(PlatformFiguresOut(figures).data)

"""GET credits/statement: a month as JSON or CSV, sent while it is read."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from pairly.common.per_minute import per_minute
from users.requests import user_of

from .. import statement_files, statement_selectors
from ..constants import WALLET_PER_MINUTE
from .statement_serializers import MonthStatementOut, StatementQuery


class _CsvRenderer(JSONRenderer):
    """Lets a client ask for the CSV by name; what is rendered are refusals."""

    media_type = "text/csv"
    format = "csv"


@per_minute("wallet", WALLET_PER_MINUTE)
class StatementView(APIView):
    """A month of the wallet."""

    refusals = {"get": (422,)}
    renderer_classes = (JSONRenderer, _CsvRenderer)

    @extend_schema(
        parameters=[StatementQuery],
        responses={(200, "application/json"): MonthStatementOut, (200, _CsvRenderer.media_type): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Balances at both ends of `month` and every movement between them, oldest first; `format` is json or csv."""
        query = StatementQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        month = query.validated_data.get("month") or statement_selectors.this_month()
        statement = statement_selectors.get_statement(user_id=user_of(request).pk, month=month)
        if query.validated_data["format"] == "csv":
            return statement_files.csv_file(statement=statement)
        return statement_files.json_file(statement=statement)

from __future__ import annotations

from dataclasses import asdict

from django.utils.http import urlencode
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from users.requests import user_of

from .. import earnings_selectors, selectors, statement_selectors
from ..constants import WALLET_PER_MINUTE
from .serializers import BalanceOut, EarningsPageOut, LotOut, PageQuery, TransactionOut

PAGE = 30


@per_minute("wallet", WALLET_PER_MINUTE)
class BalanceView(APIView):
    """The wallet."""

    @extend_schema(responses=BalanceOut)
    def get(self, request: Request) -> Response:
        """What the caller can spend."""
        return Response(BalanceOut(selectors.get_balance(user_id=user_of(request).pk)).data)


@per_minute("wallet", WALLET_PER_MINUTE)
class EarningsView(APIView):
    """What came in."""

    @extend_schema(responses=EarningsPageOut)
    def get(self, request: Request) -> Response:
        """What the caller has earned, and when it can be withdrawn."""
        user_id = user_of(request).pk
        maturing = earnings_selectors.list_maturing(user_id=user_id)
        found = {
            **asdict(selectors.get_earnings(user_id=user_id)),
            "maturing_centi": sum(day.amount_centi for day in maturing),
            "set_aside_centi": earnings_selectors.get_set_aside_centi(user_id=user_id),
            "maturing": maturing,
        }
        return Response(EarningsPageOut(found).data)


@per_minute("wallet", WALLET_PER_MINUTE)
class TransactionsView(APIView):
    """The lines of the wallet."""

    refusals = {"get": (422,)}

    @extend_schema(parameters=[PageQuery], responses=page_of(TransactionOut))
    def get(self, request: Request) -> Response:
        """The newest first; `before` continues the list."""
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = statement_selectors.list_transactions(
            user_id=user_of(request).pk, before_id=query.validated_data["before"], limit=PAGE + 1
        )
        page, following = rows[:PAGE], None
        if len(rows) > PAGE:
            following = request.build_absolute_uri(f"{request.path}?{urlencode({'before': page[-1].id})}")
        return Response({"results": [TransactionOut(row).data for row in page], "next": following})


@per_minute("wallet", WALLET_PER_MINUTE)
class LotsView(APIView):
    """Purchases and what is left of each."""

    refusals = {"get": (404,)}  # a cursor of no page

    @extend_schema(parameters=[*CURSOR], responses=page_of(LotOut))
    def get(self, request: Request) -> Response:
        """The newest first."""
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_lots(user_id=user_of(request).pk), request, view=self)
        return pages.get_paginated_response([LotOut(lot).data for lot in page or []])

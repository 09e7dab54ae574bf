from __future__ import annotations

from dataclasses import asdict

from django.utils.http import urlencode
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CursorPages
from users.requests import user_of

from .. import selectors
from ..models import Lot

PAGE = 30


class BalanceView(APIView):
    def get(self, request: Request) -> Response:
        return Response(asdict(selectors.get_balance(user_id=user_of(request).pk)))


class EarningsView(APIView):
    def get(self, request: Request) -> Response:
        return Response(asdict(selectors.get_earnings(user_id=user_of(request).pk)))


class PageQuery(serializers.Serializer[None]):
    before = serializers.IntegerField(min_value=1, max_value=2**62, required=False, default=None)


class TransactionsView(APIView):
    def get(self, request: Request) -> Response:
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = selectors.list_transactions(
            user_id=user_of(request).pk, before_id=query.validated_data["before"], limit=PAGE + 1
        )
        page, following = rows[:PAGE], None
        if len(rows) > PAGE:
            following = request.build_absolute_uri(f"{request.path}?{urlencode({'before': page[-1].id})}")
        return Response({"results": [asdict(row) for row in page], "next": following})


class LotsView(APIView):
    def get(self, request: Request) -> Response:
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_lots(user_id=user_of(request).pk), request, view=self)
        return pages.get_paginated_response([_lot(lot) for lot in page or []])


def _lot(lot: Lot) -> dict[str, object]:
    return {
        "id": lot.id,
        "payment_id": str(lot.payment) if lot.payment else None,
        "amount_centi": lot.amount,
        "remaining_centi": lot.remaining,
        "currency": lot.currency,
        "price_minor": lot.price_minor,
        "created_at": lot.created_at,
    }

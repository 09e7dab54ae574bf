"""The API's doors to what refunds and disputes touched: parse, read, render."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import page_of
from users.requests import user_of

from .. import touched_selectors
from ..constants import TOUCHED_SHOWN
from . import money_back_serializers as serializers


class MoneyBackView(APIView):
    """Refunds and disputes of a payment."""

    refusals = {"get": (404,)}

    @extend_schema(responses=page_of(serializers.MoneyBackOut))
    def get(self, request: Request, payment_id: uuid.UUID) -> Response:
        """What became of one's payment, the oldest first and always one page; 404 for anyone else's.

        Each names the messages and unlocks that the payment funded, and where its credits were found.
        """
        cases = touched_selectors.list_own(user=user_of(request), payment_uid=payment_id)
        return Response({"results": [serializers.MoneyBackOut(case).data for case in cases], "next": None})


class TouchedListView(APIView):
    """Refunds and disputes of payments that went to a creator."""

    @extend_schema(responses=page_of(serializers.TouchedOut))
    def get(self, request: Request) -> Response:
        """The newest 20 that touched what was paid to the caller; always one page, empty for who was never paid."""
        cases = touched_selectors.list_touched(user=user_of(request), limit=TOUCHED_SHOWN)
        return Response({"results": [serializers.TouchedOut(case).data for case in cases], "next": None})


class TouchedView(APIView):
    """One of them."""

    refusals = {"get": (404,)}

    @extend_schema(responses=serializers.TouchedOut)
    def get(self, request: Request, case_id: uuid.UUID) -> Response:
        """404 for one that did not touch the caller."""
        case = touched_selectors.get_touched(user=user_of(request), uid=case_id)
        return Response(serializers.TouchedOut(case).data)

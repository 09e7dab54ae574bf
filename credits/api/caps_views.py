from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.per_minute import per_minute
from users.requests import user_of

from .. import caps_selectors
from ..constants import WALLET_PER_MINUTE
from ..services import caps
from ..types import Caps
from .caps_serializers import CapsIn, CapsOut, CoolOffIn


def _answer(found: Caps) -> Response:
    return Response(CapsOut(found).data)


@per_minute("wallet", WALLET_PER_MINUTE)
class CapsView(APIView):
    """How much one lets oneself spend."""

    refusals = {"put": (422,)}

    @extend_schema(responses=CapsOut)
    def get(self, request: Request) -> Response:
        """The limits of a day, a week and a month, and what is used of each."""
        return _answer(caps_selectors.get_caps(user_id=user_of(request).pk, at=timezone.now()))

    @extend_schema(request=CapsIn, responses=CapsOut)
    def put(self, request: Request) -> Response:
        """Change them. What is lower holds at once; what is higher, or no limit, 24 hours later. Sending the limit that
        holds takes a raise back that waits."""
        asked = CapsIn(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(caps.set_caps(user=user_of(request), at=timezone.now(), **asked.validated_data))


@per_minute("wallet", WALLET_PER_MINUTE)
class CoolOffView(APIView):
    """Spending nothing for a while."""

    refusals = {"post": (422,)}

    @extend_schema(request=CoolOffIn, responses=CapsOut)
    def post(self, request: Request) -> Response:
        """From now on nothing can be sent for credits, unlocked or bought. It cannot be ended earlier; a shorter one
        than what lasts already changes nothing."""
        asked = CoolOffIn(data=request.data)
        asked.is_valid(raise_exception=True)
        user, at = user_of(request), timezone.now()
        caps.cool_off(user=user, length=asked.validated_data["length"], at=at)
        return _answer(caps_selectors.get_caps(user_id=user.pk, at=at))

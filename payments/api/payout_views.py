"""The API's doors to payouts: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import idempotency
from pairly.common.pagination import CURSOR, CursorPages, page_of
from users.requests import sign_in_of, user_of

from .. import payout_selectors as selectors
from ..models import PayoutMethod
from ..services import payout_methods, payout_requests
from . import payout_serializers as serializers


class PayoutRequestView(APIView):
    """Asking for a payout."""

    refusals = {"post": (402, 404)}

    @extend_schema(responses=serializers.WithdrawableOut)
    def get(self, request: Request) -> Response:
        """What can be asked for now, and what stands in the way."""
        return Response(serializers.WithdrawableOut(selectors.withdrawable(user=user_of(request))).data)

    @idempotency.keyed
    @extend_schema(request=serializers.PayoutIn, responses={201: serializers.PayoutOut})
    def post(self, request: Request, *, idempotency_key: uuid.UUID) -> Response:
        """Set credits aside and have the payout looked at; the same for one key.

        403 `creators_only`, `verification_required`, `payout_held`, `second_factor_required`, `step_up_required`; 404
        for a method that is not one's own; 409 `payout_method_locked` (with `usable_at`), `payout_method_not_ready`,
        `idempotency_conflict`, `insufficient_earnings`; 402 `debt_outstanding`; 422 with `/amount_centi`.
        """
        body = serializers.PayoutIn(data=request.data)
        body.is_valid(raise_exception=True)
        payout = payout_requests.request_payout(
            user=user_of(request),
            method_uid=body.validated_data["method_id"],
            amount_centi=body.validated_data["amount_centi"],
            idempotency_key=idempotency_key,
            sign_in=sign_in_of(request),
        )
        return Response(serializers.PayoutOut(payout).data, 201)


class PayoutsView(APIView):
    """One's payouts."""

    refusals = {"get": (404,)}  # a cursor of no page

    @extend_schema(parameters=[*CURSOR], responses=page_of(serializers.PayoutOut))
    def get(self, request: Request) -> Response:
        """The newest first."""
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_payouts(user=user_of(request)), request, view=self)
        return pages.get_paginated_response([serializers.PayoutOut(payout).data for payout in page or []])


class PayoutView(APIView):
    """One of them."""

    refusals = {"delete": (409,)}

    @extend_schema(responses=serializers.PayoutOut)
    def get(self, request: Request, payout_id: uuid.UUID) -> Response:
        """404 for anyone else's."""
        return Response(serializers.PayoutOut(selectors.get_payout(user=user_of(request), uid=payout_id)).data)

    @extend_schema(responses=serializers.PayoutOut)
    def delete(self, request: Request, payout_id: uuid.UUID) -> Response:
        """Take a request back before somebody decided: the credits are earned again. 409 `payout_not_open`."""
        payout = payout_requests.cancel_payout(user=user_of(request), uid=payout_id)
        return Response(serializers.PayoutOut(payout).data)


class TimelineView(APIView):
    """What happened to a payout."""

    @extend_schema(responses=serializers.TimelineOut)
    def get(self, request: Request, payout_id: uuid.UUID) -> Response:
        """Each step with whose turn it is, why, and until when at the latest; 404 for anyone else's."""
        payout = selectors.get_payout(user=user_of(request), uid=payout_id)
        steps = [serializers.StepOut(step).data for step in selectors.list_steps(payout=payout)]
        return Response({"payout": serializers.PayoutOut(payout).data, "steps": steps})


class MethodsView(APIView):
    """Where money may go."""

    refusals = {"post": (409,)}

    @extend_schema(responses=page_of(serializers.MethodOut))
    def get(self, request: Request) -> Response:
        """The newest first; always one page."""
        rows = [serializers.MethodOut(method).data for method in selectors.list_methods(user=user_of(request))]
        return Response({"results": rows, "next": None})

    @method_decorator(sensitive_variables("body"))
    @extend_schema(request=serializers.MethodIn, responses={201: serializers.AddedMethodOut})
    def post(self, request: Request) -> Response:
        """Add an account; it can be used from `usable_at` on, and the account's address is written to. The same
        account again is the same method. 403 `creators_only`, `verification_required`, `step_up_required`; 409
        `too_many_methods`; 503 `provider_unavailable`."""
        body = serializers.MethodIn(data=request.data)
        body.is_valid(raise_exception=True)
        user, fields = user_of(request), {"details": {}, **body.validated_data}
        method = payout_methods.add_method(user=user, sign_in=sign_in_of(request), **fields)
        document = dict(serializers.MethodOut(method).data)
        document["onboarding_url"] = _onboarding_url(request, method)
        return Response(document, 201)


class MethodView(APIView):
    """One of them."""

    refusals = {"delete": (409,), "post": (409,)}

    @extend_schema(responses=serializers.MethodOut)
    def get(self, request: Request, method_id: uuid.UUID) -> Response:
        """404 for anyone else's, and for one that was removed."""
        return Response(serializers.MethodOut(selectors.get_method(user=user_of(request), uid=method_id)).data)

    @extend_schema(request=None, responses=serializers.AddedMethodOut)
    def post(self, request: Request, method_id: uuid.UUID) -> Response:
        """Ask the provider what it still needs: the method as it is by then, and a new `onboarding_url`. 503
        `provider_unavailable`."""
        selectors.get_method(user=user_of(request), uid=method_id)
        method = payout_methods.refresh_method(uid=method_id)
        document = dict(serializers.MethodOut(method).data)
        document["onboarding_url"] = _onboarding_url(request, method)
        return Response(document)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, method_id: uuid.UUID) -> Response:
        """Nothing goes there any more; 409 `payout_method_in_use` while a payout to it is open."""
        payout_methods.remove_method(user=user_of(request), uid=method_id)
        return Response(status=204)


def _onboarding_url(request: Request, method: PayoutMethod) -> str | None:
    if method.kind != PayoutMethod.Kind.STRIPE or method.state != PayoutMethod.State.PENDING:
        return None
    return payout_methods.onboarding_url(user=user_of(request), uid=method.uid)

"""The API's doors to buying credits: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.core.exceptions import RequestDataTooBig
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import idempotency
from pairly.common.openapi import header
from pairly.common.pagination import page_of
from users.requests import user_of

from .. import selectors
from ..constants import WEBHOOK_MAX_BYTES
from ..errors import WebhookTooLarge
from ..services import checkout, webhooks
from . import serializers


class PackagesView(APIView):
    """What is sold."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=page_of(serializers.PackageOut))
    def get(self, request: Request) -> Response:
        """What is sold and for how much; public, and always one page."""
        rows = [serializers.PackageOut(package).data for package in selectors.list_packages()]
        return Response({"results": rows, "next": None})


class CheckoutView(APIView):
    """Buying credits."""

    @idempotency.keyed
    @extend_schema(request=serializers.CheckoutIn, responses={201: serializers.CheckoutOut})
    def post(self, request: Request, *, idempotency_key: uuid.UUID) -> Response:
        """Open a checkout; the same for one key. 400 `idempotency_key_required`, 403 `purchase_refused` (`detail` says
        what to do next, `reasons` names the rules), 409 `idempotency_conflict`, 503 `provider_unavailable`: nothing was
        charged, and the same request may be sent again."""
        body = serializers.CheckoutIn(data=request.data)
        body.is_valid(raise_exception=True)
        payment = checkout.start_checkout(user=user_of(request), idempotency_key=idempotency_key, **body.validated_data)
        return Response(serializers.CheckoutOut(payment).data, 201)


class PaymentView(APIView):
    """A purchase."""

    @extend_schema(responses=serializers.PaymentOut)
    def get(self, request: Request, payment_id: uuid.UUID) -> Response:
        """How far one's purchase is; 404 for anyone else's."""
        payment = selectors.get_payment(user=user_of(request), uid=payment_id)
        return Response(serializers.PaymentOut(payment).data)


class WebhookView(APIView):
    """Notices of payment providers."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = ()
    provider: str | None = None

    @extend_schema(
        request={("application/json"): OpenApiTypes.OBJECT},
        responses=serializers.ReceivedOut,
        parameters=[
            header("Stripe-Signature", "Stripe's signature of the raw body"),
            header("X-Razorpay-Signature", "Razorpay's signature of the raw body"),
        ],
    )
    def post(self, request: Request) -> Response:
        """A notice of a provider, signed over its raw body; 400 `bad_signature` or `wrong_mode` with nothing changed.
        Without a provider in the path the signature's header names it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        webhooks.receive(provider=self.provider, headers=headers, body=_raw_body(request))
        return Response(serializers.ReceivedOut({"received": True}).data)


def _raw_body(request: Request) -> bytes:
    """The body as sent; its length is looked at before it is read."""
    length = request.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) > WEBHOOK_MAX_BYTES:
        raise WebhookTooLarge
    try:
        body: bytes = request._request.body
    except RequestDataTooBig as error:
        raise WebhookTooLarge from error
    return body

"""The gateway of a kind of payout method, as the settings configure it, and the notices that only payouts have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _

from ..errors import ProviderUnavailable
from .base import BadSignature, PaymentGateway, WebhookEvent
from .manual import ManualGateway
from .payouts import PayoutGateway
from .razorpayx import RazorpayXGateway
from .stripe import parse_snapshot
from .stripe_connect import StripeConnectGateway, is_of_account, is_thin, parse_thin

STRIPE, RAZORPAYX, MANUAL = "stripe", "razorpayx", "manual"


def get_payout_gateway(*, kind: str) -> PayoutGateway:
    """The gateway by the kind of a payout method. Raises ProviderUnavailable when it is not set up."""
    if kind not in list_payout_kinds():
        raise ProviderUnavailable(_("Being paid this way is not available; choose another one."))
    if kind == STRIPE:
        return _stripe(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    if kind == RAZORPAYX:
        return _razorpayx(
            settings.RAZORPAY_KEY_ID,
            settings.RAZORPAY_KEY_SECRET,
            settings.RAZORPAYX_ACCOUNT_NUMBER,
            settings.RAZORPAY_API_BASE,
        )
    return ManualGateway()


def list_payout_kinds() -> list[str]:
    """The kinds that are set up."""
    has_razorpayx = settings.RAZORPAY_KEY_ID and settings.RAZORPAYX_ACCOUNT_NUMBER
    return [STRIPE, *([RAZORPAYX] if has_razorpayx else []), MANUAL]


def parse_notice(*, gateway: PaymentGateway, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
    """Verify a notice: Stripe's thin events and those of connected accounts here, for each destination of them has a
    secret of its own; any other by the gateway it came to. Raises BadSignature."""
    if "stripe-signature" not in headers:
        return gateway.parse_webhook(headers=headers, body=body)
    parse = parse_thin if is_thin(body=body) else parse_snapshot if is_of_account(body=body) else None
    if parse is None:
        return gateway.parse_webhook(headers=headers, body=body)
    for secret in settings.STRIPE_CONNECT_WEBHOOK_SECRET.split():
        try:
            return parse(headers=headers, body=body, secret=secret)
        except BadSignature:
            continue
    return parse(headers=headers, body=body, secret=settings.STRIPE_WEBHOOK_SECRET)


@lru_cache(maxsize=4)
def _stripe(api_key: str, api_base: str) -> PayoutGateway:
    """One client a process: it keeps its connections."""
    return StripeConnectGateway(api_key=api_key, api_base=api_base)


@lru_cache(maxsize=4)
def _razorpayx(key_id: str, key_secret: str, account_number: str, api_base: str) -> PayoutGateway:
    return RazorpayXGateway(key_id=key_id, key_secret=key_secret, account_number=account_number, api_base=api_base)

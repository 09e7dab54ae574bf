"""The gateway of a provider, as the settings configure it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _

from ..errors import ProviderUnavailable
from . import razorpay, stripe
from .base import PaymentGateway

STRIPE, RAZORPAY = "stripe", "razorpay"
_SIGNATURE_HEADERS = {stripe.SIGNATURE_HEADER: STRIPE, razorpay.SIGNATURE_HEADER: RAZORPAY}


def get_gateway(*, provider: str) -> PaymentGateway:
    """The gateway by its provider's name. Raises ProviderUnavailable when that one is not set up."""
    if provider not in list_providers():
        raise ProviderUnavailable(_("Paying with this provider is not available; choose another one."))
    if provider == RAZORPAY:
        return get_razorpay()
    return _stripe(settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_API_BASE)


def get_razorpay() -> razorpay.RazorpayGateway:
    """Razorpay's gateway, for what only it can: its signed way back. Call it only where it is set up."""
    return _razorpay(
        settings.RAZORPAY_KEY_ID,
        settings.RAZORPAY_KEY_SECRET,
        settings.RAZORPAY_WEBHOOK_SECRET,
        settings.RAZORPAY_API_BASE,
    )


def list_providers() -> list[str]:
    """The providers that are set up."""
    return [STRIPE, RAZORPAY] if settings.RAZORPAY_KEY_ID else [STRIPE]


def find_provider(*, headers: Mapping[str, str]) -> str | None:
    """The provider whose signature header is among `headers` (lower-case names)."""
    return next((name for header, name in _SIGNATURE_HEADERS.items() if header in headers), None)


@lru_cache(maxsize=4)
def _stripe(api_key: str, webhook_secret: str, api_base: str) -> PaymentGateway:
    """One client a process: it keeps its connections."""
    return stripe.StripeGateway(api_key=api_key, webhook_secret=webhook_secret, api_base=api_base)


@lru_cache(maxsize=4)
def _razorpay(key_id: str, key_secret: str, webhook_secret: str, api_base: str) -> razorpay.RazorpayGateway:
    return razorpay.RazorpayGateway(
        key_id=key_id, key_secret=key_secret, webhook_secret=webhook_secret, api_base=api_base
    )

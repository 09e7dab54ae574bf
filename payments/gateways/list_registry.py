"""The lists of the providers that are set up."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _

from ..errors import ProviderUnavailable
from . import registry
from .lists import MovementList
from .razorpay_list import RazorpayList
from .stripe_list import StripeList


def get_list(*, provider: str) -> MovementList:
    """The list of a provider that is set up. Raises ProviderUnavailable."""
    if provider not in registry.list_providers():
        raise ProviderUnavailable(_("There is no list of this provider."))
    if provider == registry.RAZORPAY:
        return _razorpay(
            settings.RAZORPAY_KEY_ID,
            settings.RAZORPAY_KEY_SECRET,
            settings.RAZORPAYX_ACCOUNT_NUMBER,
            settings.RAZORPAY_API_BASE,
        )
    return _stripe(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def list_listed() -> list[str]:
    """The providers whose lists can be read: all that are set up."""
    return registry.list_providers()


@lru_cache(maxsize=4)
def _stripe(api_key: str, api_base: str) -> MovementList:
    return StripeList(api_key=api_key, api_base=api_base)


@lru_cache(maxsize=4)
def _razorpay(key_id: str, key_secret: str, account_number: str, api_base: str) -> MovementList:
    return RazorpayList(key_id=key_id, key_secret=key_secret, account_number=account_number, api_base=api_base)

"""The lists of the providers that are set up."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _

from ..errors import ProviderUnavailable
from . import registry
from .lists import MovementList
from .stripe_list import StripeList


def get_list(*, provider: str) -> MovementList:
    """The list of a provider that is set up. Raises ProviderUnavailable."""
    if provider != registry.STRIPE or provider not in registry.list_providers():
        raise ProviderUnavailable(_("There is no list of this provider."))
    return _stripe(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def list_listed() -> list[str]:
    """The providers whose lists can be read."""
    return [name for name in registry.list_providers() if name == registry.STRIPE]


@lru_cache(maxsize=4)
def _stripe(api_key: str, api_base: str) -> MovementList:
    return StripeList(api_key=api_key, api_base=api_base)

"""Which version of the product this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

CHECKOUT = "0.1.0"


@cache
def get_version() -> str:
    """The version of the installed package; run from a checkout there is none, and this is the one being made."""
    try:
        return version("pairly")
    except PackageNotFoundError:
        return CHECKOUT

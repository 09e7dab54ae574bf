from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """Credits in hundredths and what they cost, in minor units by ISO code."""

    id: str
    credits_centi: int
    prices_minor: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One package in one currency."""

    package_id: str
    credits_centi: int
    currency: str
    amount_minor: int

    @property
    def n_credits(self) -> int:
        """Whole credits, as packages are sold in."""
        return self.credits_centi // 100

    @property
    def amount(self) -> str:
        """The price with two decimals, as all three currencies are written."""
        return f"{self.amount_minor // 100:,}.{self.amount_minor % 100:02d}"

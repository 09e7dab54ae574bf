from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ..models import ShopFile, Unlock


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where a picture is to be had for one person."""

    url: str
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bought:
    """An unlock that was asked for; `is_new` where it was charged just now."""

    unlock: Unlock
    is_new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """Whose copy a picture is: the purchase, the picture of the item, and how clearly the mark was read, in sigma."""

    unlock: Unlock
    file: ShopFile
    strength: float


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekOfSales:
    """What one week brought (`start`: its Monday, UTC), in hundredths of a credit before the fee."""

    start: date
    sold_centi: int
    refunded_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesSum:
    """All sales of a creator; amounts before the fee, refunds left out."""

    n_sold: int
    sold_centi: int
    n_refunded: int

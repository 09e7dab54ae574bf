"""What addresses of the wallet carry."""

from __future__ import annotations

import re
from datetime import date

from .statement_selectors import this_month

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


def find_month(value: str) -> date | None:
    """`2026-11` as its first day; None for what is no month, lies before 2000 or in the future."""
    found = _MONTH.fullmatch(value)
    month = date(int(found[1]), int(found[2]), 1) if found else None
    return month if month and month <= this_month() else None


def find_number(value: str | None) -> int | None:
    """A place in a list, None for none and for what is none."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else None

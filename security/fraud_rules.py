"""The book of fraud (`rules/fraud.yaml`): read once, and the doors that it may name with what they can do."""

from __future__ import annotations

from functools import cache

from .fraud_selectors import NAMES
from .rule_books import BLOCK, REVIEW, STEP_UP, Book, load

# What a door can do about what it is told. A purchase and an unlock have no proof to ask for: what would ask for one
# lets them go on, for staff to look at. A payout has asked for its proof before, and a `block` there means that two
# people look at it: nobody is refused what they earned by a program alone.
DOORS = {
    "checkout": (REVIEW, BLOCK),
    "unlock": (REVIEW, BLOCK),
    "payout": (REVIEW, BLOCK),
    "account": (REVIEW, STEP_UP, BLOCK),
}


@cache
def get_book() -> Book:
    """Raises BrokenBook; `manage.py check` does so first."""
    return load(name="fraud", features=NAMES, doors=DOORS)

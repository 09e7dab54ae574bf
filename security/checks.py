"""What `manage.py check`, and so every start, asks of the books of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from django.core.checks import CheckMessage, Error

from . import fraud_rules, fraud_selectors, rule_books
from .risk_rules import Features


def check_books(**_: Any) -> Sequence[CheckMessage]:
    """An error for each book that cannot be used: broken YAML, a wrong form, an unknown feature or door, a rule
    that has no words."""
    found: list[CheckMessage] = []
    books = (
        ("sign_in", [field.name for field in fields(Features)], ()),
        ("fraud", fraud_selectors.NAMES, fraud_rules.DOORS),
    )
    for name, features, doors in books:
        try:
            book = rule_books.load(name=name, features=features, doors=doors, folder=rule_books.FOLDER)
        except rule_books.BrokenBook as error:
            found.append(Error(str(error), id="security.E001"))
            continue
        silent = sorted({rule.code for rule in book.rules} - _spoken(name))
        if silent:
            found.append(Error(f"{name}.yaml: no words for {', '.join(silent)}", id="security.E002"))
    return found


def _spoken(name: str) -> set[str]:
    from . import fraud_words, selectors

    return set(fraud_words.sentences() if name == "fraud" else selectors.list_rule_words())

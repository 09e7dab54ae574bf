from __future__ import annotations

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def credits(centi: int | None) -> str:
    """Hundredths of a credit as credits: `5000` is "50", `5050` is "50.50"."""
    centi = centi or 0
    return number_format(
        centi // 100 if centi % 100 == 0 else centi / 100, 0 if centi % 100 == 0 else 2, force_grouping=True
    )


@register.filter
def money(minor: int, currency: str) -> str:
    """Minor units with their currency: `500|money:"USD"` is "USD 5.00"."""
    return f"{currency} {number_format(minor / 100, 2, force_grouping=True)}"


@register.filter
def initials(name: str) -> str:
    """Up to two letters that stand for a name where there is no picture."""
    return "".join(word[0] for word in name.split()[:2]).upper()

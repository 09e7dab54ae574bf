from __future__ import annotations

from django import template
from django.utils.translation import gettext

register = template.Library()


@register.filter
def known(value: object) -> str:
    """A figure, or in words that there is none."""
    return gettext("no figure") if value is None else str(value)


@register.filter
def span(seconds: int | None) -> str:
    """A time in its largest useful unit, or in words that there is no figure."""
    if seconds is None:
        return known(None)
    if seconds < 3600:
        return gettext("%(n)d min") % {"n": -(-seconds // 60)}
    if seconds < 48 * 3600:
        return gettext("%(n)d h") % {"n": round(seconds / 3600)}
    return gettext("%(n)d d") % {"n": round(seconds / 86400)}

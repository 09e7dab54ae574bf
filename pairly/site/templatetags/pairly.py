from __future__ import annotations

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext

register = template.Library()

DIRECTED = frozenset({"back", "onward", "leave", "return", "send"})


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


@register.filter
def ago(at: datetime) -> str:
    """How long ago in one unit: "now", "5 minutes", "3 days"."""
    since = timesince(at, depth=1)
    return gettext("now") if since == timesince(timezone.now(), depth=1) else since


@register.simple_tag
def icon(name: str, *, label: str = "") -> SafeString:
    """The drawing `name` of frontend/art/icons.svg. Silent beside a text; with `label` it speaks for itself.

    What points somewhere is mirrored where people read from right to left.
    """
    look = "icon icon-directed" if name in DIRECTED else "icon"
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="{}" {}><use href="{}#{}"/></svg>', look, voice, static("app/art/icons.svg"), name)

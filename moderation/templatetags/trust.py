"""What other apps' pages show of trust."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from users.models import User

from ..certificates import selectors
from ..models import ReportCase

register = template.Library()


@register.simple_tag
def certificate_url(user: User) -> str:
    """Where the certificate of `user` is looked at, with whose profile the link was on; "" without one in force."""
    found = selectors.find_in_force(user=user)
    if found is None:
        return ""
    return f"{reverse('trust:certificate', args=[found.code])}?{urlencode({'on': str(user.uid)})}"


@register.simple_tag
def report_categories() -> list[tuple[str, str]]:
    """What can be wrong with something, as code and words."""
    return [(str(code), str(label)) for code, label in ReportCase.Category.choices]

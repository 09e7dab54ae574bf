"""What other apps' pages show of trust."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from users.models import User

from ..certificates import selectors
from ..document_checks import reasons
from ..document_checks.types import Reason
from ..models import ReportCase

register = template.Library()
_LAYERS = {
    "exif": _("Metadata of the file"),
    "pixels": _("Pixels"),
    "vision": _("What a machine sees"),
    "database": _("Zone, form and earlier documents"),
    "chain": _("Unchanged since it was sent"),
    "geography": _("Countries"),
}


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


@register.filter
def check_reason(kept: dict[str, Any]) -> str:
    """A reason of the document checks, kept by its code, in words."""
    return reasons.text(reason=Reason(code=kept["code"], values=kept["values"]))


@register.filter
def check_veto(code: str) -> str:
    """What stands against approving a document, in words."""
    return reasons.veto_text(code=code)


@register.filter
def check_name(layer: str) -> str:
    """What one of the document checks looks at."""
    return str(_LAYERS[layer])

from __future__ import annotations

from django import template
from django.utils.translation import gettext

from users.roles import ADMIN, PERMISSIONS, ROLE_NAMES, ROLES

register = template.Library()


@register.filter
def role_name(role: str) -> str:
    """A role in words."""
    return str(ROLE_NAMES.get(role, role))


@register.filter
def role_text(role: str) -> str:
    """What a role lets people do, in words."""
    if role == ADMIN:
        return gettext("Everything, inviting and removing others among it")
    return " · ".join(str(name) for codename, name in PERMISSIONS if codename in ROLES.get(role, ()))

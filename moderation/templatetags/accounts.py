from __future__ import annotations

from django import template

from .. import account_selectors

register = template.Library()


@register.filter
def account_state(state: str) -> str:
    """The state of an account in words."""
    return account_selectors.state_words(state)

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common.problems import NotFound
from security.log_selectors import LogRow

from .. import queues
from ..models import WorkItem

register = template.Library()


@register.filter
def is_overdue(item: WorkItem) -> bool:
    """Whether an open case is past its time."""
    return item.decided_at is None and item.due_at < timezone.now()


@register.filter
def is_taken(item: WorkItem) -> bool:
    """Whether somebody works on a case just now."""
    return item.is_taken


@register.filter
def case_number(item: WorkItem) -> str:
    """What people call a case by when they talk about it: the end of its id, the part that is random."""
    return item.uid.hex[-6:].upper()


@register.filter
def kind_title(item: WorkItem) -> str:
    """The name of the queue, or its code when nobody registers it any more."""
    try:
        return str(queues.get_kind(kind=item.kind).title)
    except NotFound:
        return item.kind


@register.filter
def outcome_label(item: WorkItem) -> str:
    """The words of the decision, or its code."""
    try:
        decision = queues.get_kind(kind=item.kind).find_decision(item.outcome)
    except NotFound:
        decision = None
    return str(decision.label) if decision else item.outcome


@register.filter
def of(values: dict[str, str] | None, key: object) -> str:
    """`values[key]` for a key that is a variable, "" when there is none."""
    return (values or {}).get(str(key), "")


@register.filter
def failure(row: LogRow) -> str:
    """Why a try to sign in failed, in words; a code that has none stays a code."""
    words = {
        "wrong_password": gettext("wrong password"),
        "wrong_code": gettext("wrong code"),
        "locked": gettext("locked"),
        "inactive": gettext("not active"),
        "overloaded": gettext("too busy"),
    }
    return words.get(row.failure_reason, row.failure_reason)


@register.filter
def risk_words(code: str) -> str:
    """What a risk rule found, in words; a rule that has none stays a code."""
    words = {
        "new_device": gettext("device never seen"),
        "new_network": gettext("network never seen"),
        "no_user_agent": gettext("names no program"),
        "failures_before": gettext("failures just before"),
        "address_tries_many_accounts": gettext("address tries many accounts"),
        "long_away": gettext("long away"),
        "impossible_travel": gettext("impossible travel"),
        "hosting_network": gettext("network of rented machines"),
        "device_of_many_accounts": gettext("device of many accounts"),
    }
    return words.get(code, code)

from __future__ import annotations

from django import template
from django.utils import timezone

from pairly.common.problems import NotFound

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
    return item.decided_at is None and item.taken_until is not None and item.taken_until > timezone.now()


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

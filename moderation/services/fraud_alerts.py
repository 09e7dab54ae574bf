"""The cases of fraud alerts. What an alert is and who resolves it is the word of `security.services.alerts`."""

from __future__ import annotations

import uuid

from django.db import transaction

from pairly.common.problems import InvalidInput, NotFound
from security import alert_selectors
from security.services import alerts
from users.models import User

from .. import selectors
from ..models import WorkItem
from . import work

KIND, PERMISSION = "fraud_alert", "users.staff_review_risk"
Severity = WorkItem.Severity


def open_case(*, uid: uuid.UUID, user_uid: uuid.UUID, is_high: bool) -> None:
    """Hook of `security.registry`: put an alert into the queue, or make its case more urgent."""
    severity = Severity.HIGH if is_high else Severity.NORMAL
    item = work.open_item(kind=KIND, ref=uid, subject_uid=user_uid, severity=severity)
    if item.severity < severity and item.decided_at is None:
        item.severity = severity
        item.save(update_fields=["severity"])


def resolve(*, uid: uuid.UUID, staff: User, outcome: str, note: str) -> None:
    """The case is decided: the alert is resolved as the same. Raises NotFound for who is part of it, AlertResolved."""
    if alert_selectors.is_about(uid=uid, user_uid=staff.uid):
        raise NotFound
    alerts.resolve(uid=uid, by_uid=staff.uid, outcome=outcome, note=note)


@transaction.atomic
def review(*, uid: uuid.UUID, staff: User, outcome: str, note: str) -> WorkItem:
    """Take the case of an alert and decide it, at once, as the page does. Raises NotFound (also for who is part of it),
    InvalidInput (`/outcome`), ReasonMissing, CaseTaken, CaseNotHeld, AlertResolved."""
    if outcome not in alerts.OUTCOMES:
        detail = ", ".join(alerts.OUTCOMES)
        raise InvalidInput(errors=[{"pointer": "/outcome", "code": "unknown", "detail": detail}])
    item = selectors.get_item_about(user=staff, kind=KIND, ref=uid)
    work.take(uid=item.uid, user=staff)
    return work.decide(uid=item.uid, user=staff, outcome=outcome, note=note)

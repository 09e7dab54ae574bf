"""The queue of fraud alerts: what rules found, on which facts, about which accounts. Staff say whether it was fraud,
which is what each rule's precision is counted from; what follows for an account is done where such things are done.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from security import alert_selectors, fraud_words
from users.models import User

from . import people_panel, queues
from .models import WorkItem
from .services import fraud_alerts

KIND = fraud_alerts.KIND


def load(ref: uuid.UUID) -> dict[str, Any]:
    """The alert with its evidence, for the page of its case. Raises NotFound."""
    alert = alert_selectors.get_alert(uid=ref)
    accounts = alert_selectors.list_accounts(alert=alert)
    people = people_panel.list_people(uids=[row.user_uid for row in accounts])
    return {
        "alert": alert,
        "pattern": fraud_words.patterns().get(alert.pattern, alert.pattern),
        "findings": alert_selectors.list_findings(alert=alert),
        "decisions": alert_selectors.list_decisions(alert=alert),
        "accounts": [(row, people.get(row.user_uid)) for row in accounts],
        "events": [(row, people.get(row.user_uid)) for row in alert_selectors.list_events(alert=alert)],
    }


def decide(*, item: WorkItem, staff: User, note: str, outcome: str) -> None:
    """Whether it was fraud."""
    fraud_alerts.resolve(uid=item.ref, staff=staff, outcome=outcome, note=note)


def barred(refs: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Collection[uuid.UUID]]:
    """Whose account stands in an alert says nothing about it."""
    return alert_selectors.list_account_uids(uids=refs)


def _say(outcome: str, label: Any, key: str, *, is_danger: bool = False) -> queues.Decision:
    return queues.Decision(
        outcome=outcome, label=label, apply=partial(decide, outcome=outcome), is_danger=is_danger, key=key
    )


QUEUE = queues.QueueKind(
    kind=KIND,
    title=_("Fraud alerts"),
    permission=fraud_alerts.PERMISSION,
    target=timedelta(days=1),
    template="moderation/fraud_evidence.html",
    load=load,
    decisions=(
        _say("true_positive", _("It was fraud"), "A", is_danger=True),
        _say("false_positive", _("A false alarm"), "R"),
    ),
    icon="alert",
    barred=barred,
    bulk=("false_positive",),
    note_hint=_("Colleagues read it. What follows for the accounts is decided on their own pages."),
)

"""The last check of the invariants, kept where everybody can look at it without running one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils import timezone
from redis import RedisError

from pairly.common import redis_health
from pairly.common.redis import get_client, key

from . import invariants
from .types import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a check found, and when it was over."""

    at: datetime
    findings: Sequence[Finding]

    @property
    def n_bad(self) -> int:
        return sum(not finding.is_ok for finding in self.findings)


def run(*, is_full: bool = True) -> Checked:
    """Check I1 to I8 now, all of the ledger or what is new, and keep what was found. Redis holds it: what is wrong is
    in the log for good, and the next check is due in minutes."""
    findings = invariants.check_all() if is_full else invariants.check_delta()
    checked = Checked(findings=findings, at=timezone.now())
    document = {"at": checked.at.isoformat(), "findings": [asdict(finding) for finding in checked.findings]}
    try:
        get_client().set(_key(), json.dumps(document))
    except RedisError as error:
        redis_health.note_failure(error=error)
    return checked


def find_last() -> Checked | None:
    """The last check; None before the first one, and while Redis is away."""
    if redis_health.is_away():
        return None
    try:
        text = get_client().get(_key())
    except RedisError as error:
        redis_health.note_failure(error=error)
        return None
    if not isinstance(text, str):
        return None
    document = json.loads(text)
    findings = [Finding(**finding) for finding in document["findings"]]
    return Checked(at=datetime.fromisoformat(document["at"]), findings=findings)


def _key() -> str:
    return key("ledger-check")

from __future__ import annotations

from celery import shared_task

from .services import fraud, retention


@shared_task(name="security.retain")
def retain() -> dict[str, int]:
    """Every hour: removes what the records of security keep too long."""
    return retention.retain()


@shared_task(name="security.score_recent")
def score_recent() -> int:
    """Every minute: looks at the accounts of which something was reported, and raises alerts; how many it looked at."""
    return fraud.score_recent()

from __future__ import annotations

from celery import shared_task

from .services import facts, stray_files, visits


# -- pictures
@shared_task(name="profiles.sweep_stray_files")
def sweep_stray_files() -> int:
    """Every 6 h: deletes files of pictures that no row has named for a day."""
    return stray_files.sweep()


# -- visits and facts
@shared_task(name="profiles.count_facts")
def count_facts() -> int:
    """Every hour: counts anew how creators answer."""
    return facts.count_facts()


@shared_task(name="profiles.flush_looks")
def flush_looks() -> int:
    """Every 30 s: moves who looked at whose page from Redis into the database."""
    return visits.flush()


@shared_task(name="profiles.retain_visits")
def retain_visits() -> int:
    """Every hour: forgets visits that are older than 90 days."""
    return visits.retain()

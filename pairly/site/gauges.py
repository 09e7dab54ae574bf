"""What is looked up when somebody asks for metrics: this process, its pool, PostgreSQL and Redis.

Each look is bounded in time, and one that fails takes its own gauges out of the answer and says so in
`pairly_scrape_part_ok`; a number that nobody knows is never shown as 0. All numbers of the database come from one
statement over partial indexes.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pairly.common import redis_health
from pairly.common.jobs import list_runs
from pairly.common.process_state import state
from pairly.common.version import get_version
from security import event_log

PATIENCE_S = 2.0
STATEMENT_MS = 1_500
STARTED_AT = time.time()

# name -> help. Ages are of the oldest row and 0 when there is none; a message counts from 5 s on, as for the sweeper.
DATABASE_GAUGES = {
    "pairly_outbox_pending": "Mails, pushes and jobs in the outbox that are due and were not delivered yet.",
    "pairly_outbox_oldest_age_seconds": "How long the oldest of them has been due for its first or next try.",
    "pairly_outbox_dead": "Rows of the outbox that were given up after the last try.",
    "pairly_overdue_holds": "Paid messages whose reply window is over and whose credits were not given back yet.",
    "pairly_overdue_holds_oldest_age_seconds": "How long the oldest of them is overdue.",
    "pairly_unpushed_messages": "Stored messages older than 5 s that no channel layer took.",
    "pairly_payouts_waiting_for_balance": "Payouts that wait until our balance with a provider is filled up.",
}
_STATEMENT = """
SELECT outbox.n, outbox.age, dead.n, holds.n, holds.age, unpushed.n, payouts.n
FROM (SELECT count(*) AS n, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS age
      FROM outbox_outboxrow WHERE state = 'pending' AND (deliver_at <= now() OR n_tries > 0)) AS outbox,
     (SELECT count(*) AS n FROM outbox_outboxrow WHERE state = 'dead') AS dead,
     (SELECT count(*) AS n, coalesce(extract(epoch FROM now() - min(expires_at)), 0)::float8 AS age
      FROM credits_hold WHERE state = 'open' AND expires_at <= now()) AS holds,
     (SELECT count(*) AS n FROM messaging_message
      WHERE NOT pushed AND recv_ms < (extract(epoch FROM now()) * 1000)::bigint - 5000) AS unpushed,
     (SELECT count(*) AS n FROM payments_payout
      WHERE status IN ('approved', 'processing') AND reason = 'balance_low') AS payouts
"""
POOL_GAUGES = {
    "pairly_database_pool_size": ("pool_size", "Database connections of this process."),
    "pairly_database_pool_max": ("pool_max", "Database connections that this process may have."),
    "pairly_database_pool_available": ("pool_available", "Database connections that are idle."),
    "pairly_database_pool_waiting": ("requests_waiting", "Threads that wait for a database connection."),
}

# One thread: a look that hangs is waited for once, and the next scrape does not start another.
_thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")
_under_way: dict[str, Future[Any]] = {}


class OwnState(Collector):
    """The gauges of one scrape."""

    def collect(self) -> Iterator[Metric]:
        yield from _process()
        parts: dict[str, Callable[[], list[Metric]]] = {"pool": _pool, "redis": _redis, "database": _database}
        failed: list[str] = []
        for part, look in parts.items():
            try:
                yield from look()
            except Exception:  # whatever it is, the part is unknown, and that is what is said
                failed.append(part)
        parts_ok = GaugeMetricFamily("pairly_scrape_part_ok", "Whether a part could be asked: 1 or 0.", labels=["part"])
        for part in parts:
            parts_ok.add_metric([part], 0 if part in failed else 1)
        yield parts_ok
        yield GaugeMetricFamily("pairly_scrape_ok", "Whether every part could be asked: 1 or 0.", 0 if failed else 1)


def _process() -> list[Metric]:
    build = GaugeMetricFamily("pairly_build_info", "The version that runs.", labels=["version", "commit"])
    build.add_metric([get_version(), settings.PAIRLY_COMMIT], 1)
    events = CounterMetricFamily(
        "pairly_security_events", "Events of the security log by action and outcome.", labels=["action", "outcome"]
    )
    for (action, outcome), n in sorted(event_log.list_counts().items()):
        events.add_metric([action, outcome], n)
    lost = CounterMetricFamily(
        "pairly_security_log_failures", "Events that could not be written to the security log.", event_log.count_lost()
    )
    return [
        build,
        lost,
        GaugeMetricFamily("pairly_requests_in_queue", "HTTP requests with a place of the queue.", state.n_in_flight),
        GaugeMetricFamily("pairly_requests_waiting", "HTTP requests that wait for a place.", state.n_waiting),
        CounterMetricFamily(
            "pairly_requests_overloaded", "Requests answered 503 for want of a place.", state.n_overloaded_total
        ),
        CounterMetricFamily("pairly_sockets_cut_off", "Sockets whose client did not read.", state.n_slow_readers_total),
        CounterMetricFamily("pairly_requests_too_large", "Requests refused for their size.", state.n_too_large_total),
        GaugeMetricFamily("pairly_sockets_open", "Open chat sockets.", state.n_sockets),
        GaugeMetricFamily("pairly_draining", "Whether the process finishes and ends: 1 or 0.", state.is_draining),
        events,
        GaugeMetricFamily("pairly_start_time_seconds", "When the process started, in Unix time.", STARTED_AT),
        GaugeMetricFamily("pairly_memory_resident_bytes", "Memory that the process holds.", _resident_bytes()),
        GaugeMetricFamily(
            "pairly_redis_away", "Whether Redis failed a moment ago and is left alone: 1 or 0.", redis_health.is_away()
        ),
    ]


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # no Linux: the highest so far, in kilobytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def _pool() -> list[Metric]:
    stats = getattr(connection, "pool").get_stats()  # noqa: B009 - PostgreSQL's, unknown to the stubs
    return [GaugeMetricFamily(name, explanation, stats.get(key, 0)) for name, (key, explanation) in POOL_GAUGES.items()]


def _redis() -> list[Metric]:
    """When each periodic job ended well last, and what the ledger's check found. Raises while Redis is away."""
    last = GaugeMetricFamily(
        "pairly_job_last_success_timestamp_seconds",
        "When a periodic job last ended well, in Unix time.",
        labels=["task"],
    )
    differences = GaugeMetricFamily(
        "pairly_ledger_differences", "Invariants of the ledger that did not hold at the last check."
    )
    for name, run in _within_patience("redis", list_runs).items():
        last.add_metric([name], run.ended_at)
        if name == "credits.check_ledger" and run.result is not None:
            differences.add_metric([], run.result)
    return [last, differences]


def _database() -> list[Metric]:
    row = _within_patience("database", _ask_database)
    return [
        GaugeMetricFamily(name, explanation, value)
        for (name, explanation), value in zip(DATABASE_GAUGES.items(), row, strict=True)
    ]


def _ask_database() -> tuple[Any, ...]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(STATEMENT_MS)])
            cursor.execute(_STATEMENT)
            return tuple(cursor.fetchone())
    finally:
        connection.close()


def _within_patience(part: str, look: Callable[[], Any]) -> Any:
    """The answer of `look`, run in a thread. Raises TimeoutError when it takes too long, and until it has ended."""
    before = _under_way.get(part)
    if before is not None and not before.done():
        raise TimeoutError
    _under_way[part] = _thread.submit(look)
    return _under_way[part].result(timeout=PATIENCE_S)

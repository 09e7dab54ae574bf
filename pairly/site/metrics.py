"""What one process counts of its own work, in Prometheus' text format 0.0.4.

A registry of our own, so that nothing is exported that is not listed here and in `gauges`. Each process answers for
itself: with several web processes each is a target of its own. Labels have few values: routes by their name in the URL
configuration, never by what was asked for.
"""

from __future__ import annotations

import threading
from functools import cache

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from . import gauges

# Else each counter has a second series, of no use to us.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# Seconds. Around 5 (the longest that a failing dependency may cost) and 30 (the queue's patience) as well.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

registry = CollectorRegistry(auto_describe=False)
_requests = Counter(
    "pairly_requests_total",
    "Answered HTTP requests by method, route name and status.",
    ["method", "route", "status"],
    registry=registry,
)
_durations = Histogram(
    "pairly_request_duration_seconds",
    "Time from the outermost layer to the answer, by route name.",
    ["route"],
    buckets=BUCKETS,
    registry=registry,
)
_in_flight = Gauge("pairly_requests_in_flight", "HTTP requests that are being answered now.", registry=registry)
_scraping = threading.Lock()
registry.register(gauges.OwnState())


def begin() -> None:
    """A request came in."""
    _in_flight.inc()


def end() -> None:
    """A request was answered, or failed."""
    _in_flight.dec()


def observe(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer. `route` is a name out of the URL configuration, `seconds` how long the answer took."""
    _requests_of(method, route, status).inc()
    _durations_of(route).observe(seconds)


@cache
def _requests_of(method: str, route: str, status: int) -> Counter:
    """Finding a series by its labels costs more than counting."""
    return _requests.labels(method, route, str(status))


@cache
def _durations_of(route: str) -> Histogram:
    return _durations.labels(route)


def render() -> bytes:
    """All metrics as text; asks the database and Redis, each for no longer than `gauges.PATIENCE_S`."""
    with _scraping:
        return generate_latest(registry)

"""What this server process is doing at the moment, for `ready` and `metrics`, and what it does before it ends.

Written from the event loop of the process only (pairly.server, pairly.layers.queue, the sockets); read from any thread.
Everywhere else than in a server process (a worker, a command, a test) all numbers stay 0.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class ProcessState:
    """Numbers of this moment and, as `*_total`, since the process was started."""

    n_in_flight: int = 0
    """HTTP requests that hold a place of the queue (exempt paths hold none)."""

    n_waiting: int = 0
    """HTTP requests that wait for a place."""

    n_sockets: int = 0
    """Open chat sockets, signed in or not yet."""

    n_overloaded_total: int = 0
    """Requests that were answered 503 because no place became free in time, or too many waited."""

    n_too_large_total: int = 0
    """Requests that were refused for the size of their body or their headers."""

    n_too_slow_total: int = 0
    """Requests that were given up because their headers or their body did not come in time."""

    n_slow_readers_total: int = 0
    """Sockets that were cut off because their client did not read."""

    is_draining: bool = False
    """The process was asked to stop: it takes nothing new and finishes what it has."""

    goodbyes: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """What is awaited before the process ends; see `before_end`."""


state = ProcessState()


def is_draining() -> bool:
    """Whether this process finishes its work and ends; `ready` then answers 503, `health` stays as it is."""
    return state.is_draining


def before_end(goodbye: Callable[[], Awaitable[None]]) -> None:
    """Have the server await `goodbye` on its event loop when it is asked to stop, within the time it has for that."""
    state.goodbyes.append(goodbye)

"""Closed-loop clients in processes of their own, counted over one window of time."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkContext
from typing import Any, TypeVar

from pairly.common.sql import close_connections

CLIENTS = 8
WARM_UP_S = 1.5

T = TypeVar("T")
# One step sends one message and raises when it is refused.
Step = Callable[[], None]


def per_second(*, make_step: Callable[[Sequence[T]], Step], items: Sequence[T], seconds: float) -> float:
    """Steps a second of CLIENTS processes together, each with its share of `items`, after a warm-up."""
    close_connections()  # a connection must not be shared across a fork
    context = multiprocessing.get_context("fork")
    results = _start(context, make_step, items, seconds)
    failed = [result for result in results if isinstance(result, str)]
    if failed:
        raise RuntimeError(failed[0])
    return float(sum(results)) / seconds


def _start(context: ForkContext, make_step: Callable[[Sequence[T]], Step], items: Sequence[T], seconds: float) -> Any:
    queue: Any = context.SimpleQueue()
    gate = context.Barrier(CLIENTS)
    children = [
        context.Process(target=_run, args=(make_step, items[i::CLIENTS], seconds, gate, queue), daemon=True)
        for i in range(CLIENTS)
    ]
    for child in children:
        child.start()
    results = [queue.get() for _ in children]
    for child in children:
        child.join()
    return results


def _run(make_step: Callable[[Sequence[T]], Step], items: Sequence[T], seconds: float, gate: Any, queue: Any) -> None:
    try:
        step = make_step(items)
        gc.freeze()  # what was prepared is not the collector's business while the clock runs
        gate.wait()
        start = time.monotonic() + WARM_UP_S
        while time.monotonic() < start:
            step()
        n, end = 0, start + seconds
        while time.monotonic() < end:
            step()
            n += 1
        queue.put(n)
    except Exception as error:
        gate.abort()
        queue.put(f"{type(error).__name__}: {error}")
    finally:
        close_connections()

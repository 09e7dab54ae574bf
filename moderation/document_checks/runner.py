"""Runs layers side by side, each to its deadline.

A thread cannot be ended from outside. One that hangs is left behind: its layer is *unknown* at the deadline and nobody
waits for it. So that a series of such files cannot fill the process, no more than `ABANDONED_MAX` may hang at a time;
then layers are unknown at once, until some end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from queue import Empty, SimpleQueue

import structlog
from django.db import connections

from .errors import NotAssessable
from .types import MAXIMA, LayerName, LayerResult, Reason

log = structlog.get_logger(__name__)
ABANDONED_MAX = 24

_lock = threading.Lock()
_abandoned: set[threading.Thread] = set()


def run(
    *, layers: Mapping[LayerName, Callable[[], LayerResult]], seconds: float, room: int = ABANDONED_MAX
) -> dict[LayerName, LayerResult]:
    """The result of each layer, in `seconds` (of the clock on the wall) whatever they do. Raises nothing of theirs."""
    if _hanging() > room - len(layers):
        return {name: unknown(code="busy") for name in layers}
    begun = time.monotonic()
    answers: SimpleQueue[tuple[LayerName, LayerResult]] = SimpleQueue()
    threads = {name: _start(name=name, work=work, answers=answers) for name, work in layers.items()}
    results: dict[LayerName, LayerResult] = {}
    while len(results) < len(threads):
        try:
            name, result = answers.get(timeout=max(begun + seconds - time.monotonic(), 0))
        except Empty:
            break
        results[name] = result
    ms = round((time.monotonic() - begun) * 1000)
    for name in threads.keys() - results.keys():
        log.warning("document_layer_timed_out", layer=name, ms=ms)
        with _lock:
            _abandoned.add(threads[name])
        results[name] = replace(unknown(code="timed_out"), ms=ms)
    return {name: results[name] for name in layers}


def unknown(*, code: str) -> LayerResult:
    """A layer that does not know, and why."""
    return LayerResult(score=0, reasons=(Reason(code=code),), assessable=False)


def _hanging() -> int:
    with _lock:
        _abandoned.difference_update([thread for thread in _abandoned if not thread.is_alive()])
        return len(_abandoned)


def _start(
    *, name: LayerName, work: Callable[[], LayerResult], answers: SimpleQueue[tuple[LayerName, LayerResult]]
) -> threading.Thread:
    def target() -> None:
        begun = time.monotonic()
        try:
            result = _bounded(name=name, result=work())
        except NotAssessable as error:
            result = unknown(code=error.code)
        except Exception:  # a layer's defect is not the submission's fault, and no reason to lose the other layers
            log.exception("document_layer_failed", layer=name)
            result = unknown(code="failed")
        finally:
            connections.close_all()  # this thread's own, which a lookup may have opened
        answers.put((name, replace(result, ms=round((time.monotonic() - begun) * 1000))))

    thread = threading.Thread(target=target, name=f"document-{name}", daemon=True)
    thread.start()
    return thread


def _bounded(*, name: LayerName, result: LayerResult) -> LayerResult:
    return replace(result, score=min(max(result.score, 0), MAXIMA[name]))

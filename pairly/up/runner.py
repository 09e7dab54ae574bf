"""Starting the product's processes together, watching them, stopping them in order."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from pairly.embedded.servers import InUse

from .children import Child, fetch_json
from .errors import UpFailed

POLL_SECONDS = 0.2
FORCED_EXIT_CODE = 130


class Stopped(Exception):
    """Ctrl-C, SIGTERM or a closed terminal while starting."""


class StopRequest:
    """The first Ctrl-C, SIGTERM or hang-up asks for a clean stop; the second calls `force`."""

    def __init__(self) -> None:
        self.force: Callable[[], None] = lambda: None
        self._event = threading.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle the signals inside the block. A hang-up ignored by our starter (nohup) stays ignored."""
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._event.is_set():
            self.force()
            os._exit(FORCED_EXIT_CODE)
        self._event.set()

    def raise_if_asked(self) -> None:
        """Raise Stopped once a stop was asked for."""
        if self._event.is_set():
            raise Stopped

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; True when a stop was asked for."""
        return self._event.wait(seconds)


class Group:
    """The children of one `up`."""

    def __init__(self, children: Sequence[Child], *, servers: InUse | None, stop: StopRequest) -> None:
        self.children = children
        self.servers = servers
        self.stop_request = stop
        stop.force = self.kill

    def start(self, *, seconds: float = 60) -> None:
        """Start all at once and wait until each is ready. Raises UpFailed or Stopped."""
        deadline = time.monotonic() + seconds
        for child in self.children:
            child.start()
        for child in self.children:
            child.wait_ready(deadline=deadline, check=self.check)

    def check(self) -> None:
        """Raise Stopped when asked to stop, UpFailed when a child or an embedded server has ended."""
        self.stop_request.raise_if_asked()
        self._require_all_running()

    def _require_all_running(self) -> None:
        for child in self.children:
            child.raise_if_dead()
        if self.servers is not None and (failure := self.servers.find_failure()) is not None:
            raise UpFailed(failure)

    def find_degraded(self, *, health_url: str, seconds: float = 10) -> str | None:
        """Wait until every part reports itself well: None, or after `seconds` the names of those that do not."""
        deadline = time.monotonic() + seconds
        while True:
            document = fetch_json(health_url) or {}
            failed = [name for name, state in document.get("checks", {}).items() if state != "ok"]
            if document.get("status") == "ok":
                return None
            if time.monotonic() > deadline:
                return ", ".join(failed) or "no health document"
            self.check()

    def watch(self) -> None:
        """Return when asked to stop; raise UpFailed when something ends by itself: nothing is restarted."""
        while not self.stop_request.wait(POLL_SECONDS):
            self._require_all_running()

    def stop(self) -> None:
        """Stop all: each is asked in order, then waited for."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop()

    def kill(self) -> None:
        """Stop all at once."""
        for child in self.children:
            child.kill()
        if self.servers is not None:
            self.servers.leave(seconds=5)

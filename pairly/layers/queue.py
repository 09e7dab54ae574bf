"""The request queue: so many HTTP requests at once, the others wait their turn, and who waits too long is told so.

Django starts a thread for the synchronous part of each request, and a second one that waits for its end
(asgiref.sync.ThreadSensitiveContext): 500 requests at once would be up to 1,000 threads. A request gives its place back
when its thread has ended, also when the client has gone meanwhile, so that there are at most two for each place.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext

from pairly.common import bare_answers
from pairly.common.problems import Overloaded
from pairly.common.process_state import ProcessState, state

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# What tells whether the process is well must be answered when it is not; files cost next to nothing.
EXEMPT_PATHS = frozenset(
    {"/api/"} | {f"{mount}/{name}" for mount in ("", "/api", "/api/v1") for name in ("health", "ready", "metrics")}
)
EXEMPT_RUNNING = 16
RETRY_AFTER_SECONDS = 5
LOG_EVERY_SECONDS = 10.0


class Lane:
    """`n_places` places and, in the order in which they came, those who wait for one. Used from one event loop."""

    def __init__(self, *, n_places: int, state: ProcessState) -> None:
        self._n_free = n_places
        self._n_places = n_places
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._state = state

    @property
    def n_waiting(self) -> int:
        return len(self._waiting)

    def take(self) -> bool:
        """Take a free place. False when there is none; while anybody waits there is none."""
        is_free = self._n_free > 0
        self._n_free -= is_free
        self._tell()
        return is_free

    def line_up(self) -> asyncio.Future[None]:
        """Stand at the end of the line; the future is done when one has the place."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        self._tell()
        return turn

    def leave_line(self, turn: asyncio.Future[None]) -> None:
        """Stop waiting."""
        self._waiting.pop(turn, None)
        self._tell()

    def give_back(self) -> None:
        """The place is free: it goes to whoever has waited longest."""
        if self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            turn.set_result(None)
        else:
            self._n_free += 1
        self._tell()

    def _tell(self) -> None:
        self._state.n_in_flight = self._n_places - self._n_free
        self._state.n_waiting = len(self._waiting)


class Inbox:
    """What the server hands to a request. While the request waits it is read ahead, to see whether somebody left."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._early: deque[Message] = deque()
        self.is_gone = False

    async def watch(self) -> None:
        """Returns when the client is gone."""
        while not self.is_gone:
            message = await self._receive()
            self._early.append(message)
            self.is_gone = message["type"] == "http.disconnect"

    async def receive(self) -> Message:
        """The next message, those read ahead first."""
        return self._early.popleft() if self._early else await self._receive()


class RequestQueue:
    """An ASGI application around another. Answers 503 `overloaded` to a request that got no place.

    At most `n_running` run and `n_waiting_max` wait, each for at most `wait_s` seconds. Health, readiness, metrics and
    static files have a small lane of their own.
    """

    def __init__(self, application: Application, *, n_running: int, wait_s: float, n_waiting_max: int) -> None:
        self._application = application
        self._wait_s = wait_s
        self._n_waiting_max = n_waiting_max
        self._requests = Lane(n_places=n_running, state=state)
        self._exempt = Lane(n_places=EXEMPT_RUNNING, state=ProcessState())
        self._static = urlsplit(settings.STATIC_URL).path
        self._logged_at = -LOG_EVERY_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        is_exempt = path in EXEMPT_PATHS or path.startswith(self._static)
        lane = self._exempt if is_exempt else self._requests
        inbox = Inbox(receive)
        if lane.take() or await self._wait(lane, inbox):
            try:
                await self._application(scope, inbox.receive, send)
            finally:
                lane.give_back()
        elif not inbox.is_gone:
            await self._refuse(path, send)

    async def _wait(self, lane: Lane, inbox: Inbox) -> bool:
        """Whether one has a place in the end; not so a client that left or had to wait too long."""
        if lane.n_waiting >= self._n_waiting_max:
            return False
        turn = lane.line_up()
        watch = asyncio.ensure_future(inbox.watch())
        is_served = False
        try:
            await asyncio.wait({turn, watch}, timeout=self._wait_s, return_when=asyncio.FIRST_COMPLETED)
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            is_served = turn.done() and not inbox.is_gone
        finally:
            watch.cancel()
            lane.leave_line(turn)
            if turn.done() and not is_served:
                lane.give_back()
        return is_served

    async def _refuse(self, path: str, send: Send) -> None:
        state.n_overloaded_total += 1
        if time.monotonic() - self._logged_at >= LOG_EVERY_SECONDS:  # a flood of requests is no flood of log lines
            self._logged_at = time.monotonic()
            log.warning("requests_overloaded", n_overloaded_total=state.n_overloaded_total, n_waiting=state.n_waiting)
        answer = bare_answers.refuse(
            path=path,
            status=Overloaded.status,
            code=Overloaded.code,
            title=str(Overloaded.title),
            detail=gettext("Nothing was done. Wait a few seconds, then try again."),
            retry_after_s=RETRY_AFTER_SECONDS,
            hsts_s=settings.SECURE_HSTS_SECONDS,
        )
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
        await send({"type": "http.response.body", "body": answer.body})

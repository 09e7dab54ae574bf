"""Which sign-in has which sockets in this process, and the watch that closes them when it ends.

A push through Redis closes them at once; this poll of PostgreSQL every 2 s does it when Redis is away. When the process
ends, all are closed in order.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Protocol

import structlog
from django.utils import timezone

from pairly.common.process_state import before_end, state
from pairly.common.threads import in_thread
from users import selectors as people

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
CLOSE_COME_BACK = 1012  # "service restart" of the IANA registry of close codes: the client connects anew and resumes


class Socket(Protocol):
    async def end(self) -> None: ...
    async def leave(self, code: int) -> None: ...


class OpenSockets:
    """The registry of one process; used from its event loop only."""

    def __init__(self) -> None:
        self._all: set[Socket] = set()
        self._by_family: dict[uuid.UUID, set[Socket]] = defaultdict(set)
        self._crowds: Counter[str] = Counter()
        self._crowd_of: dict[Socket, str] = {}
        self._watch: asyncio.Task[None] | None = None

    def opened(self, socket: Socket) -> None:
        """Count a socket, signed in or not yet."""
        self._all.add(socket)
        state.n_sockets = len(self._all)

    def closed(self, socket: Socket) -> None:
        self._all.discard(socket)
        self.leave_crowd(socket)
        state.n_sockets = len(self._all)

    def join_crowd(self, socket: Socket, *, name: str, most: int) -> bool:
        """Have `socket` count for `name`, a network or an account, instead of what it counted for; False where `most`
        do so already."""
        if self._crowds[name] >= most:
            return False
        self.leave_crowd(socket)
        self._crowds[name] += 1
        self._crowd_of[socket] = name
        return True

    def leave_crowd(self, socket: Socket) -> None:
        name = self._crowd_of.pop(socket, None)
        if name is not None:
            self._crowds[name] -= 1
            if not self._crowds[name]:
                del self._crowds[name]

    async def close_all(self, code: int = CLOSE_COME_BACK) -> None:
        """Close every socket, each after the frame that it has in hand was answered. Returns when all are closed."""
        await asyncio.gather(*(socket.leave(code) for socket in list(self._all)), return_exceptions=True)

    def join(self, family: uuid.UUID, socket: Socket) -> None:
        self._by_family[family].add(socket)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.ensure_future(self._close_ended())

    def leave(self, family: uuid.UUID, socket: Socket) -> None:
        self._by_family[family].discard(socket)
        if not self._by_family[family]:
            del self._by_family[family]

    async def _close_ended(self) -> None:
        """Runs while there are sockets. Each round looks back far enough to miss no late commit."""
        while self._by_family:
            await asyncio.sleep(POLL_SECONDS)
            try:
                since = timezone.now() - timedelta(seconds=30)
                ended = await in_thread(people.list_ended_families)(since=since)
            except Exception as error:  # the database is away: the next round looks again
                log.warning("session_watch_failed", error=type(error).__name__)
                continue
            for family in ended:
                for socket in list(self._by_family.get(family, ())):
                    await socket.end()


open_sockets = OpenSockets()
before_end(open_sockets.close_all)

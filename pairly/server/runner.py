"""Daphne's server with an end: what was begun is finished, then the process goes."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from typing import Any

# Before anything else of Twisted: it installs the reactor.
from daphne.server import Server as DaphneServer  # isort: skip

import structlog
from daphne.server import reactor
from twisted.internet.endpoints import serverFromString
from twisted.logger import globalLogBeginner

from pairly.common.process_state import state

from .limits import Patience
from .requests import Factory
from .sockets import Socket, SocketFactory

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.02
GOING_AWAY = 1012  # "service restart" of the IANA registry of close codes: come back
ACCEPT_ROUNDS = 8


class Server(DaphneServer):  # type: ignore[misc]
    """Daphne's, which ends on SIGTERM and SIGINT within `drain_s` seconds, and at once on the second."""

    def __init__(self, *, application: Any, endpoints: list[str], drain_s: float, patience: Patience) -> None:
        super().__init__(application=application, endpoints=endpoints, server_name="", verbosity=0)
        self.drain_s = drain_s
        self.patience = patience
        self.n_unfinished = 0
        self._ports: list[Any] = []
        self._ending: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Serve until asked to stop. As the parent's, but for our factory, our signals and what is logged."""
        self.connections: dict[Any, dict[str, Any]] = {}
        self.http_factory = Factory(self, patience=self.patience)
        self.ws_factory = SocketFactory(self, patience=self.patience, server=self.server_name)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,
            openHandshakeTimeout=self.websocket_handshake_timeout,
        )
        globalLogBeginner.beginLoggingTo([_log_failures], redirectStandardIO=False, discardBuffer=True)
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        for description in self.endpoints:
            listener = serverFromString(reactor, description).listen(self.http_factory)
            listener.addCallback(self.listen_success)
            listener.addErrback(self.listen_error)
            self.listeners.append(listener)
        loop = reactor._asyncioEventloop
        asyncio.set_event_loop(loop)
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain, number)
        if not self.abort_start:
            reactor.run(installSignalHandlers=False)

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self._ports.append(port)

    # -- sockets ------------------------------------------------------------------------------------------
    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """As the parent's; a socket's frames wait in a queue of ours."""
        if not isinstance(protocol, Socket):
            return super().create_application(protocol, scope)
        scope.setdefault("asgi", {"version": "3.0"})
        queue, send = protocol.make_queue(), partial(self.handle_reply, protocol)
        running = asyncio.ensure_future(self.application(scope=scope, receive=queue.get, send=send))
        self.connections[protocol]["application_instance"] = running
        return queue

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """As the parent's. To a socket whose client reads slowly this takes until there is room."""
        if not isinstance(protocol, Socket):
            await super().handle_reply(protocol, message)
        elif "disconnected" not in self.connections.get(protocol, {"disconnected": 0}):
            protocol.handle_reply(message)
            if protocol.is_full:
                await protocol.drained()

    # -- the end ------------------------------------------------------------------------------------------
    def _drain(self, number: int) -> None:
        if state.is_draining:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        state.is_draining = True
        log.info("server_draining", n_in_flight=state.n_in_flight, n_sockets=state.n_sockets)
        for port in self._ports:
            _close(port)
        for channel in list(self.http_factory.channels):
            channel.drain()
        self._ending = asyncio.ensure_future(self._end())

    async def _end(self) -> None:
        until = asyncio.get_running_loop().time() + self.drain_s
        try:
            async with asyncio.timeout_at(until):
                await asyncio.gather(*(goodbye() for goodbye in state.goodbyes), return_exceptions=True)
                for socket in self._list_sockets():  # of an application that said no goodbye
                    socket.serverClose(code=GOING_AWAY)
                while self._count_unfinished():  # noqa: ASYNC110 - Daphne's table of connections tells nobody
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            self.n_unfinished = self._count_unfinished()
            log.warning("server_drain_unfinished", n_unfinished=self.n_unfinished, drain_s=self.drain_s)
        finally:
            self.stop()

    def _list_sockets(self) -> list[Any]:
        return [p for p, row in self.connections.items() if isinstance(p, Socket) and "disconnected" not in row]

    def _count_unfinished(self) -> int:
        running = sum(
            "application_instance" in row and not row["application_instance"].done()
            for row in self.connections.values()
        )
        return max(running, len(self.http_factory.channels), len(self._list_sockets()))

    def kill_all_applications(self) -> Any:
        """As the parent's, which fails when a connection has no application yet, and waits for ever for a thread that
        hangs: what is left is left.
        """
        if self.n_unfinished:
            return None
        for protocol in [p for p, row in self.connections.items() if "application_instance" not in row]:
            del self.connections[protocol]
        return super().kill_all_applications()


def _close(port: Any) -> None:
    """Stop listening. Who has connected already is served: the kernel would reset those that it has queued for us."""
    for _ in range(ACCEPT_ROUNDS):  # each takes as many as came at once before
        port.doRead()
    port.stopListening()


def _log_failures(event: Any) -> None:
    """Of what Twisted logs only defects are kept."""
    failure = event.get("log_failure")
    if failure is not None:
        log.error("server_failure", exc_info=(failure.type, failure.value, failure.getTracebackObject()))

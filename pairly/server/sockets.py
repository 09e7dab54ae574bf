"""One socket as Daphne knows it: it closes with the codes that are the server's to use, and holds little in memory for
a client that does not read or that writes faster than it is served.

What a client has not read fills the kernel's buffer, then the transport's. Then the application's `send` waits, so that
nothing more is made for it, and after `patience.reader_s` the client is cut off: it may connect anew and resume. What a
client sends ahead waits in the kernel, and in the end with the client itself.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from messaging.constants import FRAME_MAX_BYTES
from pairly.common.process_state import state

from .limits import Patience

log = structlog.get_logger(__name__)

FIRST_OWN_CODE, NOT_UTF_8 = 3000, 1007
# Frames of a client that wait for the application before its connection is not read any more.
FRAMES_AHEAD = 32
# What the kernel keeps for a client that does not read; by itself it would grow to megabytes.
KERNEL_BUFFER_BYTES = 64 * 1024

OUTPUT, INPUT = "output", "input"


class InputQueue(asyncio.Queue[dict[str, Any]]):
    """What came from a client and the application has not taken yet; `on_taken` hears of each that it takes."""

    def __init__(self, *, on_taken: Callable[[], None]) -> None:
        super().__init__()
        self._on_taken = on_taken

    def _get(self) -> dict[str, Any]:
        message: dict[str, Any] = super()._get()
        self._on_taken()
        return message


class Socket(WebSocketProtocol):  # type: ignore[misc]
    """Daphne's, as the producer of its own transport: it hears when the client reads too slowly."""

    patience = Patience()

    def connectionMade(self) -> None:
        self._waits_for: set[str] = set()  # why nothing is read from the client
        self._drained: asyncio.Future[None] | None = None
        self._cut: Any = None
        self.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        self.transport.unregisterProducer()  # the HTTP channel's, whose connection this was
        self.transport.registerProducer(self, True)
        super().connectionMade()

    def connectionLost(self, reason: Any) -> None:
        self._set_drained()
        super().connectionLost(reason)

    def serverClose(self, code: int | None = None) -> None:
        """Close with `code`. Autobahn takes 1000 and from 3000 on only: 1009 and 1012 would be errors (1011)."""
        if code is None or code >= FIRST_OWN_CODE:
            super().serverClose(code)
        elif self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code, isReply=False)

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        """As autobahn's. Where nothing waits, what the kernel takes at once goes at once: through the transport each
        write asks the kernel twice to watch the connection, and takes another turn of the loop.
        """
        transport = self.transport
        waits = transport.dataBuffer or transport._tempDataBuffer or self.send_queue or sync or chopsize
        if not waits and transport.connected and not transport.disconnecting:
            with suppress(OSError):  # it takes nothing now, or it is gone: the transport finds out which
                data = data[transport.getHandle().send(data) :]
            if not data:
                return
        super().sendData(data, sync, chopsize)

    # -- out: what the transport says of its buffer -------------------------------------------------------
    def pauseProducing(self) -> None:
        """The client reads too slowly. What it sends is not read either: its answers would have nowhere to go."""
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
            self._cut = self.factory.reactor.callLater(self.patience.reader_s, self._cut_off)
            self._wait_for(OUTPUT)

    def resumeProducing(self) -> None:
        """Everything was written."""
        self._set_drained()
        self._go_on(OUTPUT)

    def stopProducing(self) -> None:
        """The connection is gone."""
        self._set_drained()

    @property
    def is_full(self) -> bool:
        """Whether the transport has more than it likes to hold."""
        return self._drained is not None

    async def drained(self) -> None:
        """Return when there is room for more, or when there is nobody any more to send it to."""
        if self._drained is not None:
            await asyncio.shield(self._drained)

    def _set_drained(self) -> None:
        drained, self._drained = self._drained, None
        if drained is None:
            return
        if self._cut.active():
            self._cut.cancel()
        if not drained.done():
            drained.set_result(None)

    def _cut_off(self) -> None:
        state.n_slow_readers_total += 1
        log.info("socket_cut_off", seconds=self.patience.reader_s)
        self.wasNotCleanReason = "the client does not read"
        self.dropConnection(abort=True)

    # -- in -----------------------------------------------------------------------------------------------
    def make_queue(self) -> InputQueue:
        """Where the application takes the client's frames from."""
        return InputQueue(on_taken=self._on_taken)

    def onMessage(self, payload: bytes, is_binary: bool) -> None:
        try:
            super().onMessage(payload, is_binary)
        except UnicodeDecodeError:
            self.sendCloseFrame(code=NOT_UTF_8, isReply=False)
            return
        if self.application_queue.qsize() >= FRAMES_AHEAD:
            self._wait_for(INPUT)

    def _on_taken(self) -> None:
        if INPUT in self._waits_for and self.application_queue.qsize() < FRAMES_AHEAD // 2:
            self._go_on(INPUT)

    def _wait_for(self, why: str) -> None:
        if not self._waits_for:
            self.transport.pauseProducing()
        self._waits_for.add(why)

    def _go_on(self, why: str) -> None:
        if why in self._waits_for:
            self._waits_for.discard(why)
            if not self._waits_for and self.transport is not None and self.transport.connected:
                self.transport.resumeProducing()


class SocketFactory(WebSocketFactory):  # type: ignore[misc]
    protocol = Socket

    def __init__(self, server_class: Any, *, patience: Patience, **how: Any) -> None:
        super().__init__(server_class, **how)
        self.patience = patience
        # A frame that is too large, or is none, is answered by a close frame with its code, and its bytes are not kept.
        # What is not UTF-8 is found by decoding it (`onMessage`): autobahn's check takes a hundred times as long.
        self.setProtocolOptions(
            failByDrop=False,
            maxMessagePayloadSize=FRAME_MAX_BYTES,
            maxFramePayloadSize=FRAME_MAX_BYTES,
            utf8validateIncoming=False,
        )

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.patience = self.patience
        return protocol

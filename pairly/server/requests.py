"""One HTTP request as Daphne knows it, with its size counted and its last words made ours."""

from __future__ import annotations

from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from django.utils.translation import gettext

from pairly.common import bare_answers
from pairly.common.process_state import state

from .channel import HSTS_SECONDS, Channel
from .limits import Patience


class Request(WebRequest):  # type: ignore[misc]
    """Daphne's request. `max_bytes` is set at the end of the headers."""

    max_bytes = 0

    def __init__(self, channel: Channel, queued: object) -> None:
        # Twisted would parse forms a second time, all of it in memory. Django does it when a view asks.
        super().__init__(channel, queued, parsePOSTFormSubmission=False)
        self._n_received = 0

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.is_refused:
            return
        self._n_received += len(data)
        if self._n_received > self.max_bytes:
            self.channel.refuse_too_large()
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        # Daphne takes it from anybody: a client could name a prefix that makes any address look like a static file.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        channel = self.channel
        done = super().process()
        if self.transport is None:  # handed to the WebSocket protocol
            channel.detach()
        return done

    def handle_reply(self, message: dict[str, Any]) -> None:
        super().handle_reply(message)
        if message["type"] == "http.response.start" and state.is_draining and self.channel is not None:
            self.responseHeaders.setRawHeaders(b"Connection", [b"close"])
            self.channel.persistent = 0

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """What is answered when the application did not: in our form, and saying nothing of what went wrong."""
        is_ours = status >= 500
        title = gettext("Something went wrong on our side") if is_ours else gettext("The request could not be read.")
        answer = bare_answers.refuse(
            path=(self.path or b"/").decode("latin-1"),
            status=status,
            code="internal_error" if is_ours else "malformed",
            title=title,
            detail=title,
            hsts_s=HSTS_SECONDS,
        )
        if not self._response_started:
            self.handle_reply({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
        self.handle_reply({"type": "http.response.body", "body": answer.body})


class Factory(HTTPFactory):  # type: ignore[misc]
    """Makes our channels and knows those that are open."""

    protocol = Channel

    def __init__(self, server: Any, *, patience: Patience) -> None:
        super().__init__(server)
        self.timeOut = patience.keep_alive_s
        self.patience = patience
        self.channels: set[Channel] = set()

    def buildProtocol(self, addr: Any) -> Channel:
        channel: Channel = super().buildProtocol(addr)
        channel.requestFactory = Request
        channel.patience = self.patience
        return channel

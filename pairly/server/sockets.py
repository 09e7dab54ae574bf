"""One socket as Daphne knows it, which can also close with the codes that are the server's to use."""

from __future__ import annotations

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

FIRST_OWN_CODE = 3000


class Socket(WebSocketProtocol):  # type: ignore[misc]
    def serverClose(self, code: int | None = None) -> None:
        """Close with `code`. Autobahn takes 1000 and from 3000 on only: 1009 and 1012 would be errors (1011)."""
        if code is None or code >= FIRST_OWN_CODE:
            super().serverClose(code)
        elif self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code, isReply=False)


class SocketFactory(WebSocketFactory):  # type: ignore[misc]
    protocol = Socket

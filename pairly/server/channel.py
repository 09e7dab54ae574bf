"""One HTTP connection: limits at the end of the headers, deadlines, refusals that the client can read, and its end."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from django.utils.translation import gettext
from twisted.web.http import HTTPChannel

from pairly.common import bare_answers
from pairly.common.process_state import state
from pairly.settings import environment

from .limits import Patience, body_max_bytes

log = structlog.get_logger(__name__)

# After a refusal the client may still be sending. Closing at once would reset the connection and could take the answer
# away from it before it was read (RFC 9112, 9.6): we read on for a little, and never much.
LINGER_SECONDS = 2.0
LINGER_BYTES = 256_000
CONTENT_LENGTH_DIGITS = 15
HSTS_SECONDS = 31_536_000 if environment.PUBLIC_URL.startswith("https://") else 0

FRESH, HEADERS, BODY, HANDLING, IDLE = "fresh", "headers", "body", "handling", "idle"


class Channel(HTTPChannel):  # type: ignore[misc]
    """Twisted's, with our limits. `patience` and `is_draining` are the factory's."""

    patience = Patience()

    def __init__(self) -> None:
        super().__init__()
        self.is_refused = False
        self._has_had_request = False
        self._n_lingered = 0
        self._phase = ""
        self._deadline: Any = None

    # -- phases and their deadlines -----------------------------------------------------------------------
    def connectionMade(self) -> None:
        super().connectionMade()
        self.factory.channels.add(self)
        self._update_phase()

    def dataReceived(self, data: bytes) -> None:
        if self.is_refused:
            self._discard(data)
            return
        super().dataReceived(data)
        self._update_phase()

    def requestDone(self, request: Any) -> None:
        super().requestDone(request)
        self._update_phase()

    def connectionLost(self, reason: Any) -> None:
        self._set_deadline(0)
        self.factory.channels.discard(self)
        super().connectionLost(reason)

    def detach(self) -> None:
        """The connection is a socket's now."""
        self._set_deadline(0)
        self.factory.channels.discard(self)

    def _find_phase(self) -> str:
        if self._handlingRequest:
            return HANDLING
        if not self.line_mode:
            return BODY
        if self.requests or self._buffer:
            return HEADERS
        return IDLE if self._has_had_request else FRESH

    def _update_phase(self) -> None:
        phase = self._find_phase()
        if self.is_refused or phase == self._phase:
            return
        self._has_had_request |= phase == HANDLING
        if phase in (FRESH, HEADERS):
            if self._phase != FRESH:  # the time for the first headers began with the connection
                self._set_deadline(self.patience.headers_s)
        elif phase == BODY:
            self._set_deadline(self.patience.for_body(self.length or self.requests[-1].max_bytes))
        else:  # Twisted's own timer ends a connection that idles
            self._set_deadline(0)
        self._phase = phase

    def _set_deadline(self, seconds: float) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = self.callLater(seconds, self._end_too_slow) if seconds else None

    def _end_too_slow(self) -> None:
        if self._phase == FRESH:  # a browser that connected ahead of need
            self.loseConnection()
            return
        state.n_too_slow_total += 1
        self.refuse(
            HTTPStatus.REQUEST_TIMEOUT, "timeout", gettext("The request did not arrive in time. Send it again.")
        )

    # -- what is refused ----------------------------------------------------------------------------------
    def lineReceived(self, line: bytes) -> None:
        if self.is_refused:
            return
        if line[:1] in (b" ", b"\t"):
            # A header folded over lines: another server may read it in another way (RFC 9112, 5.2).
            self.refuse_malformed()
        elif self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self._refuse_headers()
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        self._refuse_headers()

    def rawDataReceived(self, data: bytes) -> None:
        if not self.is_refused:
            super().rawDataReceived(data)

    def headerReceived(self, line: bytes) -> bool:
        if self.is_refused:
            return False
        if self._receivedHeaderCount >= self.maxHeaders:
            self._refuse_headers()
            return False
        name, _, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        is_wrong = (name == b"content-length" and len(value) > CONTENT_LENGTH_DIGITS) or (
            # Twisted also takes "identity", which is no longer one (RFC 9112, 7): servers disagree about it.
            name == b"transfer-encoding" and value.lower() != b"chunked"
        )
        if is_wrong:
            self.refuse_malformed()
            return False
        return bool(super().headerReceived(line)) and not self.is_refused

    def allHeadersReceived(self) -> None:
        request = self.requests[-1]
        kind = request.requestHeaders.getRawHeaders(b"Content-Type") or [b""]
        request.max_bytes = body_max_bytes(uri=self._path, content_type=kind[0])
        if self.length is not None and self.length > request.max_bytes:
            self.refuse_too_large()
        else:
            super().allHeadersReceived()

    def allContentReceived(self) -> None:
        if not self.is_refused:
            super().allContentReceived()

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        return bool(super().checkPersistence(request, version)) and not state.is_draining

    def refuse_too_large(self) -> None:
        """413: the body is larger than this address takes."""
        state.n_too_large_total += 1
        self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", gettext("The request is too large."))

    def refuse_malformed(self) -> None:
        """400: another server might find other borders in what was sent."""
        self.refuse(HTTPStatus.BAD_REQUEST, "malformed", gettext("The request could not be read."))

    def _refuse_headers(self) -> None:
        state.n_too_large_total += 1
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self.refuse(status, "too_large", gettext("The headers of the request are too large."))

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse_malformed()

    def refuse(self, status: HTTPStatus, code: str, title: str) -> None:
        """Answer, take nothing more from this connection, and close it when the client has had time to read."""
        if self.is_refused:
            return
        self.is_refused = True
        path = getattr(self, "_path", b"/api/").split(b"?", 1)[0].decode("latin-1")
        log.info("request_refused", status=int(status), code=code)
        answer = bare_answers.refuse(
            path=path, status=status, code=code, title=title, detail=title, hsts_s=HSTS_SECONDS
        )
        lines = [f"HTTP/1.1 {status} {status.phrase}", *(f"{name}: {value}" for name, value in answer.headers.items())]
        self.transport.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + answer.body)
        self.setTimeout(None)
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self._set_deadline(0)
        self._deadline = self.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def _discard(self, data: bytes) -> None:
        self._n_lingered += len(data)
        if self._n_lingered > LINGER_BYTES:
            self.transport.pauseProducing()

    # -- the end ------------------------------------------------------------------------------------------
    def drain(self) -> None:
        """The process ends: a request in hand is the last of its connection, an idle connection is closed."""
        self.persistent = 0
        if self._phase == IDLE:
            self.transport.doRead()  # what came before we decided is still served
            self._update_phase()
        if self._phase == IDLE:
            self.loseConnection()
        elif self._phase == FRESH:  # its first request is under way, most likely
            self._set_deadline(min(LINGER_SECONDS, self.patience.headers_s))

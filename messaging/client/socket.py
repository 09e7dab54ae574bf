"""The socket transport: authentication by the first frame, acks by ref, pushes in order, resume after a break."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from .http import ApiProblem

RETRY_FIRST_S, RETRY_MAX_S = 0.1, 5.0
CLOSES_FOR_GOOD = {4400, 4401, 4403}  # what was sent was wrong, or the sign-in is not, or no longer, valid


class ChatSocket:
    """A blocking socket of one account; use it as a context manager.

    With `heads`, which gives what the caller has of each conversation, a connection that breaks off (also with 1012:
    the server is restarted) is made anew for up to `timeout_s` seconds: what was missed comes as pushes, and a frame
    that waits for its answer is sent again. A message bears an id: the server takes it once.
    """

    def __init__(
        self, *, url: str, token: str, timeout_s: float = 30, heads: Callable[[], dict[str, int]] | None = None
    ) -> None:
        self.timeout_s = timeout_s
        self.pushes: list[dict[str, Any]] = []
        self.n_reconnects = 0
        self._url, self._token, self._heads = url, token, heads
        self._open()

    def _open(self) -> None:
        self._stack = ExitStack()
        opening = connect(self._url, subprotocols=[Subprotocol("pairly.v1")], proxy=None)
        self.connection: ClientConnection = self._stack.enter_context(opening)
        self.tell({"type": "auth", "token": self._token})
        self.ready = self._receive_once()

    def _reconnect(self, broken: ConnectionClosed) -> None:
        """Raises `broken` when it was closed for good or nobody answers in time."""
        code = broken.rcvd.code if broken.rcvd else None
        if self._heads is None or code in CLOSES_FOR_GOOD:
            raise broken
        deadline, wait_s = time.monotonic() + self.timeout_s, RETRY_FIRST_S
        while True:
            self.close()
            try:
                self._open()
                break
            except (OSError, InvalidHandshake, ConnectionClosed):
                if time.monotonic() + wait_s > deadline:
                    raise broken from None
                time.sleep(wait_s)
                wait_s = min(wait_s * 2, RETRY_MAX_S)
        self.n_reconnects += 1
        self.tell({"type": "resume", "heads": self._heads()})

    def __enter__(self) -> ChatSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._stack.close()

    def tell(self, frame: dict[str, Any]) -> None:
        """Send a frame."""
        self.connection.send(json.dumps(frame))

    def receive(self) -> dict[str, Any]:
        """The next frame of any kind; raises TimeoutError or websockets' ConnectionClosed."""
        while True:
            try:
                return self._receive_once()
            except ConnectionClosed as broken:
                self._reconnect(broken)

    def _receive_once(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.connection.recv(timeout=self.timeout_s))
        return frame

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The next frame of a type; others are kept in `pushes`."""
        while (frame := self.receive())["type"] != kind:
            self.pushes.append(frame)
        return frame

    def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a frame with a ref and wait for its answer; raises ApiProblem for an error."""
        whole = {**frame, "ref": str(uuid.uuid4())}
        while True:
            try:
                self.tell(whole)
                while (answer := self._receive_once()).get("ref") != whole["ref"]:
                    self.pushes.append(answer)
                break
            except ConnectionClosed as broken:
                self._reconnect(broken)
        if answer["type"] == "error":
            raise ApiProblem(answer["problem"]["status"], answer["problem"])
        return answer

    def ask_pong(self) -> None:
        """Whether the connection is still there: returns when the server has answered a ping."""
        self.tell({"type": "ping"})
        self.wait_for("pong")

    def send(self, *, conversation: uuid.UUID, envelope: dict[str, Any]) -> dict[str, Any]:
        """`message.send`; the ack."""
        return self.ask({"type": "message.send", "conversation": str(conversation), "envelope": envelope})

"""The socket transport: authentication by the first frame, acks by ref, pushes in order."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from .http import ApiProblem


class ChatSocket:
    """A blocking socket of one account; use it as a context manager."""

    def __init__(self, *, url: str, token: str, timeout_s: float = 10) -> None:
        self.timeout_s = timeout_s
        self.pushes: list[dict[str, Any]] = []
        self._stack = ExitStack()
        opening = connect(url, subprotocols=[Subprotocol("pairly.v1")], proxy=None)
        self.connection: ClientConnection = self._stack.enter_context(opening)
        self.tell({"type": "auth", "token": token})
        self.ready = self.receive()

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
        frame: dict[str, Any] = json.loads(self.connection.recv(timeout=self.timeout_s))
        return frame

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The next frame of a type; others are kept in `pushes`."""
        while (frame := self.receive())["type"] != kind:
            self.pushes.append(frame)
        return frame

    def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a frame with a ref and wait for its answer; raises ApiProblem for an error."""
        ref = str(uuid.uuid4())
        self.tell({**frame, "ref": ref})
        while (answer := self.receive()).get("ref") != ref:
            self.pushes.append(answer)
        if answer["type"] == "error":
            raise ApiProblem(answer["problem"]["status"], answer["problem"])
        return answer

    def send(self, *, conversation: uuid.UUID, envelope: dict[str, Any]) -> dict[str, Any]:
        """`message.send`; the ack."""
        return self.ask({"type": "message.send", "conversation": str(conversation), "envelope": envelope})

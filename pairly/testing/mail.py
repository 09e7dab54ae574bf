"""A real SMTP server on loopback that behaves as it is told to: accepts, refuses, is down, or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from .ports import free_port

HOST = "127.0.0.1"


class _Silent(asyncio.Protocol):
    """Takes a connection and never says a word."""


class _Controller(Controller):
    def __init__(self, server: MailServer) -> None:
        super().__init__(server, hostname=HOST, port=server.port)
        self._server = server

    def factory(self) -> Any:
        self._server.n_connections += 1
        return _Silent() if self._server.is_hanging else SMTP(self._server, hostname="localhost")


class MailServer:
    """`mails` are those accepted, in the order they came; `refusal` is what to answer instead of accepting one.

    `refuse_to` maps an address to the refusal of it; `on_mail` is called when a mail has come, before the answer.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.n_connections = 0
        self.is_hanging = False
        self.refusal = ""
        self.refuse_to: dict[str, str] = {}
        self.on_mail: Callable[[], object] | None = None
        self._controller: _Controller | None = None

    @property
    def url(self) -> str:
        """For the environment variable EMAIL_URL."""
        return f"smtp://{HOST}:{self.port}"

    @property
    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]

    def start(self) -> None:
        """Listen; the port stays the same over stops."""
        self._controller = _Controller(self)
        self._controller.start()
        self.n_connections = 0  # starting tries a connection of its own

    def stop(self) -> None:
        """Close the port."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refuse_to:
            return self.refuse_to[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.refusal:
            return self.refusal
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        self.mails.append(message_from_bytes(raw, policy=policy.default))
        if self.on_mail:
            self.on_mail()
        return "250 OK"

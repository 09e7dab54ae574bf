"""HTTP by hand: what is sent is exactly what is written, and what comes back is read to the end of the connection."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def connection(url: str) -> Iterator[socket.socket]:
    """A connection with a small buffer for what is sent: what was sent was, nearly all of it, taken by the server."""
    place = urlsplit(url)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64_000)
        connection.settimeout(30)
        connection.connect((place.hostname, place.port))
        yield connection


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def parse(data: bytes) -> list[Answer]:
    """The answers in `data`, each with a Content-Length."""
    answers = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        n_bytes = int(headers.get("content-length", "0"))
        answers.append(Answer(int(first.split()[1]), headers, rest[:n_bytes]))
        data = rest[n_bytes:]
    return answers


def exchange(url: str, data: bytes) -> list[Answer]:
    """Send `data` and read until the server closes the connection."""
    with connection(url) as open_connection:
        open_connection.sendall(data)
        return parse(read_all(open_connection))


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request as bytes, with the Host that every request needs."""
    return "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode() + body

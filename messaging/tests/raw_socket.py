"""A WebSocket made of bytes, for clients that no library would be: those that do not read, and those that flood."""

from __future__ import annotations

import base64
import os
import socket
import struct
from urllib.parse import urlsplit


class RawSocket:
    """A TCP connection after the handshake. Nothing is read but by `read_frame` and `read_all`."""

    def __init__(self, url: str, *, receive_bytes: int = 4096) -> None:
        parts = urlsplit(url)
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.tcp.settimeout(30)
        self.tcp.connect((parts.hostname, parts.port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self.tcp.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head and (more := self.tcp.recv(1)):
            head += more
        self.status = int(head.split()[1])

    def send(self, payload: bytes, *, opcode: int = 1, is_last: bool = True) -> None:
        """One frame, masked with zeros (RFC 6455, 5.2)."""
        n = len(payload)
        if n < 126:
            size = bytes([0x80 | n])
        else:
            size = b"\xfe" + struct.pack(">H", n) if n < 65_536 else b"\xff" + struct.pack(">Q", n)
        self.tcp.sendall(bytes([(0x80 if is_last else 0) | opcode]) + size + bytes(4) + payload)

    def send_for(self, payload: bytes, *, times: int) -> None:
        """The same small frame again and again, for as long as the server takes it."""
        frame = bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload
        self.tcp.settimeout(2)
        try:
            for _ in range(times):
                self.tcp.sendall(frame)
        except OSError:
            pass

    def read_frame(self) -> bytes:
        """The payload of the next frame, of less than 65,536 bytes."""
        _, n = self._take(2)
        return self._take(int.from_bytes(self._take(2), "big") if n == 126 else n)

    def _take(self, n: int) -> bytes:
        taken = b""
        while len(taken) < n and (more := self.tcp.recv(n - len(taken))):
            taken += more
        return taken

    def read_all(self) -> bytes:
        """What was sent, until the server ends the connection."""
        self.tcp.settimeout(60)
        found = b""
        try:
            while more := self.tcp.recv(65_536):
                found += more
        except ConnectionResetError:
            pass
        return found

    def close(self) -> None:
        self.tcp.close()

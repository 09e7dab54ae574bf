"""A push service as RFC 8030 has it, on loopback: it checks who signs (RFC 8292) and answers as it is told."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Received:
    """A push that came in: to which subscription, with which headers and what body, and what its token says."""

    path: str
    headers: dict[str, str]
    body: bytes
    claims: dict[str, Any]


@dataclass
class PushService:
    """`answers` has status and headers by subscription; 201 where there is none. `hangs` are never answered."""

    netloc: str = ""
    received: list[Received] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    hangs: set[str] = field(default_factory=set)
    released: threading.Event = field(default_factory=threading.Event)

    def endpoint(self, name: str) -> str:
        return f"http://{self.netloc}/push/{name}"

    def answer(self, name: str, status: int, **headers: str) -> None:
        self.answers[f"/push/{name}"] = (status, {key.replace("_", "-"): value for key, value in headers.items()})

    def names(self) -> list[str]:
        """Which subscriptions were pushed to, in order."""
        return [one.path.removeprefix("/push/") for one in self.received]


def read_token(authorization: str, *, audience: str) -> dict[str, Any]:
    """The claims of `vapid t=...,k=...`; raises unless the key in it made the signature for this service."""
    scheme, _space, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    if scheme != "vapid" or set(parts) != {"t", "k"}:
        raise ValueError(f"not VAPID: {authorization}")
    point = base64.urlsafe_b64decode(parts["k"] + "=" * (-len(parts["k"]) % 4))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    claims: dict[str, Any] = jwt.decode(
        parts["t"], key, algorithms=["ES256"], audience=audience, options={"require": ["aud", "exp", "sub"]}
    )
    if claims["exp"] > time.time() + 24 * 3600:
        raise ValueError("valid for more than a day (RFC 8292, section 2)")
    return claims


@contextmanager
def running_push_service() -> Iterator[PushService]:
    """One that listens; stopped at the end."""
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path in service.hangs:
                service.released.wait(timeout=30)
                return
            try:
                claims = read_token(self.headers.get("Authorization", ""), audience=f"http://{service.netloc}")
            except (ValueError, jwt.InvalidTokenError) as error:
                service.problems.append(repr(error))
                self.send_error(403)
                return
            service.received.append(Received(self.path, dict(self.headers.items()), body, claims))
            if not self.headers.get("TTL", "").isdigit():  # RFC 8030, section 5.2
                service.problems.append("no TTL")
                self.send_error(400)
                return
            status, headers = service.answers.get(self.path, (201, {"Location": f"http://{service.netloc}/message/1"}))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - what a client makes of some redirects

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.netloc = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        server.server_close()
        thread.join()

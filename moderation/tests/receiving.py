"""A receiver of webhooks on loopback: by https, with a certificate of its own that a test may trust."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Received:
    """A notice that came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`status` is what it answers, with `headers`; `drips` sends its answer a byte at a time, without an end.

    `n_answered` counts bytes of bodies that could be written; `waits` is set when a drip begins, `released` ends it.
    """

    port: int = 0
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    drips: bool = False
    received: list[Received] = field(default_factory=list)
    n_answered: int = 0
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    meeting: threading.Barrier | None = None
    released: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def netloc(self) -> str:
        return f"localhost:{self.port}"

    def url(self, path: str = "/notices") -> str:
        return f"https://{self.netloc}{path}"


@contextmanager
def running_receiver(folder: Path, *, name: str = "localhost") -> Iterator[Receiver]:
    """One that listens, with a certificate for `name`; stopped at the end."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            receiver.received.append(Received(self.path, dict(self.headers.items()), body))
            if receiver.meeting:
                receiver.meeting.wait(timeout=60)
            try:
                self._drip() if receiver.drips else self._answer()
            except OSError:  # they have left
                pass
            finally:
                receiver.ended.set()

        do_GET = do_POST  # noqa: N815 - what a client makes of some redirects

        def _answer(self) -> None:
            self.send_response(receiver.status)
            for key, value in receiver.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            for start in range(0, len(receiver.body), 65536):
                receiver.n_answered += self.wfile.write(receiver.body[start : start + 65536])

        def _drip(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not receiver.released.wait(timeout=0.05):
                self.wfile.write(b"x")
                self.wfile.flush()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket, receiver.trusted = _by_tls(server, folder, name)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _by_tls(server: ThreadingHTTPServer, folder: Path, name: str) -> tuple[ssl.SSLSocket, ssl.SSLContext]:
    """The server's socket by TLS, and a context of clients that trust it and nobody else."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    names: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "receiver.pem"
    file.write_bytes(private + certificate.public_bytes(pem))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    trusting = ssl.create_default_context(cadata=certificate.public_bytes(pem).decode())
    # The handshake is the handler's: a client that does not trust us must not end the loop of the server.
    wrapped = served.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return wrapped, trusting

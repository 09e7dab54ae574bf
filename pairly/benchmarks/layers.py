"""What the layers around every request cost: the same empty view with all of them and with none."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from . import daphne, load

PATH = "/api/v1/empty"
# Of a body with a length and of one in chunks, which it is without the layer that counts it.
ENDS = (b"\r\n\r\n{}", b"\r\n0\r\n\r\n")
_SETTINGS = "pairly.benchmarks.empty_settings"


def with_layers_per_second(*, var_dir: Path, seconds: float) -> float:
    """GETs a second of the empty view through the whole product."""
    with daphne.running(
        application="pairly.asgi:application", var_dir=var_dir, DJANGO_SETTINGS_MODULE=_SETTINGS
    ) as port:
        return load.per_second(make_step=_getting, items=[port] * load.CLIENTS, seconds=seconds)


def bare_per_second(*, var_dir: Path, seconds: float) -> float:
    """GETs a second of the empty view in Django alone, on the same server."""
    env = {"DJANGO_SETTINGS_MODULE": _SETTINGS, "PAIRLY_BENCH_BARE": "1"}
    with daphne.running(application="pairly.benchmarks.empty_asgi:application", var_dir=var_dir, **env) as port:
        return load.per_second(make_step=_getting, items=[port] * load.CLIENTS, seconds=seconds)


def _getting(ports: Sequence[int]) -> load.Step:
    """One client with one connection; reads just as much of HTTP as the answer needs."""
    connection = socket.create_connection(("127.0.0.1", ports[0]))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode()

    def step() -> None:
        connection.sendall(request)
        answer = b""
        while not answer.endswith(ENDS):
            part = connection.recv(65_536)
            if not part:
                raise RuntimeError("the server closed the connection")
            answer += part
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.partition(b"\r\n")[0].decode("latin-1"))

    return step

"""Sockets that are signed in and say nothing: how many a process holds, and what one costs it in memory."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import struct
from dataclasses import dataclass
from pathlib import Path

from security.types import Client
from users import access_tokens
from users.models import Session, User
from users.services import sessions

from . import daphne
from .world import make_people

# Below what one account may have (messaging.consumers.SOCKETS_MAX), and what may wait to sign in from one address.
SOCKETS_EACH = 20
AT_ONCE = 50
# Connections of one source address; beyond it the next loopback address is used.
EACH_ADDRESS = 20_000


@dataclass(frozen=True, slots=True)
class Idle:
    """`kib_each` of resident memory of the server; `n_alive` answered a ping in the end."""

    n: int
    n_alive: int
    kib_each: float
    mib_empty: float
    open_s: float


def measure(*, var_dir: Path, n: int) -> Idle:
    """Open `n` sockets on one process of the product, and look at it."""
    _raise_limit(n + 500)
    tokens = [_token(user) for user in make_people(n=-(-n // SOCKETS_EACH))]
    with daphne.serving(application="pairly.asgi:application", var_dir=var_dir) as (port, pid):
        return asyncio.run(_measure(tokens, port, pid, n))


async def _measure(tokens: list[str], port: int, pid: int, n: int) -> Idle:
    warm = [await _open(port, tokens[0], 0) for _ in range(5)]
    before = resident_kib(pid)
    loop = asyncio.get_running_loop()
    began, gate = loop.time(), asyncio.Semaphore(AT_ONCE)

    async def enter(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with gate:
            return await _open(port, tokens[number // SOCKETS_EACH], number)

    opened = await asyncio.gather(*(enter(number) for number in range(5, n)))
    open_s = loop.time() - began
    after = resident_kib(pid)
    alive = sum(await asyncio.gather(*(_answers(*one) for one in [*warm, *opened])))
    for _, writer in [*warm, *opened]:
        writer.transport.abort()
    return Idle(n, alive, (after - before) / max(1, len(opened)), before / 1024, open_s)


async def _open(port: int, token: str, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """By hand: a library's client would cost this process more than the server."""
    source = f"127.0.0.{1 + number // EACH_ADDRESS}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0), limit=8192)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /api/v1/messages/ws HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head:
        raise RuntimeError(f"no socket: {head[:80]!r}")
    _write(writer, {"type": "auth", "token": token})
    await _wait_for(reader, b'"ready"')
    return reader, writer


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    _write(writer, {"type": "ping"})
    try:
        await asyncio.wait_for(_wait_for(reader, b'"pong"'), 60)
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return False
    return True


def _write(writer: asyncio.StreamWriter, frame: dict[str, str]) -> None:
    payload = json.dumps(frame).encode()
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    writer.write(b"\x81" + size + bytes(4) + payload)


async def _wait_for(reader: asyncio.StreamReader, word: bytes) -> None:
    """Read frames, small ones, until one holds `word`."""
    while True:
        head = await reader.readexactly(2)
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", await reader.readexactly(2))
        payload = await reader.readexactly(size)
        if head[0] & 0x0F == 8:
            raise ConnectionResetError(payload)
        if word in payload:
            return


def resident_kib(pid: int) -> int:
    """What a process and its threads hold in memory."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


def _token(user: User) -> str:
    client = Client(ip="127.0.0.1", user_agent="bench")
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=client)
    return access_tokens.issue(user_id=user.uid, family=started.session.family)


def _raise_limit(n: int) -> None:
    """File descriptors of this process, and with it of the server that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < n:
        resource.setrlimit(resource.RLIMIT_NOFILE, (n if hard == resource.RLIM_INFINITY else min(n, hard), hard))

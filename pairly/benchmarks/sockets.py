"""Messages through sockets, in a process of clients and one process of Daphne: paid sends, and the bare relay.

Every pair has a sender, who waits for each ack before the next frame, and a receiver. What counts is messages that
were acknowledged and received, the smaller of the two.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from security.types import Client
from users import access_tokens
from users.models import Session, User
from users.services import sessions

from . import daphne
from .letters import Writer
from .load import CLIENTS, WARM_UP_S
from .world import Talk

MESSAGES_A_PAIR = 3_000


@dataclass
class Pair:
    """What the two ends of a conversation say: the frames to send in their order, the frames to begin with."""

    frames: list[dict[str, Any]]
    hello_sender: dict[str, Any]
    hello_receiver: dict[str, Any]
    n_acked: int = field(default=0)
    n_received: int = field(default=0)


def paid_per_second(*, talks: Sequence[Talk], var_dir: Path, seconds: float) -> float:
    """Paid messages a second through the product's socket: sealed, charged, stored, pushed and acknowledged."""
    pairs = [paid_pair(talk) for talk in talks[:CLIENTS]]
    with daphne.running(application="pairly.asgi:application", var_dir=var_dir) as port:
        return asyncio.run(_measure(pairs, f"ws://127.0.0.1:{port}/api/v1/messages/ws", seconds))


def relay_per_second(*, talks: Sequence[Talk], var_dir: Path, seconds: float) -> float:
    """The same frames through the channel layer and back, with nothing else done to them."""
    pairs = [_relay_pair(talk) for talk in talks[:CLIENTS]]
    with daphne.running(application="pairly.benchmarks.relay:application", var_dir=var_dir) as port:
        return asyncio.run(_measure(pairs, f"ws://127.0.0.1:{port}/", seconds))


def paid_pair(talk: Talk, *, n: int = MESSAGES_A_PAIR) -> Pair:
    """`n` signed messages of the fan of `talk`, whose head is still the first, and how both sign in."""
    writer = Writer(talk=talk)
    frames = [
        {"type": "message.send", "conversation": str(talk.conversation), "envelope": writer.envelope()}
        for _ in range(n)
    ]
    return Pair(frames, _auth(talk.fan), _auth(talk.creator))


def _auth(uid: Any) -> dict[str, Any]:
    user = User.objects.get(uid=uid)
    started = sessions.start_session(
        user=user, kind=Session.Kind.API, client=Client(ip="127.0.0.1", user_agent="bench")
    )
    return {"type": "auth", "token": access_tokens.issue(user_id=user.uid, family=started.session.family)}


def _relay_pair(talk: Talk) -> Pair:
    writer = Writer(talk=talk)
    group = f"relay.{talk.conversation}"
    push = {"type": "message", "conversation": str(talk.conversation), "envelope": writer.envelope()}
    frames = [{"group": group, "frame": push}] * MESSAGES_A_PAIR
    return Pair(frames, {"join": f"{group}.none", "ref": 0}, {"join": group, "ref": 0})


async def _measure(pairs: list[Pair], url: str, seconds: float) -> float:
    start = time.monotonic() + WARM_UP_S + 0.5
    async with asyncio.TaskGroup() as group:
        ready = asyncio.Barrier(2 * len(pairs))
        for pair in pairs:
            group.create_task(_receive(pair, url, ready, start, start + seconds))
            group.create_task(_send(pair, url, ready, start, start + seconds))
    acked, received = sum(pair.n_acked for pair in pairs), sum(pair.n_received for pair in pairs)
    return min(acked, received) / seconds


async def _open(url: str, hello: dict[str, Any], ready: asyncio.Barrier) -> ClientConnection:
    socket = await connect(url, proxy=None, compression=None)
    await socket.send(json.dumps(hello))
    await socket.recv()
    await ready.wait()
    return socket


async def _send(pair: Pair, url: str, ready: asyncio.Barrier, start: float, end: float) -> None:
    socket = await _open(url, pair.hello_sender, ready)
    for ref, frame in enumerate(pair.frames, 1):
        if time.monotonic() > end:
            break
        await socket.send(json.dumps({**frame, "ref": ref}))
        while (answer := json.loads(await socket.recv())).get("ref") != ref:
            pass
        if answer["type"] != "ack":
            raise RuntimeError(f"not sent: {answer}")
        pair.n_acked += start < time.monotonic() < end
    await socket.close()


async def _receive(pair: Pair, url: str, ready: asyncio.Barrier, start: float, end: float) -> None:
    socket = await _open(url, pair.hello_receiver, ready)
    while (left := end - time.monotonic()) > 0:
        try:
            frame = await asyncio.wait_for(socket.recv(), left)
        except TimeoutError:
            break
        if '"type":"message"' in str(frame)[:40]:
            pair.n_received += time.monotonic() > start
    await socket.close()

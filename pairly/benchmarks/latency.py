"""From the moment a message is due to be sent until its frame is with the other person, at given rates.

The loop is open: a message is sent when it is due, whether those before it have been answered or not, and its time
counts from then. So a server that stops for a second shows it in every message that was due in that second (no
coordinated omission).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from . import daphne
from .sockets import Pair, paid_pair
from .world import Talk

WARM_UP_S = 2.0
# How long what is still under way at the end may take to arrive.
PATIENCE_S = 20.0
_N = re.compile(r'"srv":\{"n":(\d+)')


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds, of the messages that were due after the warm-up; `n_late` did not arrive at all."""

    rate: int
    n: int
    n_late: int
    p50: float
    p99: float


def measure(*, talks: Sequence[Talk], var_dir: Path, rate: int, seconds: float) -> Latency:
    """Paid messages, `rate` a second in all, by turns from each of `talks`."""
    n_each = int(rate * (seconds + WARM_UP_S) / len(talks))
    pairs = [paid_pair(talk, n=n_each) for talk in talks]
    with daphne.running(application="pairly.asgi:application", var_dir=var_dir) as port:
        return asyncio.run(_measure(pairs, f"ws://127.0.0.1:{port}/api/v1/messages/ws", rate))


async def _measure(pairs: list[Pair], url: str, rate: int) -> Latency:
    senders = [await _open(url, pair.hello_sender) for pair in pairs]
    receivers = [await _open(url, pair.hello_receiver) for pair in pairs]
    start = time.monotonic() + 1
    step = 1 / rate
    due = [[start + (k * len(pairs) + i) * step for k in range(len(pair.frames))] for i, pair in enumerate(pairs)]
    texts = [[json.dumps({**frame, "ref": k}) for k, frame in enumerate(pair.frames)] for pair in pairs]
    end = max(times[-1] for times in due) + PATIENCE_S
    arrived: list[dict[int, float]] = [{} for _ in pairs]
    async with asyncio.TaskGroup() as group:
        for i in range(len(pairs)):
            group.create_task(_receive(receivers[i], arrived[i], len(due[i]), end))
            group.create_task(_drain(senders[i]))
            group.create_task(_send(senders[i], texts[i], due[i], end))
    took = [
        (arrived[i].get(k + 1, float("inf")) - at) * 1000
        for i, times in enumerate(due)
        for k, at in enumerate(times)
        if at >= start + WARM_UP_S
    ]
    came = [value for value in took if value != float("inf")]
    cuts = quantiles(came, n=100) if len(came) > 1 else [float("nan")] * 99
    return Latency(rate, len(took), len(took) - len(came), cuts[49], cuts[98])


async def _open(url: str, hello: dict[str, str]) -> ClientConnection:
    socket = await connect(url, proxy=None, compression=None, max_queue=None, ping_interval=None)
    await socket.send(json.dumps(hello))
    await socket.recv()
    return socket


async def _send(socket: ClientConnection, texts: list[str], due: list[float], end: float) -> None:
    for text, at in zip(texts, due, strict=True):
        if (wait_s := at - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        await socket.send(text)
    await asyncio.sleep(max(0.0, end - PATIENCE_S / 2 - time.monotonic()))
    await socket.close()


async def _drain(socket: ClientConnection) -> None:
    """The answers are read and must be acks."""
    try:
        async for text in socket:
            if '"type":"error"' in str(text)[:40]:
                raise RuntimeError(f"not sent: {text!r}")
    except ConnectionClosed:
        pass


async def _receive(socket: ClientConnection, arrived: dict[int, float], n: int, end: float) -> None:
    while len(arrived) < n and (left := end - time.monotonic()) > 0:
        try:
            text = str(await asyncio.wait_for(socket.recv(), left))
        except TimeoutError:
            break
        at = time.monotonic()
        if text.startswith('{"type":"message"') and (found := _N.search(text)):
            arrived.setdefault(int(found[1]), at)
    await socket.close()

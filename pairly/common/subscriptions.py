"""What this process hears of Redis' channels: one connection a Redis, renewed for as long as anybody listens.

channels_redis waits for Redis at each subscription, without end, and a connection that Redis lost is noticed late or,
when Redis hangs, never. Here a subscription is a wish: it is written down, told to Redis when there is one, and told
again after every renewal. A socket therefore opens, and stays open, whether Redis is there or not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from channels_redis.utils import create_pool
from django.conf import settings
from redis import RedisError
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

# A silent connection is asked for a sign of life after so many times the time-out, and renewed after as long again
# without one.
QUIET_TIMEOUTS = 2
PAUSE_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Subscriptions:
    """The wishes of one event loop at one Redis; `receive` gets each message. Also publishes to that Redis.

    The interface of channels_redis' RedisSingleShardConnection.
    """

    def __init__(self, *, host: dict[str, Any], receive: Callable[[dict[str, Any]], None]) -> None:
        self._timeout_s: float = settings.REDIS_TIMEOUT_SECONDS
        self._host = {
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": self._timeout_s,
            "socket_connect_timeout": self._timeout_s,
            **host,
        }
        self._receive = receive
        self._wanted: set[str] = set()
        self._held: set[str] = set()
        self._confirmations: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._publisher: aioredis.Redis | None = None
        self._is_away = False
        self._heard_at = 0.0

    async def subscribe(self, channel: str, *, wait: bool = True) -> None:
        """Hear `channel` from now on. Returns when Redis confirms, or after REDIS_TIMEOUT_SECONDS without: it holds
        either way."""
        if channel in self._wanted and channel not in self._confirmations:
            return
        confirmed = self._confirmations.setdefault(channel, asyncio.Event())
        self._wanted.add(channel)
        self._stir()
        if wait:
            with suppress(TimeoutError):
                await asyncio.wait_for(confirmed.wait(), self._timeout_s)

    async def unsubscribe(self, channel: str) -> None:
        """Hear it no more."""
        self._wanted.discard(channel)
        self._confirmations.pop(channel, None)
        self._stir()

    async def publish(self, channel: str, message: bytes) -> None:
        """Raises redis.RedisError or TimeoutError when Redis is away."""
        if self._publisher is None:
            self._publisher = self._connect()
        await self._publisher.publish(channel, message)

    async def flush(self) -> None:
        """Forget all wishes and close the connections; usable again afterwards."""
        self._wanted.clear()
        self._confirmations.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._publisher is not None:
            await self._publisher.aclose(close_connection_pool=True)
            self._publisher = None

    def _connect(self) -> aioredis.Redis:
        return aioredis.Redis(connection_pool=create_pool(self._host))

    def _stir(self) -> None:
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._listen_on())

    async def _listen_on(self) -> None:
        """Listens as long as the loop runs, and begins anew after each failure."""
        while True:
            client = self._connect()
            try:
                async with client.pubsub() as pubsub:
                    await self._listen(pubsub)
            except (RedisError, OSError, TimeoutError) as error:
                if not self._is_away:
                    log.warning("channels_away", error=type(error).__name__)
                self._is_away = True
            except Exception:  # whatever it is: sockets must hear again
                log.exception("channels_failed")
            finally:
                self._held.clear()
                with suppress(RedisError, OSError, TimeoutError):
                    await client.aclose(close_connection_pool=True)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self, pubsub: Any) -> None:
        """Until Redis fails. One task reads; this one tells Redis what is wanted and looks for signs of life."""
        await asyncio.wait_for(pubsub.connect(), 2 * self._timeout_s)
        await self._tell(pubsub)
        self._heard_at, quiet_after_s = time.monotonic(), QUIET_TIMEOUTS * self._timeout_s
        reader = asyncio.ensure_future(self._read(pubsub))
        try:
            while not reader.done():
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait({reader, changed}, timeout=quiet_after_s, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                if self._changed.is_set():
                    await self._tell(pubsub)
                quiet_s = time.monotonic() - self._heard_at
                if quiet_s >= 2 * quiet_after_s:
                    raise TimeoutError("Redis is silent")
                if quiet_s >= quiet_after_s:
                    await asyncio.wait_for(pubsub.ping(), self._timeout_s)
            await reader  # raises what ended it
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError, RedisError, OSError, TimeoutError):
                await reader

    async def _tell(self, pubsub: Any) -> None:
        self._changed.clear()
        new, old = self._wanted - self._held, self._held - self._wanted
        self._held = set(self._wanted)
        if new:
            await asyncio.wait_for(pubsub.subscribe(*new), self._timeout_s)
        if old:
            await asyncio.wait_for(pubsub.unsubscribe(*old), self._timeout_s)

    async def _read(self, pubsub: Any) -> None:
        while True:
            message = await pubsub.get_message(timeout=None)
            self._heard_at = time.monotonic()
            if message is None:
                continue
            if self._is_away:
                self._is_away = False
                log.info("channels_back")
            if message["type"] == "subscribe":
                name = message["channel"]
                confirmed = self._confirmations.pop(name.decode() if isinstance(name, bytes) else name, None)
                if confirmed is not None:
                    confirmed.set()
            elif message["type"] == "message":
                self._receive(message)

"""The channel layer, with publishing from synchronous code.

Services are synchronous and run in threads. Through the layer's own coroutines each push would cost two changes of
thread and a turn of the event loop; a published frame is one PUBLISH, so it goes out on the synchronous client, all
frames of one event in one round trip.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close

from .redis import get_client
from .subscriptions import Subscriptions

# What waits for one consumer at most. Its client takes nothing, or the consumer hangs: more would only fill the memory.
MAILBOX_FRAMES, MAILBOX_BYTES = 1_000, 4 * 1024 * 1024
OVERFLOW = {"type": "overflow"}


class Mailbox(asyncio.Queue[bytes]):
    """What was published for one consumer. Too much of it is thrown away, all of it, and a word of that is put in its
    place; nothing comes after it."""

    def __init__(self, *, overflow: bytes) -> None:
        super().__init__()
        self._overflow = overflow
        self._n_bytes = 0
        self._is_over = False

    def put_nowait(self, data: bytes) -> None:
        if self._is_over:
            return
        if self.qsize() >= MAILBOX_FRAMES or self._n_bytes + len(data) > MAILBOX_BYTES:
            self._is_over = True
            while not self.empty():
                self.get_nowait()
            data = self._overflow
        self._n_bytes += len(data)
        super().put_nowait(data)

    def _get(self) -> bytes:
        data: bytes = super()._get()
        self._n_bytes -= len(data)
        return data


class _LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]  # channels_redis is untyped
    """What one event loop hears, by subscriptions that no Redis can hold up."""

    _shards: list[Any]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._shards = [Subscriptions(host=stock.host, receive=stock._receive_message) for stock in self._shards]

    async def _subscribe_to_channel(self, channel: str) -> None:
        self.channels[channel] = Mailbox(overflow=self.channel_layer.serialize(OVERFLOW))
        # Nobody knows the name yet, so nobody waits for Redis to know it.
        await self._get_shard(channel).subscribe(channel, wait=False)


class PublishingChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels_redis is untyped
    """`RedisPubSubChannelLayer`, patient, and `publish`. Both ends use the layer's own names and serialiser."""

    def _get_layer(self) -> _LoopLayer:
        """The layer of the running loop; as the parent's, with our own class."""
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = _LoopLayer(**self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: _LoopLayer = self._layers[loop]
        return layer

    def publish(self, *, messages: Sequence[tuple[str, dict[str, Any]]], note: tuple[str, bytes] | None = None) -> None:
        """Send each (group, message) to every process; `note`, (a list's key, an entry), is kept with them.

        Raises redis.RedisError.
        """
        with get_client(raw=True).pipeline(transaction=False) as pipe:
            for group, message in messages:
                # As RedisPubSubLoopLayer._get_group_channel_name; a test sends one way and receives the other.
                pipe.publish(f"{self._kwargs['prefix']}__group__{group}", self.serialize(message))
            if note is not None:
                pipe.rpush(*note)
            pipe.execute()

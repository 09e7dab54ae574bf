"""The channel layer, with publishing from synchronous code.

Services are synchronous and run in threads. Through the layer's own coroutines each push would cost two changes of
thread and a turn of the event loop; a published frame is one PUBLISH, so it goes out on the synchronous client, all
frames of one event in one round trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

from .redis import get_client


class PublishingChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels_redis is untyped
    """`RedisPubSubChannelLayer` and `publish`. Both ends use the layer's own names and serialiser."""

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

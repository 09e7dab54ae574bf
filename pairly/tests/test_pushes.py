"""Pushes leave the services on a synchronous client and arrive through Channels' own layer."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from channels.layers import get_channel_layer
from redis import ConnectionError as RedisAway

from pairly.common import after_commit, channel_layer, redis_health
from pairly.common.after_commit import frame_text
from pairly.common.redis import get_client


@pytest.fixture(autouse=True)
def _redis_is_well_again():
    redis_health.forget_failure()
    yield
    redis_health.forget_failure()


def test_what_a_service_pushes_arrives_in_order_in_one_event_of_the_layer():
    me, frames = uuid.uuid4(), [{"type": "message", "n": 1}, {"type": "balance", "balance_centi": 5}]

    async def receive():
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(after_commit.user_group(user_id=me), channel)
        pushes = [(me, frames[0]), (uuid.uuid4(), {"type": "message"}), (me, frames[1])]
        note = ("test:pushed", b"note")
        assert await asyncio.to_thread(after_commit.push_all, pushes=pushes, note=note)
        event = await asyncio.wait_for(layer.receive(channel), 5)
        await layer.flush()
        return event

    assert asyncio.run(receive()) == {"type": "frames", "frames": [frame_text(frame) for frame in frames]}
    assert get_client(raw=True).lrange("test:pushed", 0, -1) == [b"note"]


def test_a_redis_that_is_away_refuses_a_push_and_is_then_left_alone(monkeypatch):
    asked = []

    def away(*_, **__):
        asked.append(1)
        raise RedisAway("away")

    monkeypatch.setattr(channel_layer, "get_client", away)
    for _ in range(3):
        assert not after_commit.push_now(user_id=uuid.uuid4(), event={"type": "balance"})
    assert asked == [1]

"""A bare relay through the channel layer: what a socket path costs that checks nothing and stores nothing.

An ASGI application for Daphne. A frame `{"group", "frame"}` goes to everyone in the group and is answered by an ack;
`{"join"}` joins a group.
"""

from __future__ import annotations

import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter


class Relay(AsyncWebsocketConsumer):
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        frame: dict[str, Any] = json.loads(text_data or "{}")
        if "join" in frame:
            await self.channel_layer.group_add(frame["join"], self.channel_name)
        else:
            await self.channel_layer.group_send(frame["group"], {"type": "frame", "frame": frame["frame"]})
        await self._send({"type": "ack", "ref": frame["ref"]})

    async def frame(self, event: dict[str, Any]) -> None:
        await self._send(event["frame"])

    async def _send(self, frame: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(frame, separators=(",", ":")))


application = ProtocolTypeRouter({"websocket": Relay.as_asgi()})

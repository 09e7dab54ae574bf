"""The socket's description: AsyncAPI 3.0, made of the frames' JSON Schemas (`messaging/schemas/`)."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Any

import yaml
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import etag, require_safe

from messaging.constants import FRAME_MAX_BYTES
from messaging.frames import Side, list_schemas

SIDES: tuple[Side, ...] = ("client", "server")
ADDRESSES = {"socket": "/api/v1/messages/ws", "socketOfUser": "/api/v1/messages/ws/{user_id}"}
# What the server answers a client's frame with; where nothing is named it answers only what it refuses.
ANSWERS = {
    "auth": ["ready"],
    "message.send": ["ack", "error"],
    "presence": ["presence"],
    "ping": ["pong"],
    "resume": ["message", "resumed"],
}
_ABOUT = f"""\
The socket of the chat. A client connects with the subprotocol `pairly.v1` and sends `auth` as its first frame within 10
seconds; the server answers `ready`, or closes with 4401. Every frame is one text message of at most {FRAME_MAX_BYTES}
bytes: a JSON object with a `type`, as its schema says and with nothing more.

A frame of a client may have a `ref`, which the answer repeats. What is refused is answered by `error` with problem
details (RFC 9457). Frames over the rate are answered by `muted`.

The socket closes with 4400 after the third malformed frame in a minute, 4401 without a sign-in, 4403 when the
sign-in ended (`session.revoked` comes before), 1009 after a frame that is too large, 1012 when
the server restarts and 1013 when there are too many sockets: connect anew and send `resume`. A client that
does not read is cut off without a word.
"""


def get_document() -> dict[str, Any]:
    """The document: one channel, each frame a message, sent by the client or received by it."""
    messages = {_key(side, name): _message(side, name) for side in SIDES for name in list_schemas(side=side)}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Pairly: the socket", "version": "1", "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {"here": {"host": "pairly.example", "protocol": "wss", "description": "behind HTTPS"}},
        "channels": {
            "socket": {
                "address": ADDRESSES["socket"],
                "title": "The socket of one sign-in",
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            },
            "socketOfUser": {
                "address": ADDRESSES["socketOfUser"],
                "title": "The same at an address that names the caller",
                "parameters": {"user_id": {"description": "the caller's own id"}},
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
            },
        },
        "operations": {**_operations("client"), **_operations("server")},
        "components": {"messages": messages},
    }


@cache
def as_yaml() -> bytes:
    """The document as it is kept in `docs/api/asyncapi.yaml` and served."""
    document: str = yaml.safe_dump(get_document(), sort_keys=False, allow_unicode=True, width=120)
    return document.encode()


@require_safe
@etag(lambda request: f'"{sha256(as_yaml()).hexdigest()[:16]}"')
def document(request: HttpRequest) -> HttpResponse:
    """The document, as YAML."""
    return HttpResponse(as_yaml(), content_type="application/yaml; charset=utf-8")


def _key(side: Side, name: str) -> str:
    return f"{side}.{name}"


def _message(side: Side, name: str) -> dict[str, Any]:
    schema = dict(list_schemas(side=side)[name])
    del schema["$schema"]  # said by schemaFormat
    return {
        "name": name,
        "title": name,
        "summary": schema["description"],
        "contentType": "application/json",
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema},
    }


def _operations(side: Side) -> dict[str, Any]:
    """The document is the server's: it receives what clients send."""
    action = "receive" if side == "client" else "send"
    return {f"{action}.{name}": _operation(side, action, name) for name in list_schemas(side=side)}


def _operation(side: Side, action: str, name: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{_key(side, name)}"}],
    }
    if side == "client" and name in ANSWERS:
        answers = [{"$ref": f"#/channels/socket/messages/{_key('server', one)}"} for one in ANSWERS[name]]
        operation["reply"] = {"channel": {"$ref": "#/channels/socket"}, "messages": answers}
    return operation

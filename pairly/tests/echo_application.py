"""An ASGI application that says what reached it; for tests of the server that need nothing of ours behind it."""

from __future__ import annotations

import json
from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers with the method, the path, the root path and the length of the body."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    document = {
        "method": scope["method"],
        "path": scope["path"],
        "root_path": scope["root_path"],
        "n_bytes": len(body),
    }
    answer = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})

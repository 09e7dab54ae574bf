"""Answers from outside Django's layers: made without a database, a template, a session or a request."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass

from .problems import PROBLEM_JSON

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p>{detail}</p>
</body>
</html>
"""


@dataclass(frozen=True)
class BareAnswer:
    """A complete answer; `headers` include its type and length and what every answer of ours carries."""

    status: int
    headers: dict[str, str]
    body: bytes

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers as ASGI wants them."""
        return [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]


def refuse(
    *, path: str, status: int, code: str, title: str, detail: str, retry_after_s: int = 0, hsts_s: int = 0
) -> BareAnswer:
    """A problem document (RFC 9457) for a `path` below /api/, elsewhere a page that needs nothing else.

    `retry_after_s` and `hsts_s` are seconds, 0 for a header that is not sent.
    """
    if path.startswith("/api/"):
        kind = PROBLEM_JSON
        document = {"type": f"https://pairly.example/problems/{code}", "title": title, "status": status}
        body = json.dumps({**document, "detail": detail, "code": code}).encode()
    else:
        kind = "text/html; charset=utf-8"
        body = _PAGE.format(title=html.escape(title), detail=html.escape(detail)).encode()
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), **_HEADERS}
    if retry_after_s:
        headers["Retry-After"] = str(retry_after_s)
    if hsts_s:
        headers["Strict-Transport-Security"] = f"max-age={hsts_s}"
    return BareAnswer(status, headers, body)

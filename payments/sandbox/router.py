"""Requests, answers and the way from one to the other, apart from any socket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request; header names are in lower case, `query` is the raw text behind the question mark."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Refused(Exception):
    """Ends a request with a finished answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


Handler = Callable[[Request, dict[str, str]], Response]


class Router:
    """Routes by method and path; `{name}` stands for one segment and reaches the handler by that name."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, *, method: str, path: str, handler: Handler) -> None:
        """Register `handler`; paths are matched in the order of registration."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._routes.append((method, re.compile(pattern), handler))

    def answer(self, *, request: Request) -> Response:
        """The handler's answer, or 404, or 405 for a known path."""
        is_known = False
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(request.path)
            if found is None:
                continue
            is_known = True
            if method == request.method:
                return _run(handler, request, found.groupdict())
        return json_response(status=405 if is_known else 404, body={"error": {"message": "no such resource"}})


def _run(handler: Handler, request: Request, args: dict[str, str]) -> Response:
    try:
        return handler(request, args)
    except Refused as refused:
        return refused.response


def json_response(*, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
        body=json.dumps(body).encode(),
    )


def read_json(*, request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Refused (400) when it is anything else."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(json_response(status=400, body={"error": {"message": "send a JSON object"}}))
    return body

"""How views describe themselves in the OpenAPI document: what they answer, and every refusal they can give."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type
from drf_spectacular.types import OpenApiTypes

from .problems import PROBLEM_JSON

# What any operation may be refused with: unreadable, not signed in, not allowed, not to be had in that form, over a
# limit, and busy or away. `_refusals` adds what depends on the operation.
_ALWAYS = (400, 401, 403, 406, 429, 503)

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document; further members depend on the code",
    "properties": {
        "type": build_basic_type(OpenApiTypes.URI),
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what happened and what to do next, in the reader's language"},
        "code": {"type": "string", "description": "stable; what a client decides by"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the request"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["pointer", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
}


class Operation(AutoSchema):
    """The schema class of every view.

    A view names the refusals of its own with `refusals = {"post": (409, 423)}` (statuses by method); all are
    documented as problem documents.
    """

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            bodies.setdefault(str(status), _problem_body())
        return dict(sorted(bodies.items()))

    def _refusals(self) -> set[int]:
        found = {*_ALWAYS, *getattr(self.view, "refusals", {}).get(self.method.lower(), ())}
        if "{" in self.path:
            found.add(404)
        if self.method in ("POST", "PUT", "PATCH"):
            found |= {413, 415, 422}
        return found


def _problem_body() -> dict[str, Any]:
    return {"description": "", "content": {PROBLEM_JSON: {"schema": _PROBLEM}}}


def only_canonical(endpoints: list[tuple[str, str, str, Any]], **_kwargs: Any) -> list[tuple[str, str, str, Any]]:
    """The paths of /api/v1/; /api/ is the same once more."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]

"""How views describe themselves in the OpenAPI document: what they answer, and every refusal they can give.

Refusals and the headers that many answers share are components of the document, named once and referred to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from .problems import PROBLEM_JSON

Endpoint = tuple[str, str, str, Any]
Handler = TypeVar("Handler", bound=Callable[..., Any])

# What any operation may be refused with: unreadable, not signed in, not allowed, not to be had in that form, over a
# limit, and busy or away. `_refusals` adds what depends on the operation.
_ALWAYS = (400, 401, 403, 406, 429, 503)
_WITH_RETRY_AFTER = (423, 429, 503)

# Names of the components, and when. The names of `http.HTTPStatus` differ between versions of Python.
_REFUSALS: dict[int, tuple[str, str]] = {
    400: ("BadRequest", "the request could not be read"),
    401: ("Unauthorized", "nobody is signed in, or no longer"),
    402: ("PaymentRequired", "credits are missing"),
    403: ("Forbidden", "known, but not allowed"),
    404: ("NotFound", "there is nothing here, or nothing that the caller may know of"),
    405: ("MethodNotAllowed", "the resource has no such method"),
    406: ("NotAcceptable", "not to be had in this form"),
    409: ("Conflict", "it does not fit what is there"),
    410: ("Gone", "gone for good"),
    412: ("PreconditionFailed", "what was to be changed has changed meanwhile"),
    413: ("ContentTooLarge", "too large"),
    415: ("UnsupportedMediaType", "not in this form"),
    416: ("RangeNotSatisfiable", "there is no such part of it"),
    422: ("UnprocessableContent", "well-formed, but some values are wrong"),
    423: ("Locked", "locked for a while"),
    428: ("PreconditionRequired", "say which version is to be changed"),
    429: ("TooManyRequests", "too often"),
    502: ("BadGateway", "a service that we need failed"),
    503: ("ServiceUnavailable", "busy or away"),
    504: ("GatewayTimeout", "a service that we need did not answer"),
}

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document; further members depend on the code",
    "properties": {
        "type": {"type": "string", "format": "uri"},
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
    "additionalProperties": True,
}

_HEADERS: dict[str, Any] = {
    "X-RateLimit-Limit": {
        "description": "how many requests of this kind fit into the window",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Remaining": {
        "description": "how many of them are left",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Reset": {
        "description": "in how many seconds the window is over",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Retry-After": {
        "description": "in how many seconds to try again (RFC 9110, section 10.2.3)",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "how to sign in (RFC 9110, section 11.6.1)",
        "schema": {"type": "string"},
    },
}
_ON_EVERY_ANSWER = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


# -- what a view says about itself -----------------------------------------------------------------------------


def header(name: str, description: str, *, required: bool = False, type_: Any = OpenApiTypes.STR) -> OpenApiParameter:
    """A header of the request."""
    return OpenApiParameter(name, type_, OpenApiParameter.HEADER, required=required, description=description)


def answer_header(name: str, description: str, *, statuses: Iterable[int]) -> OpenApiParameter:
    """A header of the answers with these statuses."""
    codes: list[int | str] = list(statuses)
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description, response=codes)


@dataclass(frozen=True, slots=True)
class _Note:
    """What decorators say about a handler."""

    parameters: tuple[OpenApiParameter, ...] = ()
    refusals: tuple[int, ...] = ()
    answers: tuple[tuple[int, str], ...] = ()


def documented(
    *parameters: OpenApiParameter, refusals: Iterable[int] = (), answers: Mapping[int, str] | None = None
) -> Callable[[Handler], Handler]:
    """Says of a handler (`get`, `post`, ...) which further headers, refusals and answers without a body it has.

    For decorators that give a handler a mechanism and describe it in one line; the handler itself is not changed.
    """

    def note(handler: Handler) -> Handler:
        had = getattr(handler, "documented", _Note())
        handler.documented = _Note(  # type: ignore[attr-defined]
            (*had.parameters, *parameters), (*had.refusals, *refusals), (*had.answers, *(answers or {}).items())
        )
        return handler

    return note


class Operation(AutoSchema):
    """The schema class of every view.

    A view names the refusals of its own with `refusals = {"post": (409, 423)}` (statuses by method); all are
    documented as problem documents. `documented` adds what a decorator of the handler brings along.
    """

    def get_operation_id(self) -> str:
        """`get_auth_sessions`, `delete_auth_sessions_session_id`: the method and the path, so always one of a kind."""
        path = self.path.removeprefix(self.path_prefix.removeprefix("^")).replace("{", "").replace("}", "")
        words = [first + "".join(map(str.capitalize, rest)) for first, *rest in map(_dashed, path.split("/"))]
        return "_".join([self.method.lower(), *filter(None, words)])

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *self._note().parameters]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for answer, description in self._note().answers:
            headers = self._get_response_headers_for_code(str(answer))
            bodies[str(answer)] = {"description": description, "headers": headers}
        for body in bodies.values():
            body["headers"] = {**body.get("headers", {}), **shared_headers()}
        for status in self._refusals():
            bodies.setdefault(str(status), refusal(status))
        return dict(sorted(bodies.items()))

    def _note(self) -> _Note:
        found: _Note = getattr(getattr(self.view, self.method.lower(), None), "documented", _Note())
        return found

    def _refusals(self) -> set[int]:
        own = getattr(self.view, "refusals", {}).get(self.method.lower(), ())
        found = {*_ALWAYS, *own, *self._note().refusals}
        if "{" in self.path:
            found.add(404)
        if self.method in ("POST", "PUT", "PATCH"):
            found |= {413, 415, 422}
        return found


def _dashed(segment: str) -> list[str]:
    return segment.split("-")


class _Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "users.authentication.AccessTokenAuthentication"
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class _Cookie(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "users.authentication.CookieSessionAuthentication"
    match_subclasses = True
    name = ["session", "csrf"]
    priority = 1

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[Any]]:
        return {"session": []} if auto_schema.method == "GET" else {"session": [], "csrf": []}

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        session = "of our own pages; `__Host-pairly_session` where they are served over TLS"
        csrf = "the value of the cookie `pairly_csrf` (`__Host-pairly_csrf` over TLS), on writes"
        return [
            {"type": "apiKey", "in": "cookie", "name": "pairly_session", "description": session},
            {"type": "apiKey", "in": "header", "name": "X-CSRFToken", "description": csrf},
        ]


# -- the document ----------------------------------------------------------------------------------------------


def shared_headers(*names: str) -> dict[str, Any]:
    """The headers that every answer has, and those of `names`, as references to the components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ON_EVERY_ANSWER, *names)}


def refusal(status: int) -> dict[str, Any]:
    """A reference to the component that describes problem documents of this status."""
    return {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}


def _refusal_component(status: int) -> dict[str, Any]:
    names = ["Retry-After"] if status in _WITH_RETRY_AFTER else ["WWW-Authenticate"] if status == 401 else []
    return {
        "description": _REFUSALS[status][1],
        "headers": shared_headers(*names),
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def only_canonical(endpoints: list[Endpoint], **_kwargs: Any) -> list[Endpoint]:
    """The paths of /api/v1/; /api/ is the same once more."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def add_shared_components(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Adds the components that `shared_headers` and `refusal` refer to, as far as the document uses them."""
    components = result.setdefault("components", {})
    responses = components.setdefault("responses", {})
    used = {answer["$ref"] for answer in _list_answers(result) if "$ref" in answer}
    for status, (name, _why) in _REFUSALS.items():
        if refusal(status)["$ref"] in used:
            responses[name] = _refusal_component(status)
    components.setdefault("headers", {}).update(_HEADERS)
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    return result


def _list_answers(result: dict[str, Any]) -> list[dict[str, Any]]:
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    return [answer for operation in operations for answer in operation["responses"].values()]

"""The API's description: made once a process, served as JSON and YAML, and readable in Swagger UI."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import Any

import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import etags
from pairly.common.openapi import refusal, shared_headers

_lock = Lock()


class _Dumper(yaml.SafeDumper):
    """Without anchors, and longer texts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


@cache
def _document() -> dict[str, Any]:
    # drf-spectacular keeps its state in the module: one generation at a time, and in one language for everybody.
    with translation.override("en"):
        document: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
        return document


def get_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of /api/v1/, in English. To be read only: it is one for all callers."""
    with _lock:
        return _document()


@cache
def as_json() -> bytes:
    """The document as it is served."""
    return json.dumps(get_document(), ensure_ascii=False, separators=(",", ":")).encode()


@cache
def as_yaml() -> bytes:
    """The document as it is served and kept in the repository."""
    text: str = yaml.dump(get_document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text.encode()


class _AsIs(BaseRenderer):
    """For bytes that are there already."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return data if isinstance(data, bytes) else json.dumps(data).encode()


class JsonDocument(_AsIs):
    media_type, format, charset = "application/json", "json", None


class YamlDocument(_AsIs):
    media_type, format, charset = "application/yaml", "yaml", "utf-8"


class OpenApiJson(JsonDocument):
    media_type = "application/vnd.oai.openapi+json"


class OpenApiYaml(YamlDocument):
    media_type = "application/vnd.oai.openapi"


class _ByFormat(DefaultContentNegotiation):
    """By `Accept`, or by `?format=` for who follows a link."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        wanted = format_suffix or request.query_params.get("format")
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, wanted)
        return chosen


class SchemaView(APIView):
    """This description."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    content_negotiation_class = _ByFormat
    renderer_classes = (JsonDocument, YamlDocument, OpenApiJson, OpenApiYaml)
    refusals = {"get": (404,)}  # a format that there is not

    @etags.conditional
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The OpenAPI 3.1 document, as JSON or YAML by `Accept`."""
        content = as_yaml() if isinstance(request.accepted_renderer, YamlDocument) else as_json()
        return Response(content, headers={"ETag": etags.tag_of(content.decode()), "Vary": "Accept"})


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The description as pages that can be tried out."""
    return render(request, "site/api_docs.html")


# -- what is described by hand: plain views, which serve more than the API ---------------------------------------


def _answer(schema: dict[str, Any], description: str, media_type: str = "application/json") -> dict[str, Any]:
    return {"description": description, "headers": shared_headers(), "content": {media_type: {"schema": schema}}}


def _operation(name: str, description: str, responses: dict[str, Any]) -> dict[str, Any]:
    refused = {str(status): refusal(status) for status in (400, 429, 503) if str(status) not in responses}
    answers = dict(sorted({**responses, **refused}.items()))
    return {
        "operationId": f"get_{name}",
        "description": description,
        "tags": [name],
        "security": [],
        "responses": answers,
    }


def _health(name: str, description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Health"}
    return _operation(
        name, description, {"200": _answer(schema, "it serves"), "503": _answer(schema, "it cannot serve")}
    )


_HEALTH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "description": "`ok`, or another word when something is not"},
        "checks": {
            "type": "object",
            "description": "database, redis, worker, storage, mail: each `ok` or what is wrong",
            "additionalProperties": {"type": "string"},
        },
    },
    "required": ["status"],
}
_VERSION: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("version", "commit", "api", "django")},
    "required": ["version", "api"],
}
_TEXT: dict[str, Any] = {"type": "string"}

_PLAIN: dict[str, dict[str, Any]] = {
    "health": _health("health", "Whether every part is there; `degraded` still serves."),
    "ready": _health("ready", "Whether this process takes requests now."),
    "version": _operation("version", "Which version answers.", {"200": _answer(_VERSION, "the version")}),
    "metrics": _operation(
        "metrics",
        "Figures for Prometheus, for who has the token; for everybody else there is nothing here.",
        {"200": _answer(_TEXT, "the figures", "text/plain"), "404": refusal(404)},
    ),
}


def add_plain_paths(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Adds the paths of plain views to the document, those of them that the API has."""
    for name, operation in _PLAIN.items():
        try:
            result["paths"][reverse(f"api-v1:{name}")] = {"get": operation}
        except NoReverseMatch:
            continue
    result["components"].setdefault("schemas", {})["Health"] = _HEALTH
    result["paths"] = dict(sorted(result["paths"].items()))
    return result

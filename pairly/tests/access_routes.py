"""Every address there is: what the URL resolver knows, and what the API's description says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Found:
    """A route of the resolver. `name` is its URL's name; its pattern where it has none."""

    name: str
    pattern: str
    callback: Any

    @property
    def template(self) -> str:
        """As OpenAPI writes it: /api/v1/auth/sessions/{session_id}."""
        return "/" + PARAMETER.sub(r"{\1}", self.pattern)


def list_routes() -> list[Found]:
    """All of them, in the order that they are tried."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Found]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, pattern, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern):
            yield Found(f"{namespace}{entry.name}" if entry.name else f"/{pattern}", pattern, entry.callback)


def list_operations() -> set[tuple[str, str]]:
    """Path and method of every operation that the API's description has."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    methods = {"get", "put", "post", "patch", "delete", "head", "options", "trace"}
    return {(path, verb.upper()) for path, item in schema["paths"].items() for verb in item if verb in methods}

"""Whether what the API answers is what its description (OpenAPI) says: in tests, every answer of every test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test.client import ClientHandler
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from jsonschema_rs import Draft202012Validator


@cache
def document() -> dict[str, Any]:
    """The description as a client gets it."""
    with GENERATOR_STATS.silence():
        made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found: dict[str, Any] = json.loads(json.dumps(made, default=str))
    return found


def find_differences(*, method: str, path: str, answer: HttpResponseBase) -> list[str]:
    """In what an answer differs from its description, in words.

    Nothing is said of paths and methods that the description does not have, nor of 500: that is a defect anyway.
    """
    operation = _find_operation(method.lower(), path)
    if operation is None or answer.status_code == 500:
        return []
    place = f"{method} {path} {answer.status_code}"
    described = operation["responses"].get(str(answer.status_code))
    if described is None:
        return [f"{place}: the status is not described"]
    content = _resolve(described).get("content")
    if not content:
        has_body = isinstance(answer, HttpResponse) and bool(answer.content)
        return [f"{place}: a body that is not described"] if has_body else []
    media_type = answer.headers.get("Content-Type", "").split(";")[0]
    if media_type not in content:
        return [f"{place}: {media_type or 'no content'} is not described"]
    if not isinstance(answer, HttpResponse) or not media_type.endswith("json"):
        return []
    return [f"{place}: {error}" for error in _list_errors(content[media_type]["schema"], json.loads(answer.content))]


@contextmanager
def checked_answers() -> Iterator[list[str]]:
    """Each answer that Django's test client gets in this block; the list holds what differs."""
    differences: list[str] = []
    call = ClientHandler.__call__

    def checked(self: ClientHandler, environ: dict[str, Any]) -> Any:
        answer = call(self, environ)
        differences.extend(find_differences(method=environ["REQUEST_METHOD"], path=environ["PATH_INFO"], answer=answer))
        return answer

    with mock.patch.object(ClientHandler, "__call__", checked):
        yield differences


def _find_operation(method: str, path: str) -> dict[str, Any] | None:
    """`path` may also be of the mount for older clients."""
    if not path.startswith("/api/"):
        return None
    wanted = re.sub(r"^/api/(v1/)?", "/api/v1/", path)
    for pattern, operations in _list_paths():
        if pattern.fullmatch(wanted):
            found: dict[str, Any] | None = operations.get(method)
            return found
    return None


@cache
def _list_paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Those without parameters first: `auth/passkeys/register` is no passkey."""
    paths = sorted(document()["paths"].items(), key=lambda item: item[0].count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations) for path, operations in paths]


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = document()
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def _pointer(path: Iterable[str | int]) -> str:
    return "".join(f"/{step}" for step in path)


def _list_errors(schema: dict[str, Any], body: Any) -> list[str]:
    validator = Draft202012Validator({**schema, "components": document()["components"]})
    errors = [f"{_pointer(error.instance_path)} {error.message}" for error in validator.iter_errors(body)]
    described = _resolve(schema)
    if "properties" in described and "additionalProperties" not in described and isinstance(body, dict):
        errors += [f"/{name} is not described" for name in sorted(body.keys() - described["properties"].keys())]
    return errors

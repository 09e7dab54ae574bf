"""The API's description: complete, kept in the repository, served as JSON and YAML."""

from __future__ import annotations

import json

import pytest
import yaml
from django.test import Client
from django.urls import URLPattern, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from pairly.management.commands import write_api
from pairly.site import api_document

STALE = "the API's description has changed: run `.venv/bin/python manage.py write_api` and commit what it writes"


@pytest.fixture
def client() -> Client:
    return Client()


def test_the_description_in_the_repository_is_the_generated_one():
    assert write_api.DOCUMENT.read_bytes() == api_document.as_yaml(), STALE


def test_the_browsers_types_are_those_of_the_description():
    assert write_api.TYPES.read_text(encoding="utf-8") == write_api.types_of(document=api_document.as_yaml()), STALE


def test_the_description_is_made_without_warnings_and_is_valid():
    reset_generator_stats()
    document = SchemaGenerator().get_schema(public=True)
    assert (dict(GENERATOR_STATS._error_cache), dict(GENERATOR_STATS._warn_cache)) == ({}, {})
    validate_schema(document)
    assert document["openapi"].startswith("3.1")


def list_api_paths(resolver, prefix=""):
    for found in resolver.url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLPattern):
            yield path
        else:
            yield from list_api_paths(found, path)


def as_described(path: str) -> str:
    """`profiles/<uuid:user_id>` as the description writes it: `profiles/{user_id}`."""
    parts = [f"{{{p[1:-1].rpartition(':')[2]}}}" if p.startswith("<") else p for p in path.split("/")]
    return "/" + "/".join(parts)


def test_every_path_of_the_api_is_described():
    paths = {as_described(path) for path in list_api_paths(get_resolver()) if path.startswith("api/v1/")}
    # The pages that show the description are no part of it.
    assert paths - {"/api/v1/docs"} == set(api_document.get_document()["paths"])


def list_gaps(operation):
    """What an operation does not say."""
    answers = operation["responses"]
    if not any(status.startswith("2") for status in answers):
        yield "no success"
    if not {"400", "429", "503"} <= set(answers):
        yield "no refusals"
    if not operation.get("description"):
        yield "no description"
    for status, answer in answers.items():
        if status not in ("202", "204", "304") and "$ref" not in answer and not answer.get("content"):
            yield f"{status} has no body"


def test_every_operation_says_what_it_answers_and_how_it_refuses():
    paths = api_document.get_document()["paths"]
    gaps = {
        f"{method} {path}": found
        for path, operations in paths.items()
        for method, operation in operations.items()
        if (found := list(list_gaps(operation)))
    }
    assert gaps == {}


def test_a_gap_is_found():
    gaps = ["no success", "no refusals", "no description", "404 has no body"]
    assert list(list_gaps({"responses": {"404": {"description": ""}}})) == gaps


@pytest.mark.parametrize(
    ("accept", "media_type", "read"),
    [
        ("", "application/json", json.loads),
        ("*/*", "application/json", json.loads),
        ("application/json", "application/json", json.loads),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json", json.loads),
        ("application/yaml", "application/yaml; charset=utf-8", yaml.safe_load),
        ("application/vnd.oai.openapi", "application/vnd.oai.openapi; charset=utf-8", yaml.safe_load),
    ],
)
def test_the_description_comes_in_the_form_that_is_asked_for(client, accept, media_type, read):
    answer = client.get("/api/v1/schema", headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert read(answer.content) == api_document.get_document()


def test_another_form_is_refused(client):
    answer = client.get("/api/v1/schema", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_the_description_is_made_once_and_not_sent_twice(client, monkeypatch):
    first = client.get("/api/v1/schema")

    def fail(*args, **kwargs):
        raise AssertionError("generated again")

    monkeypatch.setattr(SchemaGenerator, "get_schema", fail)
    again = client.get("/api/v1/schema", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/v1/schema", headers={"Accept-Language": "hi"}).content == first.content

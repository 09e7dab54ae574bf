"""The socket's description: complete, valid AsyncAPI 3.0, kept in the repository, served."""

from __future__ import annotations

import json

import jsonschema_rs
import yaml
from django.conf import settings
from django.test import Client
from django.urls import reverse

from messaging.consumers import SUBPROTOCOL
from messaging.frames import list_schemas
from messaging.routing import websocket_urlpatterns
from pairly.management.commands import write_api
from pairly.site import socket_document

SPECIFICATION = settings.BASE_DIR / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"


def test_the_description_in_the_repository_is_the_generated_one():
    stale = "a frame has changed: run `.venv/bin/python manage.py write_api` and commit what it writes"
    assert write_api.SOCKET_DOCUMENT.read_bytes() == socket_document.as_yaml(), stale


def test_it_is_valid_by_the_schema_of_asyncapi():
    specification = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(specification).validate(yaml.safe_load(socket_document.as_yaml()))


def find(document, pointer):
    for part in pointer.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_every_frame_is_a_message_and_an_operation_and_every_reference_leads_somewhere():
    document = yaml.safe_load(socket_document.as_yaml())
    seen = set()
    for name, operation in document["operations"].items():
        side = {"receive": "client", "send": "server"}[operation["action"]]
        for reference in [*operation["messages"], *operation.get("reply", {}).get("messages", [])]:
            message = find(document, find(document, reference["$ref"])["$ref"])
            assert "payload" in message
        message = find(document, find(document, operation["messages"][0]["$ref"])["$ref"])
        schema = list_schemas(side=side)[message["name"]]
        assert message["payload"]["schema"] == {key: value for key, value in schema.items() if key != "$schema"}
        assert name == f"{operation['action']}.{message['name']}"
        seen.add((side, message["name"]))
    assert seen == {(side, name) for side in ("client", "server") for name in list_schemas(side=side)}


def test_it_names_the_addresses_and_the_subprotocol_that_there_are():
    document = yaml.safe_load(socket_document.as_yaml())
    assert len(document["channels"]) == 2  # one pattern: with and without the caller
    for channel in document["channels"].values():
        path = channel["address"].lstrip("/").replace("{user_id}", "018f5a3e-7d0c-7a52-9d1e-3c6b1f0a2b4c")
        assert any(one.pattern.match(path) for one in websocket_urlpatterns)
    assert SUBPROTOCOL in document["info"]["description"]


def test_it_is_served_and_the_page_of_the_api_leads_to_it(db):
    client = Client()
    answer = client.get(reverse("site:socket-document"))
    assert (answer.content, answer["Content-Type"]) == (socket_document.as_yaml(), "application/yaml; charset=utf-8")
    again = client.get(reverse("site:socket-document"), headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert reverse("site:socket-document") in client.get(reverse("api-v1:docs")).content.decode()

"""Values that read well and fit nowhere: refused, wherever they are put; none breaks anything."""

from __future__ import annotations

import base64
import json
import os

import pytest
from rest_framework.test import APIClient

from messaging.protocol.base64url import b64u_encode
from messaging.services import conversations
from pairly.testing.people import make_user
from users.services import tokens
from users.tests.helpers import start_api

PROVE = bool(os.environ.get("PAIRLY_PROVE"))
ODD = ["\x00", "a\x00b", "\ud800", [], {}, 10**40, 2**63, -1, 1.5, None, True, "x" * 10_000]
API = "/api/v1"


@pytest.fixture
def creator(db):
    return make_user("creator", price_centi=100_00)


@pytest.fixture
def client(creator):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(started=start_api(creator))['access_token']}")
    return client


def backup_of(user):
    return {
        "format": "pairly-keys",
        "v": 1,
        "user_id": b64u_encode(user.uid.bytes),
        "gen": "A",
        "version": 1,
        "slots": [{}],
        "identity": "A",
        "keyring": "A",
    }


def list_bodies(body):
    """The body with each member odd in turn, and odd altogether."""
    for odd in ODD:
        yield odd
        for name in body:
            yield {**body, name: odd}
            if PROVE:
                yield {**body, name: [odd]}


def list_broken(client, method, path, body):
    for sent in list_bodies(body):
        answer = getattr(client, method)(
            f"{API}/{path}", json.dumps(sent), content_type="application/json", headers={"If-Match": "0"}
        )
        if answer.status_code >= 500:
            yield f"{path}: {str(sent)[:80]!r} gave {answer.status_code}"


def test_no_member_of_a_body_breaks_anything(client, creator):
    fan = make_user()
    place, _ = conversations.open_conversation(user=creator, peer_uid=fan.uid)
    envelope = {"v": 1, "hdr": "AA", "sig": "AA", "ct": "AA", "boxes": ["AA"]}
    requests = [
        ("put", "profiles", {"display_name": "A", "bio": "b", "languages": ["en"], "topics": ["a"]}),
        ("put", "profiles", {"display_name": "A", "price_per_message_centi": 10_000, "reply_window_hours": 24}),
        ("put", "keys/backup", backup_of(creator)),
        ("post", "keys/statements", {"statement": "AA", "sig": "AA", "public": "AA", "label": "A"}),
        ("post", "keys/bind", {"kid": "AA", "sig": "AA"}),
        ("post", "messages/conversations", {"user_id": str(fan.uid)}),
        ("post", f"messages/conversations/{place.uid}/marks", {"read_n": 1, "delivered_n": 1}),
        ("post", "messages", {"conversation": str(place.uid), "envelope": envelope}),
    ]
    assert [told for request in requests for told in list_broken(client, *request)] == []


@pytest.mark.parametrize("body", ["[" * 50_000, '{"a":' * 50_000, '["\\ud800"]', "[", "\xff"])
def test_json_without_end_or_without_characters_is_malformed(client, body):
    answer = client.put(f"{API}/profiles", body.encode("latin-1"), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("place", ["p=%00", "p=abc", "p=9" + "9" * 40, "p=2026-99-99", "r=1&p=%00", "p=%ED%A0%80"])
@pytest.mark.parametrize("path", ["discover", "discover?sort=price", "credits/lots"])
def test_a_cursor_of_no_place_is_not_found(client, path, place):
    cursor = base64.b64encode(place.encode()).decode()
    answer = client.get(f"{API}/{path}", {"cursor": cursor, **({"sort": "price"} if "sort" in path else {})})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("value", ["9" * 40, str(2**63), "\x00", "-1", "1.5"])
@pytest.mark.parametrize(
    "query", ["discover?min_price=", "discover?q=", "credits/transactions?before=", "keys/{uid}/log?after_seq="]
)
def test_no_query_breaks_anything(client, creator, query, value):
    path, _, name = query.format(uid=creator.uid).partition("?")
    assert client.get(f"{API}/{path}", {name.rstrip("="): value}).status_code in (200, 422)

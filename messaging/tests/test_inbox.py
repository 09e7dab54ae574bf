from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from messaging import selectors, server_keys
from messaging.models import Conversation
from messaging.services import conversations
from messaging.tests.vector_world import VECTORS, make_world
from pairly.testing.people import make_user
from profiles.services import add_picture

pytestmark = pytest.mark.django_db

AT = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def world(monkeypatch):
    made = make_world(with_history=False)
    monkeypatch.setattr(server_keys, "list_server_keys", lambda: [made.server_key])
    return made


def opened(creator, days):
    """A conversation whose last message came `days` days after AT."""
    place, is_new = conversations.open_conversation(user=make_user("fan"), peer_uid=creator.uid, at=AT)
    assert is_new
    recv_ms = int((AT + timedelta(days=days)).timestamp() * 1000)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_conversation SET recv_ms = %s WHERE id = %s", [recv_ms, place.pk])
    return place.pk


def test_a_creators_inbox_without_deadlines_has_the_most_recent_first():
    creator = make_user("creator")
    middle, newest, oldest = opened(creator, 2), opened(creator, 3), opened(creator, 1)
    rows = selectors.list_inbox(user=creator)
    assert [row.conversation.pk for row in rows] == [newest, middle, oldest]
    assert {row.conversation.created_at for row in rows} == {AT}


def test_the_inbox_costs_the_same_queries_for_n_and_2n_with_pictures(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    fan, sheet = make_user("fan"), io.BytesIO()
    Image.new("RGB", (100, 100)).save(sheet, "PNG")

    def add(n):
        for _ in range(n):
            creator = make_user("creator")
            add_picture(user=creator, kind="portrait", data=sheet.getvalue())
            conversations.open_conversation(user=fan, peer_uid=creator.uid)

    def count():
        with CaptureQueriesContext(connection) as queries:
            rows = selectors.list_inbox(user=fan)
            assert all(row.peer.profile.portrait.url(96) for row in rows)
        return len(queries)

    add(2)
    at_n = count()
    add(2)
    assert count() == at_n


def test_what_came_in_earlier_does_not_count_against_the_limit_of_now(world, settings):
    settings.SOCKET_FRAMES = 1
    world.replay_history()
    assert Conversation.objects.get(uid=world.conversation).n == len(VECTORS["messages"])


def test_a_mark_has_the_time_it_was_set(world):
    world.replay_history()
    conversations.mark(user=world.bob, conversation_uid=world.conversation, what="read", n=2, at=AT)
    conversations.mark(user=world.alice, conversation_uid=world.conversation, what="read", n=2)
    conversations.mark(user=world.bob, conversation_uid=world.conversation, what="delivered", n=3, at=AT)
    place = Conversation.objects.get(uid=world.conversation)
    assert (place.high_read_n, place.high_read_at, place.high_delivered_n) == (2, AT, 3)
    assert abs(place.low_read_at - timezone.now()) < timedelta(minutes=5)

"""The message row is its own outbox: what was pushed is written down later, what was not is pushed again."""

from __future__ import annotations

import pytest
from django.db import connection

from messaging import server_keys
from messaging.models import Message
from messaging.services import delivery
from messaging.tests.vector_world import make_world
from pairly.common.clock import now_ms
from pairly.common.redis import get_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    made = make_world()
    monkeypatch.setattr(server_keys, "list_server_keys", lambda: [made.server_key])
    return made


@pytest.fixture
def pushed(monkeypatch):
    """What the sweeper pushes."""
    taken = []

    def push_all(*, pushes, note=None):
        taken.append(pushes)
        if note:
            get_client(raw=True).rpush(*note)
        return True

    monkeypatch.setattr(delivery, "push_all", push_all)
    return taken


def rows():
    return list(Message.objects.order_by("n").values_list("n", "pushed"))


def received_at(ms):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_message SET recv_ms = %s", [ms])


def test_the_sweeper_writes_down_what_was_pushed_and_pushes_nothing_again(world, pushed):
    assert not any(done for _, done in rows())
    assert delivery.sweep() == 0
    assert len(rows()) == 7
    assert all(done for _, done in rows())
    assert pushed == []
    assert all(len(bytes(message.receipt)) == 64 for message in Message.objects.all())


def test_a_message_whose_push_was_lost_is_pushed_to_both_and_then_marked(world, pushed):
    get_client(raw=True).flushdb()  # the process died between commit and push
    received_at(1)
    assert delivery.sweep() == 7
    assert {user for user, _ in pushed[0]} == {world.alice.uid, world.bob.uid}
    assert all(done for _, done in rows())
    assert delivery.sweep() == 0


def test_a_fresh_message_is_left_to_the_one_who_just_sent_it(world, pushed):
    get_client(raw=True).flushdb()
    received_at(now_ms())
    assert delivery.sweep() == 0
    assert pushed == []


def test_notes_that_are_none_are_dropped(world, pushed):
    get_client(raw=True).flushdb()
    get_client(raw=True).rpush(delivery._notes_key(), b"x", b"y" * 88)
    assert delivery.mark_pushed() == 1  # of the right length, about no message
    assert not any(done for _, done in rows())

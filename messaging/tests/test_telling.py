"""Who was written to and does not look is told so: once, late enough for a reader to read, and away from the send."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from credits.types import VoidedHold
from messaging import server_keys
from messaging.models import Conversation, Message
from messaging.services import conversations, delivery, telling
from messaging.tests.vector_world import make_world
from pairly.common.clock import now_ms
from pairly.common.redis import get_client
from users.models import Block, Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    made = make_world()
    monkeypatch.setattr(server_keys, "list_server_keys", lambda: [made.server_key])
    delivery.sweep()
    return made


def later() -> int:
    return now_ms() + telling.TELL_AFTER_MS + 1


def told():
    return set(Notification.objects.values_list("user", "actor", "kind", "key"))


def test_both_are_told_of_what_they_have_not_read_once(world):
    assert telling.tell_of_messages() == 0  # it has just come
    assert told() == set()
    assert telling.tell_of_messages(at_ms=later()) == 2
    key = f"message:{world.conversation}"
    assert told() == {
        (world.alice.pk, world.bob.pk, "message", key),
        (world.bob.pk, world.alice.pk, "message", key),
    }
    assert {row.payload["conversation"] for row in Notification.objects.all()} == {str(world.conversation)}
    assert telling.tell_of_messages(at_ms=later()) == 0


def test_who_has_read_meanwhile_is_told_nothing(world):
    n = Conversation.objects.get().n
    conversations.mark(user=world.bob, conversation_uid=world.conversation, what="read", n=n)
    telling.tell_of_messages(at_ms=later())
    assert {user for user, *_ in told()} == {world.alice.pk}


def test_reading_the_conversation_reads_the_word_of_it_and_the_next_message_is_told_again(world):
    telling.tell_of_messages(at_ms=later())
    last_of_alice = Message.objects.filter(sender=world.alice.pk, kind=1).order_by("-n").first().n
    conversations.mark(user=world.bob, conversation_uid=world.conversation, what="read", n=last_of_alice - 1)
    assert Notification.objects.get(user=world.bob).read_at is not None
    assert Notification.objects.get(user=world.alice).read_at is None
    telling.remember(messages=[(world.conversation, last_of_alice)])
    assert telling.tell_of_messages(at_ms=later()) == 1
    assert Notification.objects.get(user=world.bob).read_at is None


def test_the_payer_is_told_once_of_credits_that_came_back(world):
    scope = Conversation.objects.get().pk
    alice, bob = world.alice.pk, world.bob.pk
    hold = VoidedHold(id=7, op=uuid.uuid4(), actor=alice, payee=bob, scope=scope, position=1, amount_centi=500)
    elsewhere = replace(hold, id=8, scope=scope + 1)
    for _ in range(2):
        telling.tell_of_refunds(voided=[hold, elsewhere])
    row = Notification.objects.get()
    assert (row.user_id, row.actor_id, row.kind) == (alice, bob, "hold_refunded")
    assert row.payload == {"conversation": str(world.conversation), "amount_centi": 500}


def test_a_block_keeps_it_quiet(world):
    Block.objects.create(blocker=world.alice, blocked=world.bob)
    assert telling.tell_of_messages(at_ms=later()) == 0
    assert told() == set()


def test_edits_deletions_and_reactions_are_no_news(world):
    get_client(raw=True).flushdb()
    quiet = list(Message.objects.filter(kind__in=[2, 3, 4]).values_list("n", flat=True))
    assert quiet
    telling.remember(messages=[(world.conversation, n) for n in quiet])
    assert telling.tell_of_messages(at_ms=later()) == 0


def test_what_is_no_entry_is_dropped(world):
    get_client(raw=True).flushdb()
    get_client(raw=True).rpush(telling._key(), b"x")
    assert telling.tell_of_messages(at_ms=later()) == 0


def test_a_thousand_messages_are_one_read_and_one_write(world, django_assert_num_queries):
    telling.remember(messages=[(world.conversation, n % 7 + 1) for n in range(telling.TOLD_AT_ONCE - 7)])
    with django_assert_num_queries(3):  # the third asks whose device to wake
        telling.tell_of_messages(at_ms=later())

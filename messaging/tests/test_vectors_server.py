"""The protocol's vectors against the real send: every message, every reject, through the service."""

from __future__ import annotations

import pytest

from credits import invariants, selectors
from messaging.errors import MessageRejected
from messaging.models import Attachment, Message
from messaging.protocol.codes import status_of

from .vector_world import VECTORS, make_world

pytestmark = pytest.mark.django_db


def test_the_seven_messages_give_the_chain_and_receipts_of_the_vectors():
    world = make_world(with_history=False)
    for row in VECTORS["messages"]:
        sent = world.send(row["sender"], row["env"], row["srv"]["recv_ms"])
        assert sent.srv == row["srv"]
    balance = selectors.get_balance(user_id=world.alice.pk)
    assert (balance.balance_centi, balance.held_centi) == (90_000, 5_000)  # the answer released the first of two
    assert selectors.get_earnings(user_id=world.bob.pk).earned_centi == 4_000
    assert [f for f in invariants.check_in_transaction() if not f.is_ok] == []


@pytest.mark.parametrize("reject", VECTORS["server_rejects"], ids=lambda r: r["name"])
def test_a_reject_answers_its_code_and_changes_nothing(reject):
    world = make_world()
    world.set_price(0)
    before = (Message.objects.count(), selectors.get_balance(user_id=world.alice.pk))
    with pytest.raises(MessageRejected) as caught:
        world.send("alice", reject["env"], VECTORS["now_ms"] + 20)
    assert caught.value.code == reject["code"]
    assert caught.value.status == status_of(reject["code"])
    assert (Message.objects.count(), selectors.get_balance(user_id=world.alice.pk)) == before


def test_an_identical_retry_returns_the_stored_receipt_and_charges_once():
    world = make_world()
    row = VECTORS["messages"][2]
    before = selectors.get_balance(user_id=world.alice.pk)
    again = world.send("alice", row["env"], VECTORS["now_ms"] + 10_000_000)  # also long after the clock check
    assert again.is_replay
    assert again.srv == row["srv"]
    assert again.charged_centi == 5_000
    assert selectors.get_balance(user_id=world.alice.pk) == before
    assert Message.objects.count() == 7


def test_a_deleted_message_loses_its_ciphertext_and_the_chain_still_stands():
    world = make_world()
    first = VECTORS["messages"][6]
    erased = Message.objects.filter(conversation__uid=world.conversation, ct__isnull=True)
    assert erased.count() == 1
    assert first["sender"] == "alice"
    assert len(erased.get().hdr) > 231


def test_an_attachment_that_was_never_uploaded_is_refused():
    world = make_world(with_history=False)
    Attachment.objects.all().delete()
    for row in VECTORS["messages"][:2]:
        world.send(row["sender"], row["env"], row["srv"]["recv_ms"])
    third = VECTORS["messages"][2]
    with pytest.raises(MessageRejected, match="att_unknown"):
        world.send(third["sender"], third["env"], third["srv"]["recv_ms"])
    assert Message.objects.count() == 2

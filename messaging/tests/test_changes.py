"""Edits, deletions and reactions on the server: whose message they may mean, what they cost, what a deletion erases."""

from __future__ import annotations

import pytest

from credits import selectors as ledger
from messaging import selectors
from messaging.client.opening import verify_place
from messaging.errors import MessageRejected
from messaging.models import Conversation, Message
from messaging.protocol.base64url import b64u_decode
from messaging.protocol.labels import sha256
from messaging.server_keys import list_server_keys
from pairly.testing.pen_friends import Letters, PenFriend

pytestmark = pytest.mark.django_db

PRICE = 10_000
EDIT, DELETE, REACT = 2, 3, 4


@pytest.fixture
def letters():
    fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
    return Letters(fan=fan, creator=PenFriend("creator", name="Mara", price_centi=PRICE))


def books(letters):
    fan, creator = letters.fan.user.pk, letters.creator.user.pk
    return Message.objects.count(), ledger.get_balance(user_id=fan), ledger.get_earnings(user_id=creator)


def hold_of(letters, sent):
    place = Conversation.objects.get(uid=letters.uid)
    return ledger.holds_by_position(scope=place.pk, positions=[sent.srv["n"]])[sent.srv["n"]].state


def refused(letters, writer, kind, target, code="target_unknown", at_ms=None):
    before = books(letters)
    with pytest.raises(MessageRejected) as caught:
        letters.write(writer, "x", kind=kind, target=target, at_ms=at_ms)
    assert caught.value.code == code
    assert books(letters) == before


def test_only_its_writer_changes_a_message_and_only_those_of_the_two(letters):
    question = letters.write(letters.fan, "a question")
    for kind in (EDIT, DELETE):
        refused(letters, letters.creator, kind, question.message_id)
    letters.write(letters.creator, "👍", kind=REACT, target=question.message_id)
    letters.write(letters.fan, "👍", kind=REACT, target=question.message_id)  # to one's own is nobody's harm

    other = Letters(fan=PenFriend("fan", name="Ada", credits_centi=PRICE), creator=letters.creator)
    elsewhere = other.write(other.fan, "to the same creator")
    for kind in (EDIT, DELETE, REACT):
        refused(letters, letters.fan, kind, elsewhere.message_id)
        refused(letters, letters.creator, kind, elsewhere.message_id)
    change = letters.write(letters.fan, "another question", kind=EDIT, target=question.message_id)
    for kind in (EDIT, DELETE, REACT):
        refused(letters, letters.fan, kind, change.message_id)  # a change is not a message


def test_a_change_costs_nothing_and_answers_nothing(letters):
    question = letters.write(letters.fan, "a question")
    early = letters.write(letters.creator, "early")  # answers it
    second = letters.write(letters.fan, "another")
    _, *before = books(letters)
    for kind in (REACT, EDIT):
        writer, target = (letters.fan, question) if kind == REACT else (letters.creator, early)
        letters.write(writer, "x", kind=kind, target=target.message_id)
    letters.write(letters.creator, "❤️", kind=REACT, target=second.message_id)
    letters.write(letters.creator, "", kind=DELETE, target=early.message_id)
    assert books(letters)[1:] == tuple(before)
    assert (hold_of(letters, question), hold_of(letters, second)) == ("posted", "open")
    letters.write(letters.fan, "", kind=DELETE, target=second.message_id)
    assert hold_of(letters, second) == "open"


def test_a_deletion_erases_what_a_message_became_and_the_chain_still_verifies(letters):
    kept = letters.write(letters.fan, "kept")
    gone = letters.write(letters.fan, "gone")
    letters.write(letters.fan, "gone, in other words", kind=EDIT, target=gone.message_id)
    letters.write(letters.creator, "😮", kind=REACT, target=gone.message_id)
    letters.write(letters.fan, "kept, in other words", kind=EDIT, target=kept.message_id)
    letters.write(letters.creator, "👍", kind=REACT, target=kept.message_id)
    letters.write(letters.fan, "", kind=DELETE, target=gone.message_id)

    rows = selectors.list_history(user=letters.creator.user, peer_uid=letters.fan.user.uid).rows
    assert [row["envelope"]["ct"] == "" for row in rows] == [False, True, True, True, False, False, False]
    assert [row["envelope"]["boxes"] == [] for row in rows] == [False, True, True, True, False, False, False]
    keys = {key.skid: key.public for key in list_server_keys()}
    head = bytes(Conversation.objects.get(uid=letters.uid).h0)
    for row in rows:
        hdr, sig = b64u_decode(row["envelope"]["hdr"]), b64u_decode(row["envelope"]["sig"])
        head = verify_place(
            srv=row["srv"], conversation=letters.uid.bytes, previous=head, hdr_hash=sha256(hdr), sig=sig,
            find_server_key=keys.get,
        )  # fmt: skip
    assert head == bytes(Conversation.objects.get(uid=letters.uid).head)


def test_an_edit_comes_within_a_quarter_of_an_hour_and_not_after_a_deletion(letters):
    sent = letters.write(letters.fan, "a question")
    last_ms = sent.srv["recv_ms"] + 15 * 60_000
    letters.write(letters.fan, "another question", kind=EDIT, target=sent.message_id, at_ms=last_ms)
    refused(letters, letters.fan, EDIT, sent.message_id, code="edit_too_late", at_ms=last_ms + 1)
    letters.write(letters.creator, "👍", kind=REACT, target=sent.message_id, at_ms=last_ms + 1)
    letters.write(letters.fan, "", kind=DELETE, target=sent.message_id, at_ms=last_ms + 2)
    refused(letters, letters.fan, EDIT, sent.message_id, at_ms=last_ms + 3)
    refused(letters, letters.creator, REACT, sent.message_id, at_ms=last_ms + 3)
    letters.write(letters.fan, "", kind=DELETE, target=sent.message_id, at_ms=last_ms + 3)

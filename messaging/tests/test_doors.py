"""Both doors of a send, REST and socket, against the real server: what is refused, and that it changes nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from credits import selectors as ledger
from credits.services import caps, purchases
from messaging.client.http import Account, ApiProblem, now_ms
from messaging.client.identity import EncryptionKey
from messaging.client.socket import ChatSocket
from messaging.models import Message
from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.codes import status_of
from pairly.common.ids import uuid7
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import PASSWORD
from profiles.services import update_profile
from users.models import Block, Restriction, User

PRICE = 5_000


@dataclass
class Pair:
    fan: Account
    creator: Account
    stranger: Account
    url: str

    def user(self, account: Account) -> User:
        return User.objects.get(uid=account.user_id)

    def books(self):
        fan = self.user(self.fan).pk
        return Message.objects.count(), ledger.get_balance(user_id=fan)


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """One server for all; each test has people of its own."""
    folder = tmp_path_factory.mktemp("doors")
    with (
        own_database(django_db_blocker) as name,
        running_daphne(database=name, log_folder=folder, SOCKET_FRAMES="100000") as running,
    ):
        yield running


@pytest.fixture
def pair(server):
    accounts, number = [], uuid.uuid4().hex[:12]
    for name, role in (("fan", "fan"), ("creator", "creator"), ("stranger", "fan")):
        account = Account(server.url)
        account.sign_up(email=f"{name}-{number}@example.org", password=PASSWORD, name=name, role=role)
        account.enrol()
        accounts.append(account)
    pair = Pair(*accounts, server.url)
    update_profile(user=pair.user(pair.creator), price_per_message_centi=PRICE)
    credit(pair.user(pair.fan), 50_000)
    yield pair
    for account in accounts:
        account.http.close()


def credit(user, centi):
    purchases.record_purchase(
        user_id=user.pk, op_id=uuid7(), credits_centi=centi, currency="USD", amount_minor=500, payment_uid=uuid7()
    )


class RestDoor:
    def __init__(self, pair, account):
        self.account = account

    def send(self, conversation, envelope):
        body = {"conversation": str(uuid.UUID(bytes=conversation)), "envelope": envelope}
        return self.account.call("POST", "messages", body)


class SocketDoor:
    def __init__(self, pair, account):
        url = pair.url.replace("http", "ws") + "/api/v1/messages/ws"
        self.socket = ChatSocket(url=url, token=account.access_token)

    def send(self, conversation, envelope):
        return self.socket.send(conversation=uuid.UUID(bytes=conversation), envelope=envelope)


@pytest.fixture(params=[RestDoor, SocketDoor], ids=["rest", "socket"])
def door(request, pair):
    door = request.param(pair, pair.fan)
    yield door
    if isinstance(door, SocketDoor):
        door.socket.close()


def refused(door, conversation, envelope, code, pair):
    before = pair.books()
    with pytest.raises(ApiProblem) as caught:
        door.send(conversation, envelope)
    assert (caught.value.code, caught.value.status) == (code, status_of(code))
    assert pair.books() == before
    return caught.value.document


def test_a_message_is_paid_answered_and_read_over_both_doors(pair, door):
    conversation, opening = pair.fan.open_conversation(pair.creator.user_id)
    assert opening["price_centi"] == PRICE
    envelope = pair.fan.seal_to(conversation, "hello", price_centi=PRICE)
    first = door.send(conversation.id, envelope)
    assert (first["charged_centi"], first["balance_centi"]) == (PRICE, 45_000)
    assert first["hold"]["id"]
    conversation.sent(envelope=envelope, srv=first["srv"])
    again = door.send(conversation.id, envelope)  # an identical retry
    assert again["srv"] == first["srv"]
    assert again["balance_centi"] == 45_000
    theirs, _ = pair.creator.open_conversation(pair.fan.user_id)
    assert pair.creator.read_new(theirs) == ["hello"]
    pair.creator.send(theirs, "answer", price_centi=0)
    assert pair.fan.read_new(conversation) == ["answer"]
    assert ledger.get_balance(user_id=pair.user(pair.fan).pk).held_centi == 0
    assert ledger.get_earnings(user_id=pair.user(pair.creator).pk).earned_centi == 4_000


def test_what_the_database_decides_is_refused_with_its_code(pair, door):
    conversation, _ = pair.fan.open_conversation(pair.creator.user_id)
    first = pair.fan.seal_to(conversation, "one", price_centi=PRICE, message_id=b"m" * 16)
    conversation.sent(envelope=first, srv=door.send(conversation.id, first)["srv"])

    def seal(text="x", price_centi=PRICE, **how):
        return pair.fan.seal_to(conversation, text, price_centi=price_centi, **how)

    refused(door, conversation.id, seal(message_id=b"m" * 16), "duplicate_msg_id", pair)
    conversation.next_seq += 1
    assert refused(door, conversation.id, seal(), "seq", pair)["expected"] == 2
    conversation.next_seq -= 1
    head, conversation.head = conversation.head, b"f" * 32
    refused(door, conversation.id, seal(), "seen_head", pair)
    conversation.head = head
    refused(door, conversation.id, seal(kind=2, price_centi=0, target=b"t" * 16), "target_unknown", pair)
    assert refused(door, conversation.id, seal(price_centi=PRICE + 100), "price_changed", pair)["price_centi"] == PRICE
    refused(door, conversation.id, seal(kind=5), "price_changed", pair)

    def write(recipients, now=None):
        return conversation.write(
            text="x", message_id=uuid.uuid4().bytes, price_centi=PRICE, recipients=recipients, now_ms=now or now_ms()
        )

    mine, theirs = pair.fan.encryption_keys(pair.fan.user_id), pair.fan.encryption_keys(pair.creator.user_id)
    refused(door, conversation.id, write(mine), "rcpt_missing", pair)
    refused(door, conversation.id, write([*mine, EncryptionKey(b"e" * 32).public]), "rcpt_key_unknown", pair)
    refused(door, conversation.id, write([*mine, *theirs], now=now_ms() - 400_000), "clock_skew", pair)
    statement = pair.creator.identity.rotate(now_ms=now_ms())
    pair.creator.call("POST", "keys/statements", statement.as_json())
    document = refused(door, conversation.id, write([*mine, *theirs]), "rcpt_key_stale", pair)
    fresh = [b64u_decode(row["public"]) for row in document["bundle"]["encryption"] if row["active"]]
    assert fresh == [statement.public]
    assert door.send(conversation.id, write([*mine, *fresh]))["charged_centi"] == PRICE


def test_standing_and_money_are_refused_with_their_codes(pair, door):
    conversation, _ = pair.fan.open_conversation(pair.creator.user_id)
    fan, creator = pair.user(pair.fan), pair.user(pair.creator)

    def seal(price_centi=PRICE):
        return pair.fan.seal_to(conversation, "x", price_centi=price_centi)

    block = Block.objects.create(blocker=creator, blocked=fan)
    refused(door, conversation.id, seal(), "blocked", pair)
    block.delete()
    for kind, code in (("mute", "muted"), ("suspension", "suspended")):
        row = Restriction.objects.create(user=fan, kind=kind)
        refused(door, conversation.id, seal(), code, pair)
        row.delete()
    update_profile(user=creator, price_per_message_centi=60_000)
    document = refused(door, conversation.id, seal(60_000), "insufficient_credits", pair)
    assert (document["balance_centi"], document["cost_centi"]) == (50_000, 60_000)
    update_profile(user=creator, price_per_message_centi=PRICE)
    now = timezone.now()
    caps.set_caps(user=fan, at=now, day_centi=None, week_centi=PRICE - 1, month_centi=None)
    document = refused(door, conversation.id, seal(), "spending_cap_reached", pair)
    assert (document["cap"], document["resets_at"] > now.isoformat()) == ("week", True)
    until = caps.cool_off(user=fan, length="day", at=now)
    assert refused(door, conversation.id, seal(), "cooling_off", pair)["until"] == until.isoformat()


def test_a_stranger_gets_nothing_and_changes_nothing(pair):
    conversation, _ = pair.fan.open_conversation(pair.creator.user_id)
    pair.fan.send(conversation, "for two", price_centi=PRICE)
    before = pair.books()
    envelope = pair.stranger.seal_to(pair.stranger.open_conversation(pair.creator.user_id)[0], "x", price_centi=PRICE)
    place = str(uuid.UUID(bytes=conversation.id))
    calls = [
        ("POST", "messages", {"conversation": place, "envelope": envelope}, 403),
        ("GET", f"messages/history/{pair.fan.user_id}", None, 404),
        ("POST", f"messages/conversations/{place}/marks", {"read_n": 1}, 404),
        ("POST", "messages/conversations", {"user_id": str(pair.fan.user_id)}, 404),
    ]
    for method, path, body, status in calls:
        with pytest.raises(ApiProblem) as caught:
            pair.stranger.call(method, path, body)
        assert caught.value.status == status
    assert [row["user"]["user_id"] for row in pair.stranger.call("GET", "messages/conversations")["results"]] == [
        str(pair.creator.user_id)
    ]
    assert pair.books() == before


def test_a_visitor_is_refused_everywhere(pair):
    visitor = Account(pair.url, http=pair.stranger.http)
    paths = ["keys/backup", "keys/session", "keys/server", f"keys/{pair.fan.user_id}/bundle", "messages/conversations"]
    for path in [*paths, f"messages/history/{pair.fan.user_id}", "credits/balance", "profiles"]:
        with pytest.raises(ApiProblem) as caught:
            visitor.call("GET", path)
        assert caught.value.status == 401


def test_the_socket_pushes_to_the_two_and_resumes_what_was_missed(pair):
    url = pair.url.replace("http", "ws") + "/api/v1/messages/ws"
    conversation, _ = pair.fan.open_conversation(pair.creator.user_id)
    place = uuid.UUID(bytes=conversation.id)
    with (
        ChatSocket(url=url, token=pair.creator.access_token) as creator,
        ChatSocket(url=url, token=pair.stranger.access_token) as stranger,
        ChatSocket(url=url, token=pair.fan.access_token) as fan,
    ):
        assert fan.ready["device"] == b64u_encode(pair.fan.identity.device.kid)
        envelope = pair.fan.seal_to(conversation, "live", price_centi=PRICE)
        ack = fan.send(conversation=place, envelope=envelope)
        push = creator.wait_for("message")
        assert (push["envelope"], push["srv"]) == (envelope, ack["srv"])
        creator.tell({"type": "receipt", "conversation": str(place), "read_n": 1})
        assert fan.wait_for("receipt")["read_n"] == 1
        stranger.tell({"type": "ping"})
        assert stranger.receive() == {"type": "pong"}  # nothing reached the stranger before it
        stranger.tell({"type": "resume", "heads": {str(place): 0}})
        assert stranger.receive()["problem"]["code"] == "not_found"
    with ChatSocket(url=url, token=pair.creator.access_token) as creator:
        creator.tell({"type": "resume", "heads": {str(place): 0}})
        assert creator.receive()["srv"] == ack["srv"]
        assert creator.receive() == {"type": "resumed"}


def test_a_socket_needs_the_auth_frame_and_ends_with_its_sign_in(pair):
    url = pair.url.replace("http", "ws") + "/api/v1/messages/ws"
    for first in ('{"type":"ping"}', '{"type":"auth","token":"nonsense"}', '{"type":"auth"}'):
        with connect(url, proxy=None) as raw:
            raw.send(first)
            with pytest.raises(ConnectionClosed):
                raw.recv(timeout=30)
            assert raw.close_code == 4401
    with ChatSocket(url=url, token=pair.fan.access_token) as fan:
        pair.fan.call("POST", "auth/logout", {})
        assert fan.receive() == {"type": "session.revoked"}
        with pytest.raises(ConnectionClosed):
            fan.receive()
        assert fan.connection.close_code == 4403


def test_a_changed_password_closes_the_other_sockets_and_keeps_this_one(pair):
    old, new = PASSWORD, "a quite different phrase 8"
    other = Account(pair.url)
    other.sign_in(email=pair.user(pair.fan).email, password=old)
    url = pair.url.replace("http", "ws") + "/api/v1/messages/ws"
    sockets = [ChatSocket(url=url, token=account.access_token) for account in (pair.fan, other, pair.stranger)]
    with sockets[0] as here, sockets[1] as elsewhere, sockets[2] as stranger:
        pair.fan.call("POST", "auth/password/change", {"current_password": old, "new_password": new})
        assert elsewhere.receive() == {"type": "session.revoked"}
        with pytest.raises(ConnectionClosed):
            elsewhere.receive()
        assert elsewhere.connection.close_code == 4403
        for socket in (here, stranger):
            socket.tell({"type": "ping"})
            assert socket.receive() == {"type": "pong"}
    with pytest.raises(ApiProblem) as caught:
        other.call("POST", "auth/refresh", {"refresh_token": other.refresh_token})
    assert caught.value.status == 401
    other.http.close()


def test_the_third_bad_frame_in_a_minute_closes_the_socket(pair):
    url = pair.url.replace("http", "ws") + "/api/v1/messages/ws"
    with ChatSocket(url=url, token=pair.fan.access_token) as fan:
        for _ in range(3):
            fan.connection.send("not json")
            assert fan.receive()["problem"]["code"] == "bad_frame"
        with pytest.raises(ConnectionClosed):
            fan.receive()
        assert fan.connection.close_code == 4400


def test_a_conversation_outlives_the_profile_of_the_other(pair):
    conversation, _ = pair.fan.open_conversation(pair.creator.user_id)
    pair.fan.send(conversation, "still here", price_centi=PRICE)
    pair.creator.call("DELETE", "profiles")
    rows = pair.fan.call("GET", "messages/conversations")["results"]
    assert [row["user"]["display_name"] for row in rows] == ["creator"]
    assert rows[0]["price_centi"] == 0
    pair.fan.call("POST", "messages/conversations", {"user_id": str(pair.creator.user_id)})

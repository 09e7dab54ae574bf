"""The end of a server process: what was begun is finished and answered, sockets are told to come back, and it goes."""

from __future__ import annotations

import signal
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from django.db import connection, transaction
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from credits.services import purchases
from messaging.client.http import Account
from messaging.client.socket import ChatSocket
from messaging.models import Message
from pairly.common.ids import uuid7
from pairly.testing.fixtures import free_port, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend
from profiles.services import update_profile
from users.models import User

from .raw_http import parse, read_all, request
from .test_chat_page import SENT, Desk

PRICE = 5_000
WITHIN_S = 90  # a server that starts anew is part of it


def until(condition, what):
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@contextmanager
def locked(table):
    """Nobody reads `table` inside the block; yields a function that lets them, and ends by doing so."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def count_who_wait():
    """How many sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone()[0]


def listens(server):
    port = int(server.url.rsplit(":", 1)[1])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask_to_stop(server):
    """SIGTERM; returns when it listens no longer."""
    server.child.send_signal(signal.SIGTERM)
    until(lambda: not listens(server), "it still listens")


def make_account(server, name="fan", role="fan"):
    account = Account(server.url)
    account.sign_up(email=f"{name}@example.org", password="a long enough passphrase 7", name=name, role=role)
    return account


@pytest.fixture
def in_background():
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


def test_a_request_in_flight_gets_its_answer_and_then_the_process_ends(asgi_server, in_background):
    account = make_account(asgi_server)
    headers = {"Authorization": f"Bearer {account.access_token}"}
    with httpx.Client(timeout=WITHIN_S) as kept_alive:
        assert kept_alive.get(f"{asgi_server.url}/api/v1/version").status_code == 200
        with locked("users_session"):
            slow = in_background(
                httpx.get, f"{asgi_server.url}/api/v1/auth/sessions", headers=headers, timeout=WITHIN_S
            )
            until(count_who_wait, "the request does not wait for the lock")
            ask_to_stop(asgi_server)
            assert asgi_server.child.poll() is None
        answer = slow.result(WITHIN_S)
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
        assert len(answer.json()["results"] if "results" in answer.json() else answer.json()) == 1
        assert asgi_server.child.wait(WITHIN_S) == 0
    account.http.close()


def test_a_request_that_is_still_arriving_is_taken_and_answered(asgi_server):
    port = int(asgi_server.url.rsplit(":", 1)[1])
    whole = request("POST /api/v1/auth/login", "Content-Type: application/json", "Content-Length: 2", body=b"{}")
    with socket.create_connection(("127.0.0.1", port), WITHIN_S) as client, socket.socket() as idle:
        idle.connect(("127.0.0.1", port))
        idle.sendall(request("GET /api/v1/version"))
        assert idle.recv(65_536).startswith(b"HTTP/1.1 200")
        client.sendall(whole[:-1])
        idle.settimeout(WITHIN_S)
        ask_to_stop(asgi_server)
        assert idle.recv(1) == b""  # nothing was asked on it: it is closed
        client.sendall(whole[-1:])
        answer = parse(read_all(client))[0]
    assert answer.status == 422
    assert answer.headers["connection"] == "close"
    assert asgi_server.child.wait(WITHIN_S) == 0


def test_what_does_not_end_in_time_is_left(start_server, in_background):
    # The query may wait for longer than the process has to end.
    server = start_server(SERVER_DRAIN_SECONDS="0.3", DATABASE_ANSWER_SECONDS_WEB="60")
    account = make_account(server)
    with locked("users_session"):
        slow = in_background(account.call, "GET", "auth/sessions")
        until(count_who_wait, "the request does not wait for the lock")
        server.child.send_signal(signal.SIGTERM)
        assert server.child.wait(WITHIN_S) == 1
    assert isinstance(slow.exception(WITHIN_S), httpx.HTTPError)
    assert "server_drain_unfinished" in server.log_path.read_text()
    account.http.close()


def test_the_second_signal_ends_it_at_once(asgi_server, in_background):
    account = make_account(asgi_server)
    with locked("users_session"):
        slow = in_background(account.call, "GET", "auth/sessions")
        until(count_who_wait, "the request does not wait for the lock")
        ask_to_stop(asgi_server)
        asgi_server.child.send_signal(signal.SIGTERM)
        assert asgi_server.child.wait(WITHIN_S) == -signal.SIGTERM
    assert isinstance(slow.exception(WITHIN_S), httpx.HTTPError)
    account.http.close()


@contextmanager
def pair_of(server):
    """A fan with credits and a creator, both with keys."""
    fan, creator = make_account(server), make_account(server, "creator", "creator")
    for account in (fan, creator):
        account.enrol()
    update_profile(user=User.objects.get(uid=creator.user_id), price_per_message_centi=PRICE)
    purchases.record_purchase(
        user_id=User.objects.get(uid=fan.user_id).pk,
        op_id=uuid7(),
        credits_centi=50_000,
        currency="USD",
        amount_minor=500,
        payment_uid=uuid7(),
    )
    yield fan, creator
    fan.http.close()
    creator.http.close()


def test_a_socket_gets_the_ack_in_hand_and_then_1012(asgi_server, in_background):
    with pair_of(asgi_server) as (fan, creator):
        conversation, _ = fan.open_conversation(creator.user_id)
        envelope = fan.seal_to(conversation, "hello", price_centi=PRICE)
        url = asgi_server.socket_url
        with ChatSocket(url=url, token=fan.access_token, timeout_s=WITHIN_S) as chat, connect(url, proxy=None) as other:
            with locked("messaging_message"):
                ack = in_background(chat.send, conversation=uuid.UUID(bytes=conversation.id), envelope=envelope)
                until(count_who_wait, "the send does not wait for the lock")
                ask_to_stop(asgi_server)
            assert ack.result(WITHIN_S)["charged_centi"] == PRICE
            with pytest.raises(ConnectionClosed) as closed:
                chat.wait_for("nothing that is ever sent")
            assert closed.value.rcvd.code == 1012
            with pytest.raises(ConnectionClosed) as closed:
                other.recv(WITHIN_S)
            assert closed.value.rcvd.code == 1012
    assert asgi_server.child.wait(WITHIN_S) == 0
    assert Message.objects.count() == 1


def test_the_python_client_comes_back_and_misses_and_repeats_nothing(committed_db, tmp_path, in_background):
    port = free_port()
    where = {"database": committed_db, "log_folder": tmp_path, "port": port}
    with running_daphne(**where) as first, pair_of(first) as (fan, creator):
        conversation, _ = fan.open_conversation(creator.user_id)
        uid = uuid.UUID(bytes=conversation.id)
        heads = {str(uid): 0}
        reader = ChatSocket(
            url=first.socket_url, token=creator.access_token, timeout_s=WITHIN_S, heads=lambda: dict(heads)
        )
        writer = ChatSocket(url=first.socket_url, token=fan.access_token, timeout_s=WITHIN_S, heads=dict)
        with reader, writer:
            ack = writer.send(conversation=uid, envelope=(one := fan.seal_to(conversation, "one", price_centi=PRICE)))
            conversation.sent(envelope=one, srv=ack["srv"])
            heads[str(uid)] = reader.wait_for("message")["srv"]["n"]
            two = fan.seal_to(conversation, "two", price_centi=PRICE)
            ask_to_stop(first)
            sending = in_background(writer.send, conversation=uid, envelope=two)  # nobody is there to take it
            assert first.child.wait(WITHIN_S) == 0
            with running_daphne(**where):
                conversation.sent(envelope=two, srv=sending.result(WITHIN_S)["srv"])
                pushed = reader.wait_for("message")
                assert pushed["envelope"]["hdr"] == two["hdr"]
                reader.tell({"type": "ping"})
                numbers = [pushed["srv"]["n"]]
                while (frame := reader.receive())["type"] != "pong":
                    numbers += [frame["srv"]["n"]] if frame["type"] == "message" else []
                assert set(numbers) == {2}
                assert (reader.n_reconnects, writer.n_reconnects) == (1, 1)
    assert Message.objects.count() == 2


def test_the_browser_comes_back_and_shows_each_message_once(committed_db, tmp_path, chromium):
    port = free_port()
    where = {"database": committed_db, "log_folder": tmp_path, "port": port}
    fan = PenFriend("fan", name="Robin Fan", credits_centi=100_000)
    letters = Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=PRICE))
    closed = threading.Event()
    with running_daphne(**where) as first:
        desk = Desk(chromium, first.url, fan)
        desk.open(letters)
        desk.send("before")
        desk.page.locator(SENT, has_text="before").wait_for()
        desk.socket.on("close", lambda _: closed.set())
        ask_to_stop(first)
        assert first.child.wait(WITHIN_S) == 0
        letters.write(letters.creator, "while it was away")
        with running_daphne(**where):
            desk.see("while it was away")
            desk.send("after")
            desk.page.locator(SENT, has_text="after").wait_for()
            assert desk.texts() == ["before", "while it was away", "after"]
            assert closed.is_set()
            assert desk.errors == []
            desk.context.close()
    assert Message.objects.count() == 3

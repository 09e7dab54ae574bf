"""The socket when the server is killed, when clients do not read or send too much, and when they may no more."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from credits import selectors as ledger
from messaging.client.http import Account, ApiProblem, now_ms
from messaging.client.socket import ChatSocket
from messaging.constants import FRAME_MAX_BYTES
from messaging.consumers import SOCKETS_MAX, WAITING_MAX
from messaging.models import Message
from messaging.protocol.labels import label
from messaging.services import keys
from messaging.socket_sessions import OpenSockets
from messaging.tests.frame_stage import PRICE, answers, comes, staged, types
from messaging.tests.raw_socket import RawSocket
from pairly.common.after_commit import push_now
from pairly.common.ids import uuid7
from pairly.common.redis import get_client
from pairly.common.redis import key as redis_key
from pairly.testing.fixtures import free_port, own_database, running_daphne
from pairly.testing.pen_friends import PenFriend
from users import access_tokens
from users.services import blocks, sessions, suspensions

FRAMES = 60
ENV = {
    "PRESENCE_FLUSH_SECONDS": "0",
    "SOCKET_FRAMES": str(FRAMES),
    "SOCKET_WINDOW_SECONDS": "600",  # however slow the machine is
    "SERVER_READER_SECONDS": "1",
}
MB = 1024 * 1024


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stress")
    with (
        own_database(django_db_blocker) as name,
        running_daphne(database=name, log_folder=folder, **ENV) as server,
        staged(server) as stage,
    ):
        yield stage


@pytest.fixture(autouse=True)
def _nobody_is_muted(stage):
    yield
    stage.listen()  # the server and its other people are well
    get_client().delete(*(redis_key("frames", str(who.user.uid)) for who in (stage.fan, stage.stranger)))


def token_of(stage, who):
    return access_tokens.issue(user_id=who.user.uid, family=stage.sign_in(who).session.family)


def resident_bytes(server):
    with open(f"/proc/{server.child.pid}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) * 1024


def enter(stage, who):
    """A raw socket that has signed in and reads no more."""
    raw = RawSocket(stage.server.socket_url)
    raw.send(json.dumps({"type": "auth", "token": token_of(stage, who)}).encode())
    assert b'"ready"' in raw.read_frame()  # from now on it hears what is pushed
    return raw


# -- clients that do not read --------------------------------------------------------------------------------
def test_who_does_not_read_is_cut_off_and_the_server_holds_little_for_them(stage):
    reader = PenFriend("fan", name="Slow")
    pile = {"type": "pile", "text": "x" * 50_000}
    for _ in range(2):  # the first round takes what the process keeps for itself
        with closing(enter(stage, reader)) as slow:
            before = resident_bytes(stage.server)
            for _ in range(400):  # 20 MB
                push_now(user_id=reader.user.uid, event=pile)
            grown = resident_bytes(stage.server) - before
            assert b"HTTP" not in slow.read_all()  # it ends
    assert grown < 12 * MB
    stage.listen()  # behind the last of the pile
    with stage.open(reader, stage.sign_in(reader)) as again:
        push_now(user_id=reader.user.uid, event={"type": "mark"})
        again.wait_for("mark")


def test_who_sends_without_end_and_reads_nothing_is_cut_off_and_others_are_served(stage):
    flooder = PenFriend("fan", name="Flood")
    before = resident_bytes(stage.server)
    with closing(enter(stage, flooder)) as raw:
        flood = threading.Thread(
            target=raw.send_for, args=(b'{"type":"ping","ref":"%s"}' % (b"x" * 90),), kwargs={"times": 200_000}
        )
        flood.start()
        for _ in range(20):
            stage.sockets["stranger"].tell({"type": "receipt", "conversation": str(uuid7()), "read_n": 1})
            assert stage.sockets["stranger"].wait_for("error")["problem"]["code"] == "not_found"
        flood.join(60)
        assert not flood.is_alive()
    assert resident_bytes(stage.server) - before < 12 * MB


@pytest.mark.parametrize("sizes", [(FRAME_MAX_BYTES + 1,), (5 * MB,), (FRAME_MAX_BYTES, 2)], ids=str)
def test_a_frame_over_128_kib_closes_with_1009_also_in_pieces(stage, sizes):
    with closing(enter(stage, PenFriend("fan", name="Large"))) as raw:
        try:
            for at, size in enumerate(sizes):
                raw.send(b"x" * size, opcode=0 if at else 1, is_last=at == len(sizes) - 1)
        except OSError:
            pass  # it need not take all of it
        assert (1009).to_bytes(2, "big") in raw.read_all()[-140:]


def test_a_frame_of_the_largest_size_is_looked_at(stage):
    with closing(enter(stage, PenFriend("fan", name="Just so"))) as raw:
        for _ in range(3):
            raw.send(b'{"type":"ping","ref":"' + b"x" * (FRAME_MAX_BYTES - 24) + b'"}')
        found = raw.read_all()  # the third closes
        assert b"bad_frame" in found
        assert (4400).to_bytes(2, "big") in found


# -- too many ------------------------------------------------------------------------------------------------
def test_a_crowd_is_full_at_its_size_and_has_room_again_when_one_leaves():
    crowd, people = OpenSockets(), [object() for _ in range(4)]
    assert [crowd.join_crowd(one, name="net", most=3) for one in people] == [True, True, True, False]
    assert crowd.join_crowd(people[0], name="account", most=1)  # it says who it is
    assert crowd.join_crowd(people[3], name="net", most=3)
    assert not crowd.join_crowd(people[1], name="account", most=1)
    crowd.leave_crowd(people[0])
    assert crowd.join_crowd(people[1], name="account", most=1)
    assert dict(crowd._crowds) == {"net": 2, "account": 1}


def test_one_account_has_so_many_sockets_and_no_more(stage):
    token, who = "", PenFriend("fan", name="Many")
    token = token_of(stage, who)
    with ExitStack() as stack:
        for _ in range(SOCKETS_MAX):
            stack.enter_context(ChatSocket(url=stage.server.socket_url, token=token, timeout_s=30))
        with pytest.raises(ConnectionClosed) as closed:
            ChatSocket(url=stage.server.socket_url, token=token, timeout_s=30)
        assert closed.value.rcvd.code == 1013


@pytest.mark.prove
def test_sockets_that_never_say_who_they_are_are_few_and_short(stage):
    url, began = stage.server.socket_url, time.monotonic()
    with ExitStack() as stack:
        raws = [stack.enter_context(closing(RawSocket(url))) for _ in range(WAITING_MAX + 20)]
        assert [raw.status for raw in raws].count(101) == WAITING_MAX
        assert all((4401).to_bytes(2, "big") in raw.read_all() for raw in raws if raw.status == 101)
    assert time.monotonic() - began < 60


def test_a_send_counts_once_over_both_doors_and_too_many_mute_both(stage):
    fan, creator = (
        PenFriend("fan", name="Eager", credits_centi=10_000_000),
        PenFriend("creator", name="Other", price_centi=PRICE),
    )
    url = stage.server.socket_url
    token = token_of(stage, fan)
    account = Account(stage.server.url, user_id=fan.user.uid, access_token=token, identity=fan.identity)
    with closing(account.http), ChatSocket(url=url, token=token, timeout_s=30) as socket:
        side, _ = account.open_conversation(creator.user.uid)
        place = uuid.UUID(bytes=side.id)
        for n in range(FRAMES):
            if n % 2:
                account.send(side, "by REST", price_centi=PRICE)
            else:
                envelope = account.seal_to(side, "by socket", price_centi=PRICE)
                side.sent(envelope=envelope, srv=socket.send(conversation=place, envelope=envelope)["srv"])
        with pytest.raises(ApiProblem) as refused:
            account.send(side, "one more", price_centi=PRICE)
        assert (refused.value.code, refused.value.status) == ("muted", 429)
        with pytest.raises(ApiProblem) as refused:
            socket.send(conversation=place, envelope=account.seal_to(side, "and one", price_centi=PRICE))
        assert refused.value.code == "muted"
        muted = next(frame for frame in socket.pushes if frame["type"] == "muted")
        assert muted["until"] > time.time() - 30
    assert Message.objects.filter(sender=fan.user.pk).count() == FRAMES


# -- the server is killed --------------------------------------------------------------------------------------
def test_messages_sent_while_the_server_is_killed_arrive_once_and_are_paid_once(stage, tmp_path):
    fan, creator = (
        PenFriend("fan", name="Steady", credits_centi=1_000_000),
        PenFriend("creator", name="Other", price_centi=PRICE),
    )
    n_messages = 30
    port, database = free_port(), stage.server.env["DATABASE_URL"].rsplit("/", 1)[1].split("?")[0]
    env = {**ENV, "SOCKET_FRAMES": "100000"}
    # A child dies with the thread that started it (`death_signal`): one that lives as long as the test.
    with ThreadPoolExecutor(1) as starter, ExitStack() as servers:

        def start():
            return servers.enter_context(running_daphne(database=database, log_folder=tmp_path, port=port, **env))

        server = starter.submit(start).result()

        def again(old):
            old.wait()
            return start()

        account = Account(server.url, user_id=fan.user.uid, access_token=token_of(stage, fan), identity=fan.identity)
        side, _ = account.open_conversation(creator.user.uid)
        account.http.close()
        place = uuid.UUID(bytes=side.id)
        received = []

        def have():
            return {str(place): received[-1] if received else 0}

        def take(frame):
            n = frame["srv"]["n"] if frame["type"] == "message" and frame["conversation"] == str(place) else 0
            if n > have()[str(place)]:  # a client knows a message by its n: what it has it does not take again
                received.append(n)

        def heads():
            return {str(place): side.n}

        with (
            ChatSocket(url=server.socket_url, token=account.access_token, timeout_s=300, heads=heads) as sender,
            ChatSocket(url=server.socket_url, token=token_of(stage, creator), timeout_s=300, heads=have) as receiver,
        ):
            recipients = [who.identity.encryption[-1].public for who in (fan, creator)]
            for n in range(n_messages):
                envelope = side.write(
                    text=str(n), message_id=uuid7().bytes, price_centi=PRICE, recipients=recipients, now_ms=now_ms()
                )
                if n in (10, 20):  # some way into the send: before the commit, or after it and before the answer
                    killer = threading.Timer(n / 10_000, os.kill, (server.child.pid, signal.SIGKILL))
                    killer.start()
                    started = starter.submit(again, server.child)
                answer = sender.send(conversation=place, envelope=envelope)
                side.sent(envelope=envelope, srv=answer["srv"])
                if n in (10, 20):
                    server = started.result()
            while not received or received[-1] < n_messages:
                take(receiver.receive())
        assert sender.n_reconnects >= 1
    assert received == list(range(1, n_messages + 1))
    stored = Message.objects.filter(sender=fan.user.pk)
    assert (stored.count(), stored.values("id").distinct().count()) == (n_messages, n_messages)
    assert ledger.get_balance(user_id=fan.user.pk).balance_centi == 1_000_000 - n_messages * PRICE


# -- who may no more ---------------------------------------------------------------------------------------------
def suspends(stage, who, _family):
    suspensions.suspend(user=who.user, until=None, reasons=["spam"])


def revokes_the_device(stage, who, family):
    device = who.identity.device
    proof = device.sign(label("bind") + family.bytes + device.kid)
    keys.bind_session(user=who.user, family=family, kid=device.kid, sig=proof)
    body = who.identity.revoke_device(kid=device.kid, now_ms=now_ms()).as_json()
    keys.add_statement(user=who.user, family=uuid7(), label_=body.pop("label"), **body)


def signs_out_everywhere(stage, who, _family):
    sessions.end_sessions(user=who.user, reason="signed_out")


@pytest.mark.parametrize("loses", [suspends, revokes_the_device, signs_out_everywhere])
def test_a_socket_closes_when_its_sign_in_ends(stage, loses):
    who = PenFriend("fan", name="Leaving")
    started = stage.sign_in(who)
    with stage.open(who, started) as socket:
        loses(stage, who, started.session.family)
        socket.wait_for("session.revoked")
        with pytest.raises(ConnectionClosed):
            socket.receive()
        assert socket.connection.close_code == 4403


def test_behind_a_block_nothing_of_the_conversation_comes_any_more(stage):
    stage.listen()
    blocks.block(user=stage.creator.user, uid=stage.fan.user.uid)
    stage.listen()
    types(stage)
    comes(stage)
    stage.tell("fan", {"type": "receipt", "conversation": str(stage.letters.uid), "read_n": 2})
    with pytest.raises(Exception, match="blocked"):
        answers(stage)
    heard = stage.listen()
    assert {name: [f["type"] for f in of_one if f["type"] != "error"] for name, of_one in heard.items() if of_one} == {}


def test_a_stranger_cannot_open_a_socket_at_the_address_of_another(stage):
    url = f"{stage.server.socket_url}/{stage.fan.user.uid}"
    with connect(url, proxy=None) as raw:
        raw.send(json.dumps({"type": "auth", "token": token_of(stage, stage.stranger)}))
        with pytest.raises(ConnectionClosed):
            raw.recv(timeout=30)
        assert raw.close_code == 4401


def test_a_frame_that_is_not_utf_8_closes_with_1007(stage):
    with closing(enter(stage, PenFriend("fan", name="Latin"))) as raw:
        raw.send(b'{"type":"ping","ref":"\xe9"}')
        assert (1007).to_bytes(2, "big") in raw.read_all()

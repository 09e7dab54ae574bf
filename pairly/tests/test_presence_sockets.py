"""What open sockets hear of other people: that they come and go, and nothing at all behind a block."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from messaging.client.http import Account, ApiProblem
from messaging.client.socket import ChatSocket
from messaging.services import presence, requests
from messaging.tasks import tell_presence
from pairly.common import sightings
from pairly.common.after_commit import push_now
from pairly.common.redis import get_client
from pairly.common.sightings import ONLINE_SECONDS, Sightings
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import make_user
from profiles.models import Presence
from profiles.services.presence import move
from profiles.services.visibility import change_visibility
from security.types import Client
from users.models import Session, User
from users.services import blocks, sessions, tokens
from users.services.notifications import notify


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """The real server on a database of its own; who is online its tests tell Redis."""
    folder = tmp_path_factory.mktemp("presence")
    env = {"PRESENCE_FLUSH_SECONDS": "0", "SOCKET_FRAMES": "100000"}  # it notes nobody, and nobody is muted
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder, **env) as running:
        yield running


@dataclass
class Person:
    account: Account
    user: User
    socket: ChatSocket


@dataclass
class Pair:
    """Two creators with a conversation and open sockets; what `other` does, `me` may hear of."""

    me: Person
    other: Person
    place: uuid.UUID

    def heard(self) -> list[str]:
        """The frames that `me` got by now: a mark goes the same way behind them."""
        push_now(user_id=self.me.user.uid, event={"type": "mark"})
        self.me.socket.pushes.clear()
        self.me.socket.wait_for("mark")
        return [frame["type"] for frame in self.me.socket.pushes]


def enter(server):
    """Somebody who is signed in, has keys and an open socket."""
    user = make_user("creator")
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=Client(ip="127.0.0.1"))
    account = Account(server.url, user_id=user.uid, access_token=tokens.issue(started=started)["access_token"])
    account.enrol()
    return Person(account, user, ChatSocket(url=server.socket_url, token=account.access_token))


@pytest.fixture
def pair(server):
    me, other = enter(server), enter(server)
    conversation, _ = me.account.open_conversation(other.user.uid)
    me.account.send(conversation, "first", price_centi=0)
    pair = Pair(me, other, uuid.UUID(bytes=conversation.id))
    requests.accept(user=other.user, conversation_uid=pair.place)  # first words that cost nothing wait for that
    pair.heard()
    get_client().flushdb()
    presence.move()
    pair.heard()
    yield pair
    for person in (me, other):
        person.socket.close()
        person.account.http.close()


def done(person: Person) -> None:
    """Whatever the person's socket was told is dealt with."""
    person.socket.tell({"type": "ping"})
    person.socket.wait_for("pong")


# -- what the other one does --------------------------------------------------------------------------------
def types(pair):
    pair.other.socket.tell({"type": "typing", "to": str(pair.me.user.uid)})
    done(pair.other)


def reads(pair):
    pair.other.socket.tell({"type": "receipt", "conversation": str(pair.place), "read_n": 1})
    done(pair.other)


def reads_by_api(pair):
    pair.other.account.call("POST", f"messages/conversations/{pair.place}/marks", {"read_n": 1})


def comes(pair):
    about = Sightings()
    about.note(user_id=pair.other.user.pk)
    about.flush()
    presence.move()


def goes(pair):
    Presence.objects.update_or_create(
        user=pair.other.user, defaults={"is_online": True, "last_seen_at": "2026-01-01T00:00Z"}
    )
    presence.move()


def turns_a_switch(pair):
    change_visibility(user=pair.other.user, shows_online=False)
    tell_presence(user_id=pair.other.user.pk)


def changes_keys(pair):
    statement = pair.other.account.identity.rotate(now_ms=time.time_ns() // 1_000_000)
    pair.other.account.call("POST", "keys/statements", statement.as_json())


def is_told_of(pair):
    payload = {"user_id": str(pair.other.user.uid)}
    notify(user=pair.me.user, kind="follow", actor=pair.other.user, payload=payload)


def _sealed(pair):
    conversation, _ = pair.other.account.open_conversation(pair.me.user.uid)
    pair.other.account.read_new(conversation)
    return conversation, pair.other.account.seal_to(conversation, "second", price_centi=0)


def writes_by_api(pair, sealed):
    conversation, envelope = sealed
    body = {"conversation": str(uuid.UUID(bytes=conversation.id)), "envelope": envelope}
    pair.other.account.call("POST", "messages", body)


def writes(pair, sealed):
    conversation, envelope = sealed
    pair.other.socket.send(conversation=uuid.UUID(bytes=conversation.id), envelope=envelope)


DEEDS: dict[str, Callable[[Pair], None]] = {
    "typing": types,
    "receipt": reads,
    "receipt by API": reads_by_api,
    "presence that comes": comes,
    "presence that goes": goes,
    "presence that is switched off": turns_a_switch,
    "key.changed": changes_keys,
    "notification": is_told_of,
}


def block(pair, side):
    by, whom = (pair.me, pair.other) if side == "blocker" else (pair.other, pair.me)
    blocks.block(user=by.user, uid=whom.user.uid)


@pytest.mark.parametrize("side", ["blocker", "blocked"])
@pytest.mark.parametrize("deed", DEEDS)
def test_behind_a_block_an_open_socket_hears_nothing_of_the_other_one(pair, deed, side):
    block(pair, side)
    DEEDS[deed](pair)
    assert pair.heard() == []


@pytest.mark.parametrize("deed", DEEDS)
def test_without_a_block_it_does(pair, deed):
    """The control of the one above."""
    DEEDS[deed](pair)
    assert deed.split()[0] in pair.heard()


@pytest.mark.parametrize("write", [writes, writes_by_api])
@pytest.mark.parametrize("side", ["blocker", "blocked"])
def test_nothing_is_sent_across_a_block_by_either_door(pair, write, side):
    sealed = _sealed(pair)
    block(pair, side)
    with pytest.raises(ApiProblem) as caught:
        write(pair, sealed)
    assert caught.value.code == "blocked"
    assert pair.heard() == []


@pytest.mark.parametrize("write", [writes, writes_by_api])
def test_without_a_block_it_is(pair, write):
    write(pair, _sealed(pair))
    assert "message" in pair.heard()


# -- presence -----------------------------------------------------------------------------------------------
def presence_frame(pair):
    push_now(user_id=pair.me.user.uid, event={"type": "mark"})
    pair.me.socket.pushes.clear()
    pair.me.socket.wait_for("mark")
    return next(frame for frame in pair.me.socket.pushes if frame["type"] == "presence")


def test_a_peer_who_comes_and_goes_is_told_of_once_each(pair):
    comes(pair)
    frame = presence_frame(pair)
    assert frame == {"type": "presence", "user_id": str(pair.other.user.uid), "is_online": True, "last_seen_at": None}
    comes(pair)
    assert pair.heard() == []
    get_client().flushdb()
    presence.move()
    frame = presence_frame(pair)
    assert frame["is_online"] is False
    assert frame["last_seen_at"].endswith(":00+00:00")  # to the minute
    presence.move()
    assert pair.heard() == []


def test_last_seen_goes_only_to_who_shares_theirs(pair):
    change_visibility(user=pair.me.user, shows_last_seen=False)
    comes(pair)
    pair.heard()
    get_client().flushdb()
    presence.move()
    assert presence_frame(pair)["last_seen_at"] is None


def test_who_hides_being_online_comes_and_goes_unheard(pair):
    change_visibility(user=pair.other.user, shows_online=False)
    pair.heard()
    comes(pair)
    get_client().flushdb()
    presence.move()
    assert pair.heard() == []


def test_who_types_unseen_is_not_shown_typing(pair):
    change_visibility(user=pair.other.user, shows_typing=False)
    types(pair)
    assert pair.heard() == []


def first_row(pair):
    rows = pair.me.account.call("GET", f"messages/history/{pair.other.user.uid}")["results"]
    return rows[0]["delivered"], rows[0]["read_at"] is not None


@pytest.mark.parametrize("hides", ["me", "other"])
def test_of_reading_learns_only_who_shows_it_and_of_delivery_everybody(pair, hides):
    change_visibility(user=getattr(pair, hides).user, shows_read=False)
    reads(pair)
    push_now(user_id=pair.me.user.uid, event={"type": "mark"})
    pair.me.socket.pushes.clear()
    pair.me.socket.wait_for("mark")
    marks = [
        {key for key in frame if key.endswith("_n")} for frame in pair.me.socket.pushes if frame["type"] == "receipt"
    ]
    assert marks == [{"delivered_n"}]
    assert first_row(pair) == (True, False)
    theirs = pair.other.account.call("GET", f"messages/history/{pair.me.user.uid}")["results"]
    assert theirs[0]["read_at"]  # one's own reading one knows, on every device
    change_visibility(user=getattr(pair, hides).user, shows_read=True)
    assert first_row(pair) == (True, True)


def ask(person, of):
    person.socket.tell({"type": "presence", "of": str(of.user.uid)})
    return person.socket.receive()


def test_a_page_that_was_away_asks(pair, server):
    get_client().flushdb()
    comes(pair)
    pair.heard()
    assert ask(pair.me, pair.other)["is_online"] is True
    stranger = enter(server)
    assert ask(stranger, pair.other)["problem"]["code"] == "not_found"
    stranger.socket.close()
    stranger.account.http.close()
    change_visibility(user=pair.other.user, shows_online=False)
    assert ask(pair.me, pair.other)["is_online"] is False


@pytest.mark.parametrize("side", ["blocker", "blocked"])
def test_behind_a_block_asking_tells_nothing(pair, side):
    comes(pair)
    pair.heard()
    assert ask(pair.me, pair.other)["is_online"] is True
    block(pair, side)
    frame = ask(pair.me, pair.other)
    assert (frame["is_online"], frame["last_seen_at"]) == (False, None)


def test_a_stranger_hears_nothing(pair, server):
    stranger = enter(server)
    comes(pair)
    types(pair)
    push_now(user_id=stranger.user.uid, event={"type": "mark"})
    assert stranger.socket.receive() == {"type": "mark"}
    stranger.socket.close()
    stranger.account.http.close()


def test_whom_a_killed_process_held_goes_when_their_time_has_come(start_server):
    server = start_server(PRESENCE_FLUSH_SECONDS="0.05")
    person = enter(server)
    deadline = time.monotonic() + 30
    while not (until := sightings.online_until(user_ids=[person.user.pk])):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(server.child.pid, signal.SIGKILL)
    server.child.wait(timeout=30)
    end = sightings.online_until(user_ids=[person.user.pk])[person.user.pk]
    assert until[person.user.pk] <= end <= time.time() + ONLINE_SECONDS
    assert move(at=end - 1).came == [person.user.pk]
    assert move(at=end + 1).went == [person.user.pk]
    person.socket.close()
    person.account.http.close()

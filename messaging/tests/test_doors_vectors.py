"""Every server reject of the protocol's vectors through both doors, as Alice: its code, its status, no change."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from credits import selectors as ledger
from messaging.client.http import Account, ApiProblem
from messaging.client.socket import ChatSocket
from messaging.models import Message
from messaging.protocol.codes import status_of
from security.types import Client
from users.models import Session
from users.services import sessions, tokens

from .vector_world import VECTORS, make_world

# The vectors carry their own clock; the server's is years away, so one code needs a narrow window, the others none.
ANY_CLOCK = "100000000000"
REJECTS = VECTORS["server_rejects"]


@pytest.fixture(params=["rest", "socket"])
def alice(request, start_server):
    """Alice signed in over one of the doors, after the seven messages, with Bob's price at 0."""
    opened = []

    def sign_in(clock_skew_s):
        server = start_server(
            SOCKET_FRAMES="100000", E2E_CLOCK_SKEW_SECONDS=clock_skew_s, E2E_SERVER_KEYS=VECTORS["server_seed"]
        )
        world = make_world()
        world.set_price(0)
        client = Client(ip="127.0.0.1", user_agent="vectors")
        started = sessions.start_session(user=world.alice, kind=Session.Kind.API, client=client)
        account = Account(server.url, access_token=tokens.issue(started=started)["access_token"])
        opened.append(account.http)
        if request.param == "rest":
            body = {"conversation": str(world.conversation)}
            return SimpleNamespace(
                world=world, send=lambda e: account.call("POST", "messages", {**body, "envelope": e})
            )
        socket = ChatSocket(url=server.socket_url, token=account.access_token)
        opened.append(socket)
        return SimpleNamespace(world=world, send=lambda e: socket.send(conversation=world.conversation, envelope=e))

    yield sign_in
    for thing in opened:
        thing.close()


def assert_refused(alice, reject):
    before = (Message.objects.count(), ledger.get_balance(user_id=alice.world.alice.pk))
    with pytest.raises(ApiProblem) as caught:
        alice.send(reject["env"])
    assert (caught.value.code, caught.value.status) == (reject["code"], status_of(reject["code"])), reject["name"]
    assert (Message.objects.count(), ledger.get_balance(user_id=alice.world.alice.pk)) == before


def test_each_vector_is_refused_with_its_code(alice):
    signed_in = alice(ANY_CLOCK)
    for reject in REJECTS:
        if reject["code"] != "clock_skew":
            assert_refused(signed_in, reject)
    stored = VECTORS["messages"][2]
    again = signed_in.send(stored["env"])  # an identical retry, over the same door
    assert again["charged_centi"] == 5_000
    assert again["srv"] == stored["srv"]


def test_the_wrong_clock_is_refused_with_its_code(alice):
    signed_in = alice("300")
    assert_refused(signed_in, next(row for row in REJECTS if row["code"] == "clock_skew"))

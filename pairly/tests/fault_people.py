"""People who use the product over HTTP and the socket while its servers fail."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from credits.services import purchases
from messaging.client.http import Account
from messaging.client.socket import ChatSocket
from pairly.common.ids import uuid7
from pairly.testing.faults import FaultyWorld
from pairly.testing.people import PASSWORD, make_user
from payments.tests.sandboxes import signature
from security.types import Client as Visitor
from users.models import Session
from users.services import sessions, tokens

WITHIN_S = 20  # whoever waits for what does not answer would wait for longer
PRICE_CENTI = 10_000
VISITOR = Visitor(ip="127.0.0.1", user_agent="test")


class Person:
    """An account that a test speaks for over HTTP and the socket."""

    def __init__(self, world: FaultyWorld, role: str, *, price_centi: int | None = None) -> None:
        self.world = world
        self.user = make_user(role, price_centi=price_centi)
        self.user.set_password(PASSWORD)
        self.user.save()
        http = world.closing.enter_context(httpx.Client(timeout=WITHIN_S))
        self.account = Account(world.url, http=http, user_id=self.user.uid)
        self.account.access_token = self.new_token()

    def new_token(self) -> str:
        """Another sign-in of the same person."""
        started = sessions.start_session(user=self.user, kind=Session.Kind.API, client=VISITOR)
        return str(tokens.issue(started=started)["access_token"])

    def headers(self, *, token: str = "") -> dict[str, str]:
        return {"Authorization": f"Bearer {token or self.account.access_token}"}

    def call(self, method: str, path: str, body: Any = None, *, token: str = "") -> httpx.Response:
        """One request to the API; raises httpx.TimeoutException when no answer comes in time."""
        url = f"{self.world.url}/api/v1/{path}"
        return self.account.http.request(method, url, json=body, headers=self.headers(token=token))

    def socket(self) -> ChatSocket:
        """A socket that is ready."""
        return ChatSocket(url=self.world.server.socket_url, token=self.account.access_token, timeout_s=WITHIN_S)


class Talk:
    """A fan who has paid in, a creator, and their conversation."""

    def __init__(self, world: FaultyWorld) -> None:
        self.fan, self.creator = Person(world, "fan"), Person(world, "creator", price_centi=PRICE_CENTI)
        for person in (self.fan, self.creator):
            person.account.enrol()
        purchases.record_purchase(
            user_id=self.fan.user.pk, op_id=uuid7(), credits_centi=10_000_000, currency="USD", amount_minor=100_000,
            payment_uid=uuid7(),
        )  # fmt: skip
        self.conversation, _ = self.fan.account.open_conversation(self.creator.user.uid)
        self.uid = uuid.UUID(bytes=self.conversation.id)
        sides = (self.fan.account, self.creator.account)
        self._keys = [key for side in sides for key in side.encryption_keys(side.user_id)]

    def envelope(self, message_id: uuid.UUID | None = None) -> dict[str, Any]:
        """The fan's next message, sealed; no server is asked."""
        return self.conversation.write(
            text="words",
            message_id=(message_id or uuid7()).bytes,
            price_centi=PRICE_CENTI,
            recipients=self._keys,
            now_ms=time.time_ns() // 1_000_000,
        )

    def post(self, envelope: dict[str, Any]) -> httpx.Response:
        """Send it by REST; what the server says of it is taken into the conversation."""
        answer = self.fan.call("POST", "messages", {"conversation": str(self.uid), "envelope": envelope})
        if answer.is_success:
            self.sent(envelope, answer.json())
        return answer

    def sent(self, envelope: dict[str, Any], ack: dict[str, Any]) -> None:
        """The server took it."""
        self.conversation.sent(envelope=envelope, srv=ack["srv"])


def ask(world: FaultyWorld, path: str, **how: Any) -> httpx.Response:
    """GET without a browser."""
    return httpx.get(f"{world.url}{path}", timeout=WITHIN_S, **how)


def post(world: FaultyWorld, path: str, body: Any) -> httpx.Response:
    """POST to the API by somebody who is not signed in."""
    return httpx.post(f"{world.url}/api/v1/{path}", json=body, timeout=WITHIN_S)


def notify(world: FaultyWorld, event_id: str = "") -> httpx.Response:
    """What the payment provider gets for a signed notice."""
    notice = {"object": "charge", "id": f"ch_{uuid.uuid4().hex}"}
    event_id = event_id or f"evt_{uuid.uuid4().hex}"
    event = {"id": event_id, "object": "event", "type": "charge.updated", "livemode": False, "data": {"object": notice}}
    body = json.dumps(event).encode()
    headers = {"Content-Type": "application/json", **signature(body)}
    url = f"{world.url}/api/v1/payments/webhook/stripe"
    return httpx.post(url, content=body, timeout=WITHIN_S, headers=headers)


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Until it is so; AssertionError when it is not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come back in time"
        time.sleep(0.1)


def is_well(world: FaultyWorld, *names: str) -> bool:
    """Whether the health document calls these checks ok."""
    try:
        checks = ask(world, "/health").json()["checks"]
    except httpx.TransportError:  # nobody listens yet
        return False
    return all(checks[name] == "ok" for name in names)

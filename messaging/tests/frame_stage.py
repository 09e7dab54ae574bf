"""A fan and a creator, each signed in twice, and a stranger, all with open sockets on one server."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from messaging.client.http import now_ms
from messaging.client.identity import EncryptionKey, SigningKey
from messaging.client.socket import ChatSocket
from messaging.models import AnswerDispute
from messaging.protocol.base64url import b64u_encode
from messaging.services import answers as held_credits
from messaging.services import deadlines, key_approvals, keys, plans, presence, prices, requests
from messaging.types import SentMessage
from pairly.common.after_commit import push_now
from pairly.common.ids import uuid7
from pairly.common.redis import get_client
from pairly.common.redis import key as redis_key
from pairly.testing.fixtures import RunningServer
from pairly.testing.pen_friends import Letters, PenFriend
from profiles.services import update_profile
from profiles.services.away import come_back, set_away
from security.types import Client
from users import access_tokens
from users.models import Notification, Session
from users.services import notification_reading, sessions
from users.services.notifications import notify
from users.types import StartedSession

PRICE = 5_000
Frame = dict[str, Any]


@dataclass
class Stage:
    server: RunningServer
    fan: PenFriend
    creator: PenFriend
    stranger: PenFriend
    letters: Letters
    sockets: dict[str, ChatSocket] = field(default_factory=dict)
    heard_by: dict[str, list[Frame]] = field(default_factory=lambda: defaultdict(list))

    def sign_in(self, who: PenFriend) -> StartedSession:
        return sessions.start_session(user=who.user, kind=Session.Kind.API, client=Client(ip="127.0.0.1"))

    def open(self, who: PenFriend, started: StartedSession) -> ChatSocket:
        token = access_tokens.issue(user_id=who.user.uid, family=started.session.family)
        return ChatSocket(url=self.server.socket_url, token=token, timeout_s=30)

    def listen(self) -> dict[str, list[Frame]]:
        """What each socket was sent by now: a mark goes the same way behind it."""
        for who in (self.fan, self.creator, self.stranger):
            assert push_now(user_id=who.user.uid, event={"type": "mark"})
        heard = {}
        for name, socket in self.sockets.items():
            socket.wait_for("mark")
            heard[name] = self.heard_by.pop(name, []) + socket.pushes
            socket.pushes = []
        return heard

    def tell(self, name: str, frame: Frame) -> None:
        """Send a frame and wait until it is dealt with; the answers are heard by the one who sent it."""
        socket = self.sockets[name]
        socket.tell(frame)
        socket.tell({"type": "ping", "ref": "done"})
        socket.wait_for("pong")

    def write(self, who: PenFriend, text: str = "x") -> SentMessage:
        return self.letters.write(who, text)


@contextmanager
def staged(server: RunningServer) -> Iterator[Stage]:
    """The people, their conversation with one message of each, and their sockets."""
    fan = PenFriend("fan", name="Fan", credits_centi=10_000_000)
    creator = PenFriend("creator", name="Creator", price_centi=PRICE)
    stranger = PenFriend("fan", name="Stranger")
    stage = Stage(server, fan, creator, stranger, Letters(fan=fan, creator=creator))
    stage.write(fan)
    stage.write(creator)
    with ExitStack() as stack:
        for name, who in {
            "fan": fan,
            "fan_elsewhere": fan,
            "creator": creator,
            "creator_elsewhere": creator,
            "stranger": stranger,
        }.items():
            stage.sockets[name] = stack.enter_context(stage.open(who, stage.sign_in(who)))
        yield stage


# -- what makes the frames ----------------------------------------------------------------------------------
def sends(stage: Stage) -> None:
    """A paid message through the fan's socket."""
    side = stage.letters._caught_up(stage.fan)
    envelope = side.write(
        text="paid",
        message_id=uuid7().bytes,
        price_centi=PRICE,
        recipients=[who.identity.encryption[-1].public for who in (stage.fan, stage.creator)],
        now_ms=now_ms(),
    )
    stage.tell(
        "fan", {"type": "message.send", "ref": "r", "conversation": str(stage.letters.uid), "envelope": envelope}
    )
    side.sent(envelope=envelope, srv=next(f["srv"] for f in stage.sockets["fan"].pushes if f["type"] == "ack"))


def answers(stage: Stage) -> None:
    stage.write(stage.fan)
    stage.listen()
    stage.write(stage.creator)


def misses_the_deadline(stage: Stage) -> None:
    answers(stage)
    stage.write(stage.fan)
    stage.listen()
    assert deadlines.void_overdue_holds(at=timezone.now() + timedelta(days=8)) == 1


def nears_the_deadline(stage: Stage) -> None:
    answers(stage)
    sent = stage.write(stage.fan)
    stage.listen()
    assert sent.hold is not None
    soon = sent.hold.expires_at - timedelta(hours=1)
    assert [deadlines.tell_expiring_holds(at=soon) for _ in range(2)] == [1, 0]


def reads(stage: Stage) -> None:
    n = stage.write(stage.creator).srv["n"]
    stage.listen()
    stage.tell("fan", {"type": "receipt", "conversation": str(stage.letters.uid), "read_n": n})


def types(stage: Stage) -> None:
    stage.tell("fan", {"type": "typing", "to": str(stage.creator.user.uid)})


def comes(stage: Stage) -> None:
    presence.tell(user_id=stage.creator.user.pk)


def changes_the_price(stage: Stage) -> None:
    update_profile(user=stage.creator.user, price_per_message_centi=PRICE + 500)
    prices.tell(user_id=stage.creator.user.pk)  # the job that the change leaves behind
    heard = stage.listen()
    update_profile(user=stage.creator.user, price_per_message_centi=PRICE)
    prices.tell(user_id=stage.creator.user.pk)
    stage.listen()
    stage.heard_by.update(heard)


def changes_keys(stage: Stage) -> None:
    body = stage.creator.identity.rotate(now_ms=now_ms()).as_json()
    keys.add_statement(user=stage.creator.user, family=uuid7(), label_=body.pop("label"), **body)


def is_told(stage: Stage) -> None:
    payload = {"user_id": str(stage.creator.user.uid)}
    notify(user=stage.fan.user, kind="follow", actor=stage.creator.user, payload=payload, key=uuid7().hex)


def reads_notifications(stage: Stage) -> None:
    is_told(stage)
    stage.listen()
    assert notification_reading.read_all(user=stage.fan.user) > 0
    assert not Notification.objects.filter(user=stage.fan.user, read_at__isnull=True).exists()


def signs_out(stage: Stage) -> None:
    """A third sign-in of the fan ends; its socket is heard as `fan_signed_out`."""
    started = stage.sign_in(stage.fan)
    with stage.open(stage.fan, started) as socket:
        sessions.end_session(user=stage.fan.user, family=started.session.pk)
        stage.heard_by["fan_signed_out"].append(socket.receive())


def opens(stage: Stage) -> None:
    with stage.open(stage.stranger, stage.sign_in(stage.stranger)) as socket:
        stage.heard_by["stranger_anew"].append(socket.ready)


def pings(stage: Stage) -> None:
    stage.sockets["stranger"].tell({"type": "ping"})
    stage.heard_by["stranger"].append(stage.sockets["stranger"].wait_for("pong"))


def resumes(stage: Stage) -> None:
    side = stage.letters._caught_up(stage.fan)
    stage.tell("fan_elsewhere", {"type": "resume", "heads": {str(stage.letters.uid): side.n - 2}})


def asks_about_a_stranger(stage: Stage) -> None:
    stage.tell("stranger", {"type": "presence", "of": str(stage.fan.user.uid), "ref": "r"})


def asks_about_a_friend(stage: Stage) -> None:
    stage.tell("fan", {"type": "presence", "of": str(stage.creator.user.uid)})


def writes_too_much(stage: Stage) -> None:
    """As the limit does it (`security.limits`); the limit itself has tests of its own."""
    mute = redis_key("frames", str(stage.stranger.user.uid)) + ":mute"
    get_client().set(mute, "1", px=60_000)
    stage.sockets["stranger"].tell({"type": "ping"})
    stage.heard_by["stranger"] += [stage.sockets["stranger"].receive() for _ in range(2)]
    get_client().delete(mute)


# -- credits after a reply ------------------------------------------------------------------------------------
def gives_back(stage: Stage) -> None:
    """The creator returns what one paid message held."""
    sent = _pays(stage)
    held_credits.give_back(user=stage.creator.user, conversation_uid=stage.letters.uid, message_id=sent.message_id)


def cannot_read(stage: Stage) -> None:
    """The creator's device has no key for one paid message any more."""
    sent = _pays(stage)
    held_credits.say_unreadable(user=stage.creator.user, conversation_uid=stage.letters.uid, message_id=sent.message_id)


def says_no_answer(stage: Stage) -> AnswerDispute:
    """One paid message was answered, and the fan says that the reply was none."""
    sent = _pays(stage)
    stage.write(stage.creator, "k")
    stage.listen()
    place = stage.letters.uid
    dispute, is_new = held_credits.say_no_answer(
        user=stage.fan.user, conversation_uid=place, message_id=sent.message_id, reason="empty"
    )
    assert is_new
    return dispute


def staff_decides(stage: Stage, *, is_upheld: bool) -> None:
    dispute = says_no_answer(stage)
    stage.listen()
    held_credits.decide(uid=dispute.uid, staff=stage.stranger.user, is_upheld=is_upheld, decision="Read, and decided.")


def _pays(stage: Stage) -> SentMessage:
    """A paid message of the fan, with nothing before it that waits for an answer."""
    stage.write(stage.creator)
    sent = stage.write(stage.fan)
    assert sent.charged_centi == PRICE
    stage.listen()
    return sent


# -- people and devices ---------------------------------------------------------------------------------------
def a_device_asks(stage: Stage) -> None:
    """A third sign-in of the fan wants the keys."""
    key_approvals.ask(
        user=stage.fan.user,
        family=stage.sign_in(stage.fan).session.pk,
        approval_id=uuid7(),
        device=b64u_encode(SigningKey(os.urandom(32)).public),
        request_key=b64u_encode(EncryptionKey(os.urandom(32)).public),
        label_="Tablet",
    )


def somebody_unknown_writes(stage: Stage) -> Letters:
    """Another creator's first words to the fan, who gets them as a request."""
    unknown = PenFriend("creator", name="Unknown", price_centi=PRICE)
    letters = Letters(fan=stage.fan, creator=unknown, are_strangers=True)
    assert letters.write(unknown, "I saw your page").request == "asked"
    return letters


def answers_a_request(stage: Stage) -> None:
    """On one page; the other pages of the same person show it too, and the writer learns nothing."""
    letters = somebody_unknown_writes(stage)
    stage.listen()
    requests.accept(user=stage.fan.user, conversation_uid=letters.uid)


def plans_a_message(stage: Stage) -> None:
    plans.plan_message(
        user=stage.creator.user,
        uid=uuid7(),
        kind="scheduled",
        box=stage.creator.identity.encryption[-1].kid + os.urandom(1_300),
        send_at=timezone.now() + timedelta(hours=1),
        peer_uid=stage.fan.user.uid,
    )


def goes_away(stage: Stage) -> None:
    set_away(user=stage.creator.user, until=timezone.now() + timedelta(days=2))
    prices.tell(user_id=stage.creator.user.pk)  # the job that this leaves behind
    heard = stage.listen()
    come_back(user=stage.creator.user)
    stage.heard_by.update(heard)

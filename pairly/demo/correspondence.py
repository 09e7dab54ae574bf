"""What the demo's people wrote, read and paid: through the services of everybody, at the plan's times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from credits.services import roll_up
from messaging import selectors
from messaging.client.conversation import Conversation as View
from messaging.models import Conversation
from messaging.server_keys import list_server_keys
from messaging.services import conversations, deadlines, delivery, sending, telling
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7

from .dealings import Dealings
from .people import People, Role, find_accounts
from .plan import Deadline, Mark, Message, Part, Side, list_events
from .talks import Talk

_SENT_BEFORE_MS = 400  # a message is on its way for so long


def is_complete(*, part: Part) -> bool:
    """Whether everybody is there and every talk has been had; two queries."""
    users = {user.email: user.pk for user in find_accounts(part=part).values()}
    if len(users) < part.n_creators + part.n_fans + part.n_staff:
        return False
    found = Conversation.objects.filter(low_id__in=users.values(), high_id__in=users.values())
    lengths = {(low, high): n for low, high, n in found.values_list("low_id", "high_id", "n")}

    def length(talk: Talk) -> int:
        low, high = sorted(users[role.email] for role in _roles(talk).values())
        return lengths.get((low, high), 0)

    return all(length(talk) >= len(talk.lines) for talk in part.talks)


def _roles(talk: Talk) -> dict[Side, Role]:
    return {"fan": Role(side="fan", number=talk.fan), "creator": Role(side="creator", number=talk.creator)}


@dataclass
class _Place:
    """One conversation: its row, who takes part, and the view of it on each side's device."""

    row: Conversation
    roles: dict[Side, Role]
    views: dict[Side, View] = field(default_factory=dict)


@dataclass
class Correspondence:
    """Carries out the plan, the oldest first; what was carried out already is passed over."""

    people: People
    _places: dict[Talk, _Place] = field(default_factory=dict)

    def carry_out(self) -> Iterator[Talk]:
        """Gives each talk when its last line is written."""
        self._dealings = Dealings(people=self.people)
        self._server_keys = {key.skid: key.public for key in list_server_keys()}
        for event in list_events(part=self.people.part):
            at = self.people.at(event.at_h)
            match event:
                case Message():
                    self._write(event, at)
                    if event.n == len(event.talk.lines):
                        yield event.talk
                case Mark():
                    self._mark(event, at)
                case Deadline():
                    deadlines.void_overdue_holds(at=at)
                case _:
                    self._dealings.carry_out(event=event, at=at)

    def close_books(self) -> None:
        """What the periodic jobs would do in a while."""
        roll_up.allocate_lots()
        roll_up.roll_up()
        delivery.mark_pushed()

    def _place(self, talk: Talk, at: datetime) -> _Place:
        if talk not in self._places:
            roles = _roles(talk)
            fan, creator = (self.people.user_of(role=roles[side]) for side in ("fan", "creator"))
            row, _ = conversations.open_conversation(user=fan, peer_uid=creator.uid, at=at)
            self._places[talk] = _Place(row=row, roles=roles)
        return self._places[talk]

    def _write(self, message: Message, at: datetime) -> None:
        """Seal on the writer's device, send, open on the reader's."""
        place = self._place(message.talk, at)
        if place.row.n >= message.n:
            return
        line = message.talk.lines[message.n - 1]
        reading_side: Side = "creator" if line.by == "fan" else "fan"
        writer = self.people.user_of(role=place.roles[line.by])
        writing, reading = self._view(place, line.by), self._view(place, reading_side)
        recv_ms = int(at.timestamp() * 1000)
        price_centi, _ = selectors.price_for(user=writer, conversation=place.row)
        envelope = writing.write(
            text=line.text,
            message_id=uuid7().bytes,
            price_centi=price_centi,
            recipients=[reading.me.encryption[-1].public, writing.me.encryption[-1].public],
            now_ms=recv_ms - _SENT_BEFORE_MS,
        )
        sent = sending.send_message(user=writer, conversation=place.row.uid, envelope=envelope, recv_ms=recv_ms)
        srv: dict[str, Any] = dict(sent.srv)
        writing.sent(envelope=envelope, srv=srv)
        device = writing.me.device
        opened = reading.receive(envelope=envelope, srv=srv, find_device_key={device.kid: device.public}.get)
        assert opened.text == line.text
        self._tell()

    @staticmethod
    def _tell() -> None:
        """What the sweeper would do a little later."""
        delivery.mark_pushed()
        telling.tell_of_messages(at_ms=now_ms() + telling.TELL_AFTER_MS)

    def _view(self, place: _Place, side: Side) -> View:
        """The conversation on someone's device, as far as the server has it."""
        if side not in place.views:
            other: Side = "creator" if side == "fan" else "fan"
            me = self.people.identity_of(role=place.roles[side])
            place.views[side] = View(
                id=place.row.uid.bytes,
                me=me,
                peer=self.people.user_of(role=place.roles[other]).uid.bytes,
                server_keys=self._server_keys,
                n=place.row.n,
                next_seq=selectors.next_seq(conversation=place.row, kid=me.device.kid),
                head=bytes(place.row.head),
            )
        return place.views[side]

    def _mark(self, mark: Mark, at: datetime) -> None:
        place = self._place(mark.talk, at)
        user = self.people.user_of(role=place.roles[mark.side])
        conversations.mark(user=user, conversation_uid=place.row.uid, what=mark.what, n=mark.n, at=at)

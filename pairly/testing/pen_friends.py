"""Two people with keys and a conversation that they wrote at given times, through the product's own service."""

from __future__ import annotations

import os
import uuid
from typing import Any

from django.utils import timezone

from credits.services import purchases
from messaging import key_selectors, selectors
from messaging.client import backup, recovery_code
from messaging.client.conversation import Conversation
from messaging.client.identity import Identity
from messaging.server_keys import list_server_keys
from messaging.services import backups, conversations, keys, sending
from messaging.types import SentMessage
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from profiles.models import Connection
from users.models import User

from .people import PASSWORD, make_user


class PenFriend:
    """A user who has enrolled; `recovery` opens the keys in a browser."""

    def __init__(self, role: str, *, name: str, price_centi: int | None = None, credits_centi: int = 0) -> None:
        self.user: User = make_user(role, name=name, price_centi=price_centi)
        self.user.set_password(PASSWORD)
        self.user.save()
        self.identity = Identity.create(user=self.user.uid.bytes)
        self.recovery = self._enrol()
        if credits_centi:
            purchases.record_purchase(
                user_id=self.user.pk, op_id=uuid7(), credits_centi=credits_centi, currency="USD",
                amount_minor=credits_centi // 100, payment_uid=uuid7(),
            )  # fmt: skip

    def _enrol(self) -> str:
        code = os.urandom(16)
        file = backup.to_file(backup.create(identity=self.identity, recovery=code))
        backups.put_backup(user=self.user, file=file, if_match=0)
        family = uuid7()
        for entry in self.identity.first_statements(now_ms=now_ms(), device_label="Letters"):
            body: dict[str, Any] = entry.as_json()
            keys.add_statement(user=self.user, family=family, label_=body.pop("label"), **body)
        return recovery_code.encode(code=code)


class Letters:
    """What a fan and a creator write to each other; their browsers may write in between. They are connected unless they
    are strangers: first words of a stranger that cost nothing are a request."""

    def __init__(self, *, fan: PenFriend, creator: PenFriend, are_strangers: bool = False) -> None:
        if not are_strangers:
            state, now = Connection.State.ACCEPTED, timezone.now()
            Connection.objects.get_or_create(
                asker=fan.user, asked=creator.user, state=state, defaults={"settled_at": now}
            )
        place, _ = conversations.open_conversation(user=fan.user, peer_uid=creator.user.uid)
        self.uid: uuid.UUID = place.uid
        self.fan, self.creator = fan, creator
        self._sides = {fan: self._side(fan, creator), creator: self._side(creator, fan)}

    @property
    def path(self) -> str:
        return f"/conversations/{self.uid}/"

    def _side(self, me: PenFriend, peer: PenFriend) -> Conversation:
        server = {key.skid: key.public for key in list_server_keys()}
        return Conversation(self.uid.bytes, me.identity, peer.user.uid.bytes, server)

    def write(
        self,
        writer: PenFriend,
        text: str,
        *,
        at_ms: int | None = None,
        kind: int = 1,
        target: uuid.UUID | None = None,
        price_centi: int | None = None,
    ) -> SentMessage:
        """One message, received by the server at `at_ms` (now by default), for the price in force unless told, and for
        nothing as a change of the message `target` (kinds 2 to 4)."""
        at_ms = at_ms or now_ms()
        side = self._caught_up(writer)
        if price_centi is None:
            place = selectors.get_conversation(user=writer.user, uid=self.uid)
            price_centi, _window = selectors.price_for(user=writer.user, conversation=place)
        envelope = side.write(
            text=text,
            message_id=uuid7().bytes,
            price_centi=price_centi if kind == 1 else 0,
            recipients=[friend.identity.encryption[-1].public for friend in self._sides],
            now_ms=at_ms,
            kind=kind,
            target=target.bytes if target else None,
        )
        sent = sending.send_message(user=writer.user, conversation=self.uid, envelope=envelope, recv_ms=at_ms)
        side.sent(envelope=envelope, srv=dict(sent.srv))
        return sent

    def _caught_up(self, reader: PenFriend) -> Conversation:
        side = self._sides[reader]
        while rows := selectors.list_missed(user=reader.user, conversation_uid=self.uid, after_n=side.n):
            for row in rows:
                if row["envelope"]["ct"]:
                    side.receive(envelope=row["envelope"], srv=dict(row["srv"]), find_device_key=self._find_device)
                else:  # deleted: only its place is left
                    side._move(row["envelope"], dict(row["srv"]))
        return side

    def _find_device(self, kid: bytes) -> bytes | None:
        found = (key_selectors.find_device_key(kid=kid, user_id=friend.user.pk) for friend in self._sides)
        return next((public for public in found if public), None)

"""Two people with keys and a conversation that they wrote at given times, through the product's own service."""

from __future__ import annotations

import os
import uuid

from credits.services import purchases
from messaging import selectors
from messaging.client import backup, recovery_code
from messaging.client.conversation import Conversation
from messaging.client.identity import Identity
from messaging.server_keys import list_server_keys
from messaging.services import backups, conversations, keys, sending
from messaging.types import SentMessage
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
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
            body = entry.as_json()
            keys.add_statement(user=self.user, family=family, label_=body.pop("label"), **body)
        return recovery_code.encode(code=code)


class Letters:
    """What a fan and a creator write to each other; their browsers may write in between."""

    def __init__(self, *, fan: PenFriend, creator: PenFriend) -> None:
        place, _ = conversations.open_conversation(user=fan.user, peer_uid=creator.user.uid)
        self.uid: uuid.UUID = place.uid
        self.fan, self.creator = fan, creator
        self._price_centi = creator.user.profile.price_per_message_centi
        self._sides = {fan: self._side(fan, creator), creator: self._side(creator, fan)}

    @property
    def path(self) -> str:
        return f"/conversations/{self.uid}/"

    def _side(self, me: PenFriend, peer: PenFriend) -> Conversation:
        server = {key.skid: key.public for key in list_server_keys()}
        return Conversation(self.uid.bytes, me.identity, peer.user.uid.bytes, server)

    def write(self, writer: PenFriend, text: str, *, at_ms: int | None = None) -> SentMessage:
        """One message, received by the server at `at_ms` (now by default); the fan pays the creator's price."""
        at_ms = at_ms or now_ms()
        side = self._caught_up(writer)
        envelope = side.write(
            text=text,
            message_id=uuid7().bytes,
            price_centi=self._price_centi if writer is self.fan else 0,
            recipients=[friend.identity.encryption[-1].public for friend in self._sides],
            now_ms=at_ms,
        )
        sent = sending.send_message(user=writer.user, conversation=self.uid, envelope=envelope, recv_ms=at_ms)
        side.sent(envelope=envelope, srv=dict(sent.srv))
        return sent

    def _caught_up(self, reader: PenFriend) -> Conversation:
        side = self._sides[reader]
        while rows := selectors.list_missed(user=reader.user, conversation_uid=self.uid, after_n=side.n):
            for row in rows:
                side.receive(envelope=row["envelope"], srv=dict(row["srv"]), find_device_key=self._find_device)
        return side

    def _find_device(self, kid: bytes) -> bytes | None:
        found = (selectors.find_device_key(kid=kid, user_id=friend.user.pk) for friend in self._sides)
        return next((public for public in found if public), None)

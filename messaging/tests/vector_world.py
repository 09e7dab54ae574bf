"""The world of the protocol's test vectors, in the database: two users, their keys, one conversation."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection

from credits.services import purchases
from messaging.models import Key, KeyStatement
from messaging.protocol.base64url import b64u_decode
from messaging.receipts import ServerKey
from messaging.services import sending
from pairly.common.ids import uuid7
from users.models import User
from users.registry import run_sign_up_hooks

PATH = Path(os.environ.get("E2E_VECTORS") or Path(__file__).parent / "vectors" / "e2e-v1.json")
VECTORS: dict[str, Any] = json.loads(PATH.read_text())


@dataclass
class World:
    alice: User
    bob: User
    conversation: uuid.UUID
    server_key: ServerKey

    def user(self, name: str) -> User:
        return self.alice if name == "alice" else self.bob

    def set_price(self, price_centi: int) -> None:
        self.bob.profile.price_per_message_centi = price_centi
        self.bob.profile.save(update_fields=["price_per_message_centi"])

    def send(self, name: str, envelope: Any, recv_ms: int):
        return sending.send_message(
            user=self.user(name),
            conversation=self.conversation,
            envelope=envelope,
            recv_ms=recv_ms,
            server_key=self.server_key,
        )

    def replay_history(self) -> None:
        """Send the seven chained messages of the vectors."""
        for row in VECTORS["messages"]:
            self.send(row["sender"], row["env"], row["srv"]["recv_ms"])


def make_world(*, with_history: bool = True) -> World:
    """Alice, a fan with credits, writes to Bob, a creator; ids and keys are the vectors'."""
    alice, bob = _user("alice", "fan"), _user("bob", "creator")
    world = World(
        alice,
        bob,
        uuid.UUID(bytes=b64u_decode(VECTORS["conv"])),
        ServerKey.from_seed(b64u_decode(VECTORS["server_seed"])),
    )
    purchases.record_purchase(
        user_id=alice.pk, op_id=uuid7(), credits_centi=100_000, currency="USD", amount_minor=1_000, payment_uid=uuid7()
    )
    h0 = b64u_decode(VECTORS["h0"])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_conversation (uid, low, high, low_uid, high_uid, low_pays, high_pays, head, h0) "
            "VALUES (%s, %s, %s, %s, %s, true, false, %s, %s) RETURNING id",
            [world.conversation, alice.pk, bob.pk, alice.uid, bob.uid, h0, h0],
        )
        (conversation_id,) = cursor.fetchone()
        for row in VECTORS["messages"]:
            _attachments(cursor, conversation_id, world.user(row["sender"]), row["env"]["hdr"])
    world.set_price(5_000)
    if with_history:
        world.replay_history()
    return world


def _user(name: str, role: str) -> User:
    data = VECTORS[name]
    user = User(
        uid=uuid.UUID(bytes=b64u_decode(data["user_id"])),
        email=f"{name}@example.org",
        name=name,
        role=role,
        birth_date=date(1990, 1, 1),
    )
    user.set_unusable_password()
    user.save()
    run_sign_up_hooks(user=user)
    for seq, entry in enumerate(data["keylog"], 1):
        raw = b64u_decode(entry["stmt"])
        public = b64u_decode(entry["pub"])
        Key.objects.create(
            kid=raw[18:50], user=user, role=raw[0], alg=raw[1], public=public, created_ms=0, rotate_after_ms=0
        )
        KeyStatement.objects.create(
            user=user, seq=seq, statement=raw, sig=b64u_decode(entry["sig"]), public=public,
            log_hash=b64u_decode(entry["hash"]),
        )  # fmt: skip
    return user


def _attachments(cursor: Any, conversation_id: int, sender: User, hdr: str) -> None:
    from messaging.protocol.header import parse_header

    for att in parse_header(raw=b64u_decode(hdr)).attachments:
        cursor.execute(
            "INSERT INTO messaging_attachment (conversation_id, uploader, sha256, length, path) "
            "VALUES (%s, %s, %s, %s, 'vector/' || gen_random_uuid())",
            [conversation_id, sender.pk, att.hash, att.length],
        )

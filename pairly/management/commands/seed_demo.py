"""Demo people and really encrypted conversations. Run again, it changes nothing."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from credits.services import purchases
from messaging.client import backup, recovery_code
from messaging.client.conversation import Conversation
from messaging.client.identity import Identity
from messaging.server_keys import list_server_keys
from messaging.services import backups, conversations, keys, sending
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from profiles.services import update_profile
from users.models import User
from users.registry import run_sign_up_hooks

CREATORS = [
    ("Mara Lindqvist", 120, "Ceramicist in Malmö. Ask me about glazes, kilns and making a living from a small studio."),
    (
        "Dev Anand Rao",
        250,
        "Chess coach, FIDE master. Send a position or a game and I will tell you what I would play.",
    ),
    ("Inés Carrasco", 80, "Translator and poet. I read drafts kindly and honestly, in Spanish and in English."),
    ("Tomasz Wilk", 400, "Trail runner and physiotherapist. Training plans that leave room for a life."),
    ("Amal Haddad", 150, "Cook from Aleppo, now in Lyon. Recipes, substitutions, and the story behind the dish."),
    ("June Okafor", 600, "Film composer. Questions about scoring, first cues and the business around it."),
]
TALKS = [
    (
        0,
        "How do I stop my celadon from crawling on test tiles?",
        "Thin the second coat and dust the tile first. Send a photo after.",
    ),
    (
        1,
        "After 1.d4 d5 2.c4 e6 3.Nc3 c5, is it really playable?",
        "Yes: the Tarrasch. You accept an isolated pawn for free pieces.",
    ),
    (4, "What can stand in for Aleppo pepper?", None),
]
FAN = "fan@demo.pairly.example"
START_CENTI = 220_000


def demo_file() -> Path:
    """Where the logins of this machine's demo are kept."""
    return Path(settings.VAR_DIR) / "demo.json"


class Command(BaseCommand):
    help = "Adds six creators, a fan with credits and encrypted conversations; prints nothing secret."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(email=FAN).exists():
            self.stdout.write("demo data is there")
            return
        people = Seeder()
        n_steps = 1 + len(CREATORS) + len(TALKS)
        for i, step in enumerate(people.steps(), 1):
            self.stdout.write(f"[{i}/{n_steps}] {step}")
        people.save()


class Seeder:
    """Makes the demo people one after the other and remembers how to sign in as them."""

    def __init__(self) -> None:
        self.logins: list[dict[str, str]] = []
        self.identities: dict[int, Identity] = {}
        self.families: dict[int, uuid.UUID] = {}

    def steps(self) -> Any:
        fan = self.person(email=FAN, name="Robin Fan", role="fan")
        purchases.record_purchase(
            user_id=fan.pk, op_id=uuid7(), credits_centi=START_CENTI, currency="USD", amount_minor=2_000,
            payment_uid=uuid7(),
        )  # fmt: skip
        yield "a fan with credits"
        creators = []
        for n, (name, price, bio) in enumerate(CREATORS, 1):
            email = "creator@demo.pairly.example" if n == 1 else f"creator{n}@demo.pairly.example"
            creator = self.person(email=email, name=name, role="creator")
            update_profile(user=creator, bio=bio, price_per_message_centi=price * 100)
            creators.append((creator, price * 100))
            yield name
        for index, question, answer in TALKS:
            creator, price_centi = creators[index]
            self.talk(fan, creator, price_centi, question, answer)
            yield f"a conversation with {creator.name}"

    def person(self, *, email: str, name: str, role: str) -> User:
        password = secrets.token_urlsafe(12)
        user = User.objects.create_user(
            email=email, password=password, name=name, role=role, birth_date=date(1992, 4, 5)
        )
        run_sign_up_hooks(user=user)
        identity, code = Identity.create(user=user.uid.bytes), os.urandom(16)
        file = backup.to_file(backup.create(identity=identity, recovery=code))
        backups.put_backup(user=user, file=file, if_match=0)
        family = uuid7()
        for entry in identity.first_statements(now_ms=now_ms(), device_label="Demo device"):
            body = entry.as_json()
            keys.add_statement(user=user, family=family, label_=body.pop("label"), **body)
        self.identities[user.pk] = identity
        text = recovery_code.encode(code=code)
        self.logins.append({"role": role, "email": email, "password": password, "recovery": text})
        return user

    def talk(self, fan: User, creator: User, price_centi: int, question: str, answer: str | None) -> None:
        place, _ = conversations.open_conversation(user=fan, peer_uid=creator.uid)
        self.write(place.uid, fan, creator, question, price_centi, history=[])
        if answer:
            self.write(place.uid, creator, fan, answer, 0, history=[(fan, self.last)])

    def write(
        self, place: uuid.UUID, writer: User, reader: User, text: str, price_centi: int, history: list[Any]
    ) -> None:
        """Seal and send through the same service as everybody else."""
        me, peer = self.identities[writer.pk], self.identities[reader.pk]
        state = Conversation(place.bytes, me, reader.uid.bytes, {k.skid: k.public for k in list_server_keys()})
        for sender, sent in history:
            device = self.identities[sender.pk].device
            find = {device.kid: device.public}.get
            state.receive(envelope=sent.envelope, srv=dict(sent.srv), find_device_key=find, sender=sender.uid.bytes)
        envelope = state.write(
            text=text,
            message_id=uuid7().bytes,
            price_centi=price_centi,
            recipients=[peer.encryption[-1].public, me.encryption[-1].public],
            now_ms=now_ms(),
        )
        self.last = sending.send_message(user=writer, conversation=place, envelope=envelope)
        state.sent(envelope=envelope, srv=dict(self.last.srv))

    def save(self) -> None:
        path = demo_file()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.logins, file, indent=1)

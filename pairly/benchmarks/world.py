"""The people of a benchmark: fans with credits, creators with a price, keys, conversations. Made in bulk."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from credits.services import purchases
from messaging.models import Key
from messaging.protocol.keys import ALG_ED25519, ALG_XWING, key_id
from messaging.services.conversations import open_conversation
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from users.models import User
from users.registry import run_sign_up_hooks

PRICE_CENTI = 5_000
CREDITS_CENTI = 10**12  # enough for any run
YEAR_MS = 365 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One conversation as its fan writes to it. `seed` is the fan's signing seed."""

    conversation: uuid.UUID
    h0: bytes
    fan: uuid.UUID
    creator: uuid.UUID
    seed: bytes
    device_kid: bytes
    kids: tuple[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Every fan writes to a creator of their own (`many`) and to the one popular creator (`popular`)."""

    many: list[Talk]
    popular: list[Talk]


@dataclass(frozen=True, slots=True)
class _Person:
    user: User
    seed: bytes
    device_kid: bytes
    box_kid: bytes


def make_world(*, n_fans: int, n_creators: int) -> World:
    """Add people to the database and give their conversations; nobody has a spending cap."""
    creators = [_person("creator", n) for n in range(n_creators)]
    star = _person("creator", n_creators)
    fans = [_person("fan", n) for n in range(n_fans)]
    many = [_talk(fan, creators[i % n_creators]) for i, fan in enumerate(fans)]
    return World(many=many, popular=[_talk(fan, star) for fan in fans])


def make_people(*, n: int) -> list[User]:
    """Add fans who do nothing."""
    return [_person("fan", number).user for number in range(n)]


def _person(role: str, n: int) -> _Person:
    user = User(email=f"{role}{n}-{uuid.uuid4().hex}@bench.invalid", name=f"{role} {n}", role=role)
    user.birth_date = date(1990, 1, 1)
    user.set_unusable_password()
    user.save()
    run_sign_up_hooks(user=user)
    seed = uuid.uuid4().bytes * 2
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    device_kid = key_id(alg=ALG_ED25519, public=public)
    box_public = user.uid.bytes * 76  # 1,216 bytes; nobody decrypts in a benchmark
    box_kid = key_id(alg=ALG_XWING, public=box_public)
    at = now_ms()
    Key.objects.bulk_create(
        Key(kid=kid, user=user, role=key, alg=alg, public=raw, created_ms=at, rotate_after_ms=at + YEAR_MS)
        for kid, key, alg, raw in (
            (device_kid, Key.Role.DEVICE, ALG_ED25519, public),
            (box_kid, Key.Role.ENCRYPTION, ALG_XWING, box_public),
        )
    )
    if role == "creator":
        user.profile.price_per_message_centi = PRICE_CENTI
        user.profile.save(update_fields=["price_per_message_centi"])
    else:
        _fund(user)
    return _Person(user, seed, device_kid, box_kid)


def _fund(user: User) -> None:
    purchases.record_purchase(
        user_id=user.pk, op_id=uuid7(), credits_centi=CREDITS_CENTI, currency="USD", amount_minor=CREDITS_CENTI // 100,
        payment_uid=uuid7(),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT credits_set_day_limit(%s, NULL)", [user.pk])


def _talk(fan: _Person, creator: _Person) -> Talk:
    conversation, _ = open_conversation(user=fan.user, peer_uid=creator.user.uid)
    return Talk(
        conversation=conversation.uid,
        h0=bytes(conversation.h0),
        fan=fan.user.uid,
        creator=creator.user.uid,
        seed=fan.seed,
        device_kid=fan.device_kid,
        kids=(fan.box_kid, creator.box_kid),
    )

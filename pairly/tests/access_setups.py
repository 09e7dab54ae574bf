"""What has to be there before a call of the access matrix can succeed, and the body that it is called with.

Each runs in the call's own transaction, before the database is looked at, whoever calls: a stranger is refused with
the owner's own valid code in hand.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from credits.services.deadlines import void_overdue
from messaging.client import backup
from messaging.client.identity import SigningKey
from messaging.protocol.base64url import b64u_encode
from messaging.protocol.labels import label
from moderation.services import work
from pairly.common import redis as common_redis
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.people import PASSWORD
from payments.tests.sandboxes import SECRET, signature
from users import selectors
from users.models import AccountClosure, DataExport, EmailChange, Session, User
from users.services import (
    closures,
    email_changes,
    email_codes,
    invitations,
    passkeys,
    password_resets,
    recoveries,
    sessions,
    tokens,
    totp,
)  # fmt: skip
from users.tests.authenticators import Authenticator
from users.tests.factor_helpers import (
    code_at,
    code_of,
    give_backup_codes,
    give_email_factor,
    give_totp,
    key_of,
    present_step,
)
from users.tests.ways_in import fail
from users.types import SignIn

from .access_world import HOME, OWNER_EMAIL, Persona, World, mailed_code, waiting_token

NEW_PASSWORD = "quite another long phrase 8"
SIGN_UP = {
    "name": "Nora New", "email": "nora.new@example.org", "password": NEW_PASSWORD, "birth_date": "1990-05-17",
    "role": "fan",
}  # fmt: skip


@dataclass
class Scene:
    """One call about to be made: in which world, by whom, with which client, to where."""

    world: World
    actor: Persona
    client: Client
    path: str

    @property
    def kind(self) -> str:
        """Of the sign-in that the door makes."""
        return "api" if self.path.startswith("/api/") else "web"

    @property
    def owner(self) -> User:
        return User.objects.get(pk=self.world.owner.user.pk)

    def proof(self, *, family: uuid.UUID | None = None) -> SignIn:
        """The owner's sign-in of the API, as the doors know it."""
        session = Session.objects.get(pk=family or self.world.people["owner"].family)
        return selectors.sign_in_of(session)

    def keep(self, **values: str) -> None:
        """Put something into the browser's session, which may be a new one."""
        if self.path.startswith("/api/"):
            return
        session = self.client.session
        session.update(values)
        session.save()


def without_passkey(scene: Scene) -> None:
    WebAuthnCredential.objects.filter(user=scene.owner).delete()


# -- sign-in, second step, codes ----------------------------------------------------------------------------
def password(scene: Scene) -> dict[str, Any]:
    without_passkey(scene)
    return {"email": OWNER_EMAIL, "password": PASSWORD}


def refresh_token(scene: Scene) -> dict[str, Any]:
    started = sessions.start_session(user=scene.owner, kind=Session.Kind.API, client=HOME)
    return {"refresh_token": tokens.issue(started=started)["refresh_token"]}


def reset_code(scene: Scene) -> dict[str, Any]:
    without_passkey(scene)
    password_resets.request_code(email=OWNER_EMAIL, client=HOME)
    return {"email": OWNER_EMAIL, "code": mailed_code(OWNER_EMAIL), "new_password": NEW_PASSWORD}


def unverified(scene: Scene) -> dict[str, Any]:
    User.objects.filter(pk=scene.owner.pk).update(email_verified_at=None)
    return {}


def email_code(scene: Scene) -> dict[str, Any]:
    unverified(scene)
    email_codes.request_code(user=scene.owner)
    return {"code": mailed_code(OWNER_EMAIL)}


def locked(scene: Scene) -> dict[str, Any]:
    fail(5, OWNER_EMAIL)
    return {"email": OWNER_EMAIL, "code": mailed_code(OWNER_EMAIL)}


def waiting(scene: Scene) -> dict[str, Any]:
    """A sign-in of the owner's that waits for a backup code, in this browser or under this token."""
    code = give_backup_codes(scene.owner)[0]
    token = waiting_token(scene.owner, kind=scene.kind)
    scene.keep(second_step=token)
    return {"temp_token": token, "method": "backup_code", "code": code}


def waiting_page(scene: Scene) -> dict[str, Any]:
    return {name: value for name, value in waiting(scene).items() if name != "temp_token"}


def waiting_for_mail(scene: Scene) -> dict[str, Any]:
    without_passkey(scene)
    give_email_factor(scene.owner)
    token = waiting_token(scene.owner, kind=scene.kind)
    scene.keep(second_step=token)
    return {"temp_token": token}


def waiting_lost(scene: Scene) -> dict[str, Any]:
    """A sign-in that waits for a factor that is lost."""
    return {**waiting(scene), "reason": "It fell into a lake."}


def step_up_body(scene: Scene) -> dict[str, Any]:
    without_passkey(scene)
    return {"method": "password", "code": PASSWORD}


def email_factor(scene: Scene) -> dict[str, Any]:
    without_passkey(scene)
    return {"enabled": True}


def totp_code(scene: Scene) -> dict[str, Any]:
    key = key_of(totp.begin(user=scene.owner).secret)
    return {"action": "confirm", "code": code_at(key, present_step())}


def totp_off(scene: Scene) -> dict[str, Any]:
    give_totp(scene.owner)
    return {"method": "totp", "code": code_of(scene.owner)}


def recovery(scene: Scene) -> dict[str, Any]:
    recoveries.request(token=waiting(scene)["temp_token"], reason="Lost.", client=HOME)
    return {}


# -- passkeys -----------------------------------------------------------------------------------------------
def _own_passkey(scene: Scene) -> Authenticator:
    """A real one of the owner's, made by the service."""
    device, proof = Authenticator(), scene.proof()
    begun = passkeys.begin_registration(user=scene.owner, sign_in=proof)
    passkeys.finish_registration(
        user=scene.owner, sign_in=proof, state=begun.state, credential=device.create(begun.options), client=HOME
    )
    common_redis.get_client().flushdb()
    return device


def passkey_made(scene: Scene) -> dict[str, Any]:
    begun = passkeys.begin_registration(user=scene.owner, sign_in=scene.proof())
    return {"state": begun.state, "credential": Authenticator().create(begun.options)}


def passkey_sign_in(scene: Scene) -> dict[str, Any]:
    device, begun = _own_passkey(scene), passkeys.begin_sign_in(client=HOME)
    scene.keep(passkey_ceremony=begun.state)
    return {"state": begun.state, "credential": device.get(begun.options)}


def passkey_sign_in_page(scene: Scene) -> dict[str, Any]:
    return {"credential": passkey_sign_in(scene)["credential"]}


def passkey_proof(scene: Scene) -> dict[str, Any]:
    device, begun = _own_passkey(scene), passkeys.begin_step_up(user=scene.owner, sign_in=scene.proof())
    return {"state": begun.state, "credential": device.get(begun.options)}


def real_passkey(scene: Scene) -> dict[str, Any]:
    _own_passkey(scene)
    return {}


# -- another address ----------------------------------------------------------------------------------------
NEW_EMAIL = "owner.elsewhere@example.org"


def address_asked(scene: Scene) -> dict[str, Any]:
    email_changes.request(user=scene.owner, sign_in=scene.proof(), new_email=NEW_EMAIL, client=HOME)
    return {"code": mailed_code(NEW_EMAIL)}


def address_changed(scene: Scene) -> dict[str, Any]:
    code = address_asked(scene)["code"]
    email_changes.confirm(user=scene.owner, sign_in=scene.proof(), code=code, client=HOME)
    assert EmailChange.objects.filter(user=scene.owner).exists()
    return {"email": OWNER_EMAIL, "code": mailed_code(OWNER_EMAIL)}


# -- one's own data -----------------------------------------------------------------------------------------
def no_export(scene: Scene) -> dict[str, Any]:
    DataExport.objects.filter(user=scene.owner).delete()
    return {}


def resting(scene: Scene) -> dict[str, Any]:
    """The owner rests, and their sign-ins are of the kind that is let in to come back."""
    AccountClosure.objects.create(user=scene.owner, kind="rest")
    User.objects.filter(pk=scene.owner.pk).update(is_active=False)
    Session.objects.filter(user=scene.owner).update(limit="closing")
    return {}


def agreed(scene: Scene) -> dict[str, Any]:
    """Nothing is held any more, and the rest is agreed to."""
    void_overdue(at=timezone.now() + timedelta(days=30))
    return {"agreed": [one.code for one in closures.list_obstacles(user=scene.owner) if one.can_agree]}


# -- profiles, keys, chat, buying ---------------------------------------------------------------------------
PROFILE = {"display_name": "Olga", "bio": "Hello", "languages": ["en"], "topics": ["tea"]}


def no_profile(scene: Scene) -> dict[str, Any]:
    from profiles.services import delete_profile

    delete_profile(user=scene.owner)
    return PROFILE


def statement(scene: Scene) -> dict[str, Any]:
    identity = scene.world.owner.identity
    new = replace(identity, device=SigningKey(b"d" * 32))
    return new.enrol_device(now_ms=now_ms(), device_label="Phone").as_json()


def binding(scene: Scene) -> dict[str, Any]:
    device, family = scene.world.owner.identity.device, scene.world.people["owner"].family
    sig = device.sign(label("bind") + family.bytes + device.kid)
    return {"kid": b64u_encode(device.kid), "sig": b64u_encode(sig)}


def key_backup(scene: Scene) -> dict[str, Any]:
    file = backup.to_file(backup.create(identity=scene.world.owner.identity, recovery=b"r" * 16))
    return {**file, "version": 2}


def letter(scene: Scene) -> dict[str, Any]:
    world = scene.world
    side = world.letters._sides[world.owner]
    envelope = side.write(
        text="Again", message_id=uuid7().bytes, price_centi=5_000,
        recipients=[friend.identity.encryption[-1].public for friend in (world.owner, world.peer)], now_ms=now_ms(),
    )  # fmt: skip
    return {"conversation": str(world.letters.uid), "envelope": envelope}


def webhook(scene: Scene) -> bytes:
    """A notice that is not about a payment."""
    event = {"id": "evt_1", "object": "event", "type": "customer.updated", "livemode": False}
    return json.dumps({**event, "data": {"object": {"object": "customer", "id": "cus_1"}}}).encode()


def webhook_headers(body: bytes) -> dict[str, str]:
    return signature(body, secret=SECRET)


# -- staff --------------------------------------------------------------------------------------------------
def invited(scene: Scene) -> dict[str, Any]:
    staff = scene.world.staff
    proof = SignIn(staff.uid, uuid.uuid4(), stepped_up_at=timezone.now())
    invitations.invite(by=staff, sign_in=proof, email=SIGN_UP["email"], roles=["support"], client=HOME)
    return {**SIGN_UP, "code": mailed_code(SIGN_UP["email"])}


def held_case(scene: Scene) -> dict[str, Any]:
    """The case is worked on by who calls."""
    work.take(uid=scene.world.objects["case"], user=scene.world.people["staff with"].user)
    return {"outcome": "rejected", "note": "The papers do not fit.", "text": "I have asked for nothing else."}


def to_the_peer(scene: Scene) -> dict[str, Any]:
    return {"user_id": str(scene.world.peer.user.uid)}

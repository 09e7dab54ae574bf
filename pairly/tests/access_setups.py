"""What has to be there before a call of the access matrix can succeed, and the body that it is called with.

Each runs in the call's own transaction, before the database is looked at, whoever calls: a stranger is refused with
the owner's own valid code in hand.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from credits.services import accounts, purchases
from credits.services import payouts as ledger_payouts
from credits.services.deadlines import void_overdue
from messaging.client import backup
from messaging.client.identity import EncryptionKey, Identity, SigningKey
from messaging.models import Conversation, Message, PlannedMessage
from messaging.protocol.base64url import b64u_encode
from messaging.protocol.labels import label
from messaging.services import attachments, exceptions
from messaging.services.key_approvals import SEALED_LENGTH
from moderation.services import assigning, work
from pairly.common import redis as common_redis
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.people import PASSWORD
from payments import payout_selectors
from payments.models import MoneyBack, Payment, Payout
from payments.services import payout_by_hand, payout_reviews
from payments.tests import paying_out
from payments.tests.sandboxes import SECRET, razorpay_headers, signature
from profiles.models import Profile
from profiles.selectors import get_own_profile
from profiles.services import add_picture, connections, follows, lists
from security.models import FraudAlert
from users import selectors
from users.models import AccountClosure, DataExport, EmailChange, Session, User
from users.notification_kinds import list_kinds
from users.selectors import list_strong_methods
from users.services import (
    blocks,
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
from users.services.notifications import notify
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

from .access_world import HOME, NEW_DEVICE, OWNER_EMAIL, Persona, World, a_picture, mailed_code, waiting_token

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
    """Nothing is held or on its way any more, and the rest is agreed to."""
    Payout.objects.filter(uid=scene.world.objects["payout"]).update(status="rejected", completed_at=timezone.now())
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


def key_asked(scene: Scene) -> dict[str, Any]:
    """A new device of the actor's, whoever that is."""
    key = b64u_encode(EncryptionKey(b"e" * 32).public)
    return {"id": str(uuid7()), "device": b64u_encode(SigningKey(b"k" * 32).public), "request_key": key}


def key_granted(scene: Scene) -> dict[str, Any]:
    new = replace(scene.world.owner.identity, device=NEW_DEVICE)
    body = new.enrol_device(now_ms=now_ms(), device_label="Tablet").as_json()
    return {**body, "sealed": b64u_encode(bytes(SEALED_LENGTH))}


def key_reset(scene: Scene) -> dict[str, Any]:
    identity = Identity.create(user=scene.world.owner.user.uid.bytes)
    opened = backup.create(identity=identity, recovery=b"r" * 16)
    opened.version = 2
    entries = [entry.as_json() for entry in identity.first_statements(now_ms=now_ms())]
    return {"entries": entries, "backup": backup.to_file(opened)}


def letter(scene: Scene) -> dict[str, Any]:
    world = scene.world
    side = world.letters._sides[world.owner]
    envelope = side.write(
        text="Again", message_id=uuid7().bytes, price_centi=5_000,
        recipients=[friend.identity.encryption[-1].public for friend in (world.owner, world.peer)], now_ms=now_ms(),
    )  # fmt: skip
    return {"conversation": str(world.letters.uid), "envelope": envelope}


def upload(scene: Scene) -> dict[str, Any]:
    return {"conversation": str(scene.world.letters.uid), "length": 1_000}


def part(scene: Scene) -> bytes:
    content: bytes = scene.world.notes["sealed"]
    return content


def complete(scene: Scene) -> dict[str, Any]:
    """The whole is there, in its one part."""
    content, owner = part(scene), scene.world.owner.user
    uid = scene.world.objects["upload"]
    attachments.put_part(user=owner, uid=uid, number=0, body=io.BytesIO(content), n_bytes=len(content))
    return {"sha256": b64u_encode(hashlib.sha256(content).digest())}


def webhook(scene: Scene) -> bytes:
    """A notice that is not about a payment."""
    event = {"id": "evt_1", "object": "event", "type": "customer.updated", "livemode": False}
    return json.dumps({**event, "data": {"object": {"object": "customer", "id": "cus_1"}}}).encode()


def webhook_headers(body: bytes) -> dict[str, str]:
    return signature(body, secret=SECRET)


def razorpay_webhook(scene: Scene) -> bytes:
    """The same of the other provider."""
    return json.dumps({"entity": "event", "event": "settlement.processed", "contains": [], "payload": {}}).encode()


def razorpay_webhook_headers(body: bytes) -> dict[str, str]:
    return razorpay_headers(body)


def _place(scene: Scene) -> dict[str, Any]:
    return {"conversation": str(scene.world.letters.uid)}


def answered(scene: Scene) -> dict[str, Any]:
    """The message of the owner was answered, and paid for."""
    world = scene.world
    scope = Conversation.objects.get(uid=world.letters.uid).pk
    with connection.cursor() as cursor:
        sql = "SELECT credits_post_holds(%s, %s, %s, 1, now(), 7, 14, 90)"
        cursor.execute(sql, [uuid7(), world.peer.user.pk, scope])
    return {**_place(scene), "reason": "empty", "words": "Only a dot."}


def to_the_owner(scene: Scene) -> dict[str, Any]:
    """The message is one to the owner, who is paid for the answer."""
    world = scene.world
    scope = Conversation.objects.get(uid=world.letters.uid).pk
    owner, peer = world.owner.user.pk, world.peer.user.pk
    Message.objects.filter(conversation=scope, n=1).update(n=2, sender=peer)
    purchases.grant_promo(user_id=peer, op_id=uuid7(), credits_centi=5_000)
    with connection.cursor() as cursor:
        sql = "SELECT credits_hold(%s, %s, %s, %s, 2, 5000, 2000, now(), now() + interval '1 day')"
        cursor.execute(sql, [uuid7(), peer, owner, scope])
    return _place(scene)


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


def case_to_give(scene: Scene) -> dict[str, Any]:
    """Who calls keeps the case for themselves."""
    return {"to": str(scene.world.people["staff with"].user.uid)}


def given_case(scene: Scene) -> None:
    """The case is kept for who calls."""
    staff = scene.world.people["staff with"].user
    assigning.assign(uid=scene.world.objects["case"], user=staff, to=staff.uid, seen=None)


def to_the_peer(scene: Scene) -> dict[str, Any]:
    return {"user_id": str(scene.world.peer.user.uid)}


# -- blocks -------------------------------------------------------------------------------------------------
def blocking_the_peer(scene: Scene) -> dict[str, Any]:
    blocks.block(user=scene.owner, uid=scene.world.peer.user.uid)
    return {}


# -- pictures
def picture(_: Scene) -> dict[str, Any]:
    """An upload, new each time: a file is read once."""
    return {"file": SimpleUploadedFile("a.png", a_picture(), "image/png")}


def portrait_form(scene: Scene) -> dict[str, Any]:
    return {"kind": "portrait", **picture(scene)}


def portrait(scene: Scene) -> None:
    add_picture(user=scene.actor.user or scene.world.owner.user, kind="portrait", data=a_picture())


def two_pictures(scene: Scene) -> dict[str, Any]:
    """A gallery in the other order."""
    user = scene.actor.user or scene.world.owner.user
    for _ in range(2):
        add_picture(user=user, kind="gallery", data=a_picture())
    return {"uids": [str(one.uid) for one in reversed(get_own_profile(user=user).whole_gallery)]}


def one_more_picture(scene: Scene) -> dict[str, Any]:
    """So that the owner's first one can move."""
    add_picture(user=scene.world.owner.user, kind="gallery", data=a_picture())
    return {"to": "later"}


# -- people one knows ---------------------------------------------------------------------------------------
def following(scene: Scene) -> dict[str, Any]:
    follows.follow(user=scene.owner, uid=scene.world.peer.user.uid)
    return {}


def asks_the_peer(scene: Scene) -> dict[str, Any]:
    connections.ask(user=scene.owner, uid=scene.world.peer.user.uid)
    return {}


def asked_by_the_peer(scene: Scene) -> dict[str, Any]:
    connections.ask(user=scene.world.peer.user, uid=scene.owner.uid)
    return {}


def connected(scene: Scene) -> dict[str, Any]:
    asks_the_peer(scene)
    connections.accept(user=scene.world.peer.user, uid=scene.owner.uid)
    return {}


def listed(scene: Scene) -> dict[str, Any]:
    """The peer is in the owner's list."""
    lists.add(user=scene.owner, list_uid=scene.world.objects["people list"], uid=scene.world.peer.user.uid)
    return to_the_peer(scene)


# -- planned messages
def _own_box(scene: Scene) -> str:
    """A text that is sealed for the owner, as far as the server can see."""
    return b64u_encode(scene.world.owner.identity.encryption[-1].kid + bytes(1_300))


def _as_creator(scene: Scene) -> None:
    User.objects.filter(pk=scene.world.owner.user.pk).update(role="creator")


def sealed_text(scene: Scene) -> dict[str, Any]:
    return {"box": _own_box(scene), "position": 1}


def plan(scene: Scene) -> dict[str, Any]:
    _as_creator(scene)
    return {"id": str(uuid7()), "kind": "welcome", "box": _own_box(scene), "send_at": timezone.now().isoformat()}


def due(scene: Scene) -> dict[str, Any]:
    """The owner has planned a message whose time has come."""
    PlannedMessage.objects.update(leased_until=None)
    return {}


# -- notifications
def told(scene: Scene) -> dict[str, Any]:
    """Everybody who may call has something that is unread; the owner calls to show that it works."""
    told = notify(user=scene.owner, kind="announcement")
    assert told is not None
    return {"up_to": str(told.uid)}


def hearing_form(scene: Scene) -> dict[str, Any]:
    """The form of settings as a page sends it: every kind that the role gets."""
    kinds = list_kinds(is_creator=True)
    return {f"{kind.code}-mail": "weekly" for kind in kinds} | {f"{kind.code}-in_app": "on" for kind in kinds}


HEARING = {"settings": [{"kind": "message", "in_app": True, "mail": "weekly", "push": False}]}


# -- chat: requests, away, free -----------------------------------------------------------------------------
def _caller(scene: Scene) -> User:
    return scene.actor.user or scene.owner


def a_creator(scene: Scene) -> None:
    """Whoever calls is one."""
    User.objects.filter(pk=_caller(scene).pk).update(role="creator")


def paid(scene: Scene) -> None:
    """The owner's payment has arrived."""
    Payment.objects.filter(pk__gt=0, status="created").update(
        status="paid", paid_at=timezone.now(), provider_payment_id="pi_canary"
    )


REFUND_KEY = uuid.UUID(int=11)


def refunded_before(scene: Scene) -> dict[str, Any]:
    """Whoever calls has asked for this refund with this key before; the provider knows no payment of this world."""
    payment = Payment.objects.get(uid=scene.world.objects["payment"])
    MoneyBack.objects.create(
        payment=payment, kind="refund", state="succeeded", amount_minor=10, reason="asked_for", request_id=REFUND_KEY,
        provider_object_id="re_canary", requested_by=scene.actor.user or scene.world.staff,
    )  # fmt: skip
    return {"amount_minor": 10, "reason": "asked_for"}


def away(scene: Scene) -> dict[str, Any]:
    a_creator(scene)
    return {"until": (timezone.now() + timedelta(days=3)).isoformat(), "note": "At sea"}


def away_form(scene: Scene) -> dict[str, Any]:
    a_creator(scene)
    return {"until": (timezone.now() + timedelta(days=3)).date().isoformat(), "note": "At sea"}


def away_already(scene: Scene) -> None:
    a_creator(scene)
    until = timezone.now() + timedelta(days=3)
    Profile.objects.filter(user_id=_caller(scene).pk).update(away_until=until)


def a_creator_with_a_fan(scene: Scene) -> None:
    """The peer is the fan for once, also in what was written."""
    a_creator(scene)
    User.objects.filter(pk=scene.world.peer.user.pk).update(role="fan")
    Conversation.objects.filter(uid=scene.world.letters.uid).update(low_pays=F("high_pays"), high_pays=F("low_pays"))


def a_fan_who_writes_for_free(scene: Scene) -> None:
    a_creator_with_a_fan(scene)
    exceptions.set_free(user=User.objects.get(pk=_caller(scene).pk), peer_uid=scene.world.peer.user.uid)


def a_request(scene: Scene) -> None:
    """The owner is asked."""
    mine = Conversation.objects.filter(uid=scene.world.letters.uid)
    mine.filter(low=scene.owner).update(low_request="asked")
    mine.filter(high=scene.owner).update(high_request="asked")


# -- money: payouts
def _make_payee(user: User) -> User:
    """A verified creator with a strong factor and earnings that have matured."""
    User.objects.filter(pk=user.pk).update(role="creator", verification_level=2)
    payee = User.objects.get(pk=user.pk)
    accounts.open_accounts(user=payee)
    if not list_strong_methods(user=payee):
        paying_out.give_factor(payee)
    paying_out.earn(payee, paying_out.AMOUNT)
    return payee


def _a_payee(scene: Scene) -> None:
    """Whoever calls is one."""
    _make_payee(_caller(scene))


def account_form(scene: Scene) -> dict[str, Any]:
    _a_payee(scene)
    return {**paying_out.MANUAL, "currency": "EUR", "country": "DE"}


def account_body(scene: Scene) -> dict[str, Any]:
    _a_payee(scene)
    return {"kind": "manual", "currency": "EUR", "country": "DE", "details": paying_out.MANUAL}


def payout_body(scene: Scene) -> dict[str, Any]:
    """To the owner's account."""
    _a_payee(scene)
    return {"amount_centi": paying_out.AMOUNT, "method_id": str(scene.world.objects["payout method"])}


def payout_form(scene: Scene) -> dict[str, Any]:
    body = payout_body(scene)
    return {"amount": body["amount_centi"] // 100, "method": body["method_id"], "nonce": str(uuid.uuid4())}


def a_creator_without_payouts(scene: Scene) -> None:
    """Nothing is on its way to the owner's account."""
    a_creator(scene)
    Payout.objects.filter(uid=scene.world.objects["payout"]).update(status="rejected", completed_at=timezone.now())


def set_aside(scene: Scene) -> dict[str, Any]:
    """The owner's payout has its money, as if it had been asked for by the service."""
    if scene.actor.user and not scene.actor.user.is_staff:
        a_creator(scene)
    _make_payee(scene.owner)
    payout = Payout.objects.get(uid=scene.world.objects["payout"])
    op_id = payout_selectors.op_id(payout_uid=payout.uid, step="requested")
    ledger_payouts.lock(user_id=payout.user_id, op_id=op_id, amount_centi=payout.amount_centi, at=timezone.now())
    return {}


def approved_payout(scene: Scene) -> dict[str, Any]:
    set_aside(scene)
    payout_reviews.approve(staff=scene.world.staff, uid=scene.world.objects["payout"])
    return {"reference": "SEPA 2026 17"}


def paid_out(scene: Scene) -> dict[str, Any]:
    approved_payout(scene)
    uid = scene.world.objects["payout"]
    payout_by_hand.mark_sent(staff=scene.world.staff, uid=uid, reference="SEPA 2026 18")
    return {"reason": "account_closed"}


def fraud_alert(scene: Scene) -> dict[str, Any]:
    """It waits for staff."""
    alert = FraudAlert.objects.get(uid=scene.world.objects["fraud alert"])
    work.open_item(kind="fraud_alert", ref=alert.uid, subject_uid=alert.user_uid)
    return {"outcome": "false_positive", "note": "All fits."}


def payout_case(scene: Scene) -> dict[str, Any]:
    """It waits for staff."""
    payout = Payout.objects.get(uid=scene.world.objects["payout"])
    work.open_item(kind="payout", ref=payout.uid, subject_uid=payout.user.uid)
    return {"decision": "approve", "reason": "All fits."}

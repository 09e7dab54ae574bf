"""The people and things of the access matrix: an owner with one of everything, and who must not get at it.

Every call of the matrix runs inside one transaction that is rolled back, so the world is made once a module.
"""

from __future__ import annotations

import hashlib
import io
import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential
from PIL import Image

from credits.services import accounts, purchases
from credits.services import money_back as ledger_money_back
from credits.services import unlocks as ledger_unlocks
from messaging.client import attachments as sealed_files
from messaging.client.identity import SigningKey
from messaging.models import Conversation, DeviceApproval, Key, Plan, PlannedMessage, SealedText
from messaging.protocol.base64url import b64u_encode
from messaging.services import attachments
from moderation.models import WorkItem
from pairly.common import redis as common_redis
from pairly.common.ids import uuid7
from pairly.outbox import services as outbox
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD, make_staff, make_user, sign_in_as
from payments.models import MoneyBack, Payment, Payout, PayoutMethod, PayoutStep
from payments.selectors import return_op_id
from payments.services import payout_methods
from profiles.models import SavedSearch
from profiles.services import add_picture, lists
from security.models import FraudAlert, KnownDevice
from security.services import attempts, bans
from security.types import Client as Visitor
from security.types import Door
from users import selectors
from users.models import DataExport, Session, SignInChallenge, User
from users.roles import PERMISSIONS
from users.services import announcements, challenges, exports, invitations, push_devices, recoveries, sessions, tokens
from users.services.notification_choices import stop_token
from users.services.notifications import notify
from users.tests.factor_helpers import give_passkey
from users.types import Device, Method, SignIn

from .access_certificates import make_certificate
from .access_organisations import make_organisations
from .access_shop import make_shop
from .access_trust import make_trust
from .access_verifications import make_verification

HOME = Visitor(ip="192.0.2.77", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
NEW_DEVICE = SigningKey(b"a" * 32)
OWNER_EMAIL, OWNER_PHONE = "canary.owner@example.org", "+442079460958"
CODES = re.compile(r"\b(?:\d{6}|[A-Z2-9]{5}-[A-Z2-9]{5}|[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})\b")


@dataclass
class Persona:
    """Somebody at the door: a browser for pages, a bearer token for the API. `user` is None for a stranger's."""

    name: str
    user: User | None = None
    browser: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)
    family: uuid.UUID | None = None

    def client(self, path: str) -> Client:
        """What they come with to `path`: nothing they carry elsewhere."""
        if path.startswith("/api/"):
            return Client(headers=self.headers)
        browser = Client()
        browser.cookies.load({name: morsel.value for name, morsel in self.browser.cookies.items()})
        return browser


def persona(name: str, user: User, *, factor: Method | None = None, is_fresh: bool = True) -> Persona:
    """Signed in twice, in a browser and in an app; the proof is fresh for an hour, or an hour old."""
    browser = sign_in_as(user, factor=factor)
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=HOME, factor=factor)
    token = tokens.issue(started=started)["access_token"]
    hour = timedelta(hours=1)
    at = timezone.now() + (hour if is_fresh else -hour)
    Session.objects.filter(user=user).update(stepped_up_at=at, last_seen_at=timezone.now() + hour)
    return Persona(name, user, browser, {"Authorization": f"Bearer {token}"}, started.session.pk)


@dataclass
class World:
    """`objects` has what stands in a URL, by the name that the access table uses."""

    owner: PenFriend
    peer: PenFriend
    letters: Letters
    people: dict[str, Persona]
    staff: User
    objects: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def canaries(self) -> set[str]:
        """What is the owner's alone: no answer to anybody else may hold it."""
        own = (
            "session",
            "device",
            "sign-in request",
            "export",
            "payment",
            "conversation",
            "search",
            "people list",
            "payout",
            "payout method",
            "money back",
            "touched case",
            "verification",
            "organisation",
            "webhook",
            "delivery",
        )
        return {OWNER_EMAIL, OWNER_PHONE, *(str(self.objects[name]) for name in own)}


def make_world() -> World:
    """Everything, committed. Takes about two seconds."""
    common_redis.get_client().flushdb()
    owner = PenFriend("fan", name="Olga Owner", credits_centi=100_000)
    now = timezone.now()
    User.objects.filter(pk=owner.user.pk).update(email=OWNER_EMAIL, phone=OWNER_PHONE, email_verified_at=now)
    owner.user.refresh_from_db()
    peer = PenFriend("creator", name="Petra Peer", price_centi=5_000)
    letters = Letters(fan=owner, creator=peer, are_strangers=True)
    paid = letters.write(owner, "Hello")
    members = {name: make_user(role, name=name.title()) for name, role in (("stranger", "fan"), ("creator", "creator"))}
    for user in members.values():
        user.set_password(PASSWORD)
        user.save()
    staff = make_staff("admin", name="Ada Admin")
    people = {
        "anonymous": Persona("anonymous"),
        "owner": persona("owner", owner.user),
        **{name: persona(name, user) for name, user in members.items()},
        "staff without": persona("staff without", make_staff("support"), factor=Method.TOTP),
        "staff with": persona("staff with", make_staff("support"), factor=Method.TOTP),
        "staff without a factor": persona("staff without a factor", make_staff("admin")),
    }
    world = World(owner, peer, letters, people, staff, objects={})
    world.objects |= _objects_of_the_owner(owner.user) | _objects_of_staff(staff)
    world.objects |= {"peer": peer.user.uid, "owner": owner.user.uid, "conversation": letters.uid}
    world.objects |= _planned(owner, letters)
    world.objects |= _payout(owner.user)
    world.objects |= _money_back(owner.user, world.objects["payment"])
    world.objects |= {"paid message": paid.message_id}
    world.objects |= make_shop(owner.user, peer.user)
    world.objects |= make_verification(owner.user)
    world.objects |= {"certificate": make_certificate(owner.user)}
    world.objects |= make_organisations(owner.user, peer.user)
    world.objects |= make_trust(owner.user, peer.user)
    world.objects |= {"public picture": _public_picture(), "own browser": people["owner"].family}
    world.objects |= {"private picture": _private_picture(owner.user), "picture width": 64, "gallery place": 0}
    world.notes["sealed"], world.objects["blob"] = sealed_files.seal(data=b"A hall", key=b"k" * 32), _blob(letters)
    length = len(world.notes["sealed"])
    upload = attachments.begin_upload(user=owner.user, conversation_uid=letters.uid, length=length)
    world.objects |= {"upload": upload.pk, "part": 0}
    return world


def _planned(owner: PenFriend, letters: Letters) -> dict[str, Any]:
    """A text that the owner keeps, and a message that a device of theirs is to send."""
    box, now = owner.identity.encryption[-1].kid + bytes(1_300), timezone.now()
    text = SealedText.objects.create(uid=uuid7(), user=owner.user, box=box)
    plan = Plan.objects.create(
        uid=uuid7(), user=owner.user, kind="scheduled", audience="one", state="sending", box=box, send_at=now
    )
    place = Conversation.objects.get(uid=letters.uid)
    planned = PlannedMessage.objects.create(plan=plan, conversation=place, leased_until=now + timedelta(days=1))
    return {"sealed text": text.uid, "plan": plan.uid, "planned message": planned.message}


def _payout(user: User) -> dict[str, Any]:
    """An account of the owner, and a payout that they have asked for."""
    now = timezone.now()
    details = {"account_holder": "Olga Owner", "account_number": "DE89370400440532013000"}
    method = PayoutMethod.objects.create(
        user=user, kind="manual", currency="USD", country="DE", label="Bank •••• 3000", state="ready", usable_at=now,
        fingerprint=b"f" * 32, sealed_details=payout_methods.seal(user=user, details=details),
    )  # fmt: skip
    payout = Payout.objects.create(
        user=user, method=method, request_id=uuid.uuid4(), amount_centi=250_000, currency="USD", amount_minor=2_500,
        rate_micro=1_000_000,
    )  # fmt: skip
    PayoutStep.objects.create(payout=payout, status="requested", owner="pairly", reason="review", latest_at=now)
    return {"payout": payout.uid, "payout method": method.uid, "year": now.year, "file kind": "csv"}


def _money_back(user: User, payment_uid: uuid.UUID) -> dict[str, Any]:
    """A bank that asks about the owner's payment, and a dispute of somebody's payment that bought from the owner."""
    own = MoneyBack.objects.create(
        payment=Payment.objects.get(uid=payment_uid), kind="dispute", state="warning", amount_minor=500,
        provider_object_id="du_canary",
    )  # fmt: skip
    fan, now = make_user("fan", name="Dora Disputes"), timezone.now()
    payment = Payment.objects.create(
        user=fan, request_id=uuid.uuid4(), provider="stripe", package="credits-500", currency="USD", amount_minor=500,
        credits_centi=50_000, status="disputed", paid_at=now, provider_payment_id="pi_disputed",
    )  # fmt: skip
    accounts.open_accounts(user=User(pk=user.pk, uid=user.uid, role="creator"))
    given = {"user_id": fan.pk, "payment_uid": payment.uid}
    purchases.record_purchase(**given, op_id=uuid7(), credits_centi=50_000, currency="USD", amount_minor=500)
    ledger_unlocks.unlock(
        op_id=uuid7(), user_id=fan.pk, payee_id=user.pk, item=1, unlock=fan.pk, amount_centi=20_000, at=now
    )
    row = MoneyBack(payment=payment, kind="dispute", state="open", amount_minor=500, provider_object_id="du_touched")
    taken = ledger_money_back.take_back(**given, op_id=return_op_id(row=row), kind="dispute", amount_minor=500, at=now)
    row.unspent_centi, row.held_centi = taken.unspent_centi, taken.held_centi
    row.reserve_centi, row.debt_centi = taken.reserve_centi, taken.debt_centi
    row.save()
    return {"money back": own.uid, "touched case": row.uid}


def _blob(letters: Letters) -> str:
    """A file that the owner has uploaded, and not sent."""
    content = sealed_files.seal(data=b"A letter", key=b"k" * 32)
    user, digest = letters.fan.user, hashlib.sha256(content).digest()
    upload = attachments.begin_upload(user=user, conversation_uid=letters.uid, length=len(content))
    attachments.put_part(user=user, uid=upload.pk, number=0, body=io.BytesIO(content), n_bytes=len(content))
    attachments.complete_upload(user=user, uid=upload.pk, sha256=digest)
    return b64u_encode(digest)


def _objects_of_the_owner(user: User) -> dict[str, Any]:
    now = timezone.now()
    give_passkey(user)
    device = KnownDevice.objects.create(user_uid=user.uid, fingerprint_sha256=hashlib.sha256(b"x").digest())
    waiting = SignInChallenge.objects.create(
        user=user, token_sha256=b"w" * 32, needs="proof", kind="web", door="page", ip="198.51.100.5",
        user_agent="", device_fingerprint="f" * 32, attempt_id=0, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    export = DataExport.objects.create(user=user, n_parts=1)
    assert exports.make(export_uid=export.pk)
    payment = Payment.objects.create(
        user=user, request_id=uuid.uuid4(), provider="stripe", package="credits-500", currency="USD",
        amount_minor=500, credits_centi=50_000, provider_session_id="cs_canary", checkout_url="http://127.0.0.1:9/pay",
    )  # fmt: skip
    other = sessions.start_session(user=user, kind=Session.Kind.WEB, client=HOME)
    notification = notify(user=user, kind="announcement")
    assert notification is not None
    return {
        "notification": notification.uid,
        "stop token": stop_token(user=user),
        "passkey": WebAuthnCredential.objects.get(user=user).pk,
        "device": device.uid,
        "sign-in request": waiting.pk,
        "export": export.pk,
        "payment": payment.uid,
        "session": other.session.pk,
        "key approval": _asking_device(user, other.session.pk),
        "key device": b64u_encode(bytes(Key.objects.get(user=user, role=Key.Role.DEVICE).pk)),
        "search": SavedSearch.objects.create(owner=user, name="Clay", query="q=clay").pk,
        "people list": lists.create_list(user=user, name="Tea friends").pk,
        "push device": push_devices.register(
            user=user,
            sign_in=selectors.sign_in_of(other.session),
            endpoint="https://web.push.apple.com/canary",
            client=HOME,
        ).uid,
    }


def _asking_device(user: User, family: uuid.UUID) -> uuid.UUID:
    """A second device of the owner that waits to be let in."""
    return DeviceApproval.objects.create(
        uid=uuid.uuid4(), user=user, family=family, device=NEW_DEVICE.public, request_key=bytes(1216),
        expires_at=timezone.now() + timedelta(hours=1),
    ).uid  # fmt: skip


def _objects_of_staff(staff: User) -> dict[str, Any]:
    proof = SignIn(staff.uid, uuid.uuid4(), stepped_up_at=timezone.now())
    invitation = invitations.invite(by=staff, sign_in=proof, email="grace@example.org", roles=["support"], client=HOME)
    ban = bans.ban(
        network="203.0.113.7", lasts=timedelta(hours=1), reason="Scripted sign-ups", by_uid=staff.uid, client=HOME
    )
    told = announcements.publish(
        by=staff, sign_in=proof, client=HOME, title="Hello", body="Plain words.", audience="all"
    )
    asker = make_user("fan", name="Flora Forgetful")
    recoveries.request(token=waiting_token(asker), reason="It fell into a lake.", client=HOME)
    alert = FraudAlert.objects.create(user_uid=asker.uid, score=60, action="review", rules=["many_cards"])
    return {
        "case": WorkItem.objects.get(kind="factor_recovery").uid,
        "queue": "factor_recovery",
        "member": make_staff("finance").uid,
        "invitation": invitation.uid,
        "ban": ban.uid,
        "fraud alert": alert.uid,
        "announcement": told.uid,
        "asker": asker.pk,
    }


def waiting_token(user: User, *, kind: str = "web") -> str:
    """A sign-in with the right password that waits for its second step."""
    reserved = attempts.reserve(identifier=user.email, client=HOME, door=Door.PAGE, user_uid=user.uid)
    way_in: dict[str, Any] = {"kind": kind, "door": Door.PAGE, "client": HOME, "device": Device()}
    return challenges.begin(user=user, needs="factor", attempt_id=reserved.attempt_id, **way_in).token


def _public_picture() -> str:
    return storages["default"].save("matrix/picture.webp", ContentFile(b"RIFF"))


def _private_picture(user: User) -> uuid.UUID:
    """For the owner's connections, of whom there are none."""
    return add_picture(user=user, kind="gallery", data=a_picture(), audience="connections").uid


def a_picture() -> bytes:
    """A small file that may be uploaded."""
    sheet = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(sheet, "PNG")
    return sheet.getvalue()


def mailed_code(to: str) -> str:
    """The newest code that was mailed to an address, whatever it looks like."""
    mail.outbox.clear()
    outbox.deliver_due()
    for sent in reversed(mail.outbox):
        found = CODES.search(str(sent.body)) if sent.to == [to] else None
        if found:
            return found[0]
    raise AssertionError(f"no code for {to}")


def employ(user: User, *permissions: str) -> None:
    """Give somebody of staff these permissions and no others."""
    user.groups.clear()
    codenames = [name.removeprefix("users.") for name in permissions]
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="users", codename__in=codenames))
    for cache in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):  # a user asked once answers as before
        user.__dict__.pop(cache, None)


ALL_PERMISSIONS = frozenset(f"users.{codename}" for codename, _name in PERMISSIONS)

"""The people and things of the access matrix: an owner with one of everything, and who must not get at it.

Every call of the matrix runs inside one transaction that is rolled back, so the world is made once a module.
"""

from __future__ import annotations

import hashlib
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

from moderation.models import WorkItem
from pairly.common import redis as common_redis
from pairly.outbox import services as outbox
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import PASSWORD, make_staff, make_user, sign_in_as
from payments.models import Payment
from security.models import KnownDevice
from security.services import attempts, bans
from security.types import Client as Visitor
from security.types import Door
from users.models import DataExport, Session, SignInChallenge, User
from users.roles import PERMISSIONS
from users.services import challenges, exports, invitations, recoveries, sessions, tokens
from users.tests.factor_helpers import give_passkey
from users.types import Device, Method, SignIn

HOME = Visitor(ip="192.0.2.77", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
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
        own = ("session", "device", "sign-in request", "export", "payment", "conversation")
        return {OWNER_EMAIL, OWNER_PHONE, *(str(self.objects[name]) for name in own)}


def make_world() -> World:
    """Everything, committed. Takes about two seconds."""
    common_redis.get_client().flushdb()
    owner = PenFriend("fan", name="Olga Owner", credits_centi=100_000)
    now = timezone.now()
    User.objects.filter(pk=owner.user.pk).update(email=OWNER_EMAIL, phone=OWNER_PHONE, email_verified_at=now)
    owner.user.refresh_from_db()
    peer = PenFriend("creator", name="Petra Peer", price_centi=5_000)
    letters = Letters(fan=owner, creator=peer)
    letters.write(owner, "Hello")
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
    world.objects |= {"public picture": _public_picture(), "own browser": people["owner"].family}
    return world


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
    return {
        "passkey": WebAuthnCredential.objects.get(user=user).pk,
        "device": device.uid,
        "sign-in request": waiting.pk,
        "export": export.pk,
        "payment": payment.uid,
        "session": other.session.pk,
    }


def _objects_of_staff(staff: User) -> dict[str, Any]:
    proof = SignIn(staff.uid, uuid.uuid4(), stepped_up_at=timezone.now())
    invitation = invitations.invite(by=staff, sign_in=proof, email="grace@example.org", roles=["support"], client=HOME)
    ban = bans.ban(
        network="203.0.113.7", lasts=timedelta(hours=1), reason="Scripted sign-ups", by_uid=staff.uid, client=HOME
    )
    asker = make_user("fan", name="Flora Forgetful")
    recoveries.request(token=waiting_token(asker), reason="It fell into a lake.", client=HOME)
    return {
        "case": WorkItem.objects.get(kind="factor_recovery").uid,
        "queue": "factor_recovery",
        "member": make_staff("finance").uid,
        "invitation": invitation.uid,
        "ban": ban.uid,
        "asker": asker.pk,
    }


def waiting_token(user: User, *, kind: str = "web") -> str:
    """A sign-in with the right password that waits for its second step."""
    reserved = attempts.reserve(identifier=user.email, client=HOME, door=Door.PAGE, user_uid=user.uid)
    way_in: dict[str, Any] = {"kind": kind, "door": Door.PAGE, "client": HOME, "device": Device()}
    return challenges.begin(user=user, needs="factor", attempt_id=reserved.attempt_id, **way_in).token


def _public_picture() -> str:
    return storages["default"].save("matrix/picture.webp", ContentFile(b"RIFF"))


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


ALL_PERMISSIONS = frozenset(f"users.{codename}" for codename, _name in PERMISSIONS)

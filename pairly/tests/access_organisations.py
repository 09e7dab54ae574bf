"""Organisations in the access matrix: the owner owns one, and another one invites and asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from moderation.models import Delivery, Membership, Representation
from moderation.organisations.services import founding, members, webhooks
from pairly.common.ids import uuid7
from pairly.testing.people import make_user
from users.models import User

if TYPE_CHECKING:
    from .access_setups import Scene


RECEIVER = "localhost:9"  # one of settings; nothing is sent in this world
TARGET, EVENTS = f"https://{RECEIVER}/notices", ["certificate.issued"]


def make_organisations(owner: User, peer: User) -> dict[str, Any]:
    """The owner's has a member and represents the peer; the peer's invites the owner and asks to represent them."""
    now, member = timezone.now(), make_user("fan", name="Mia Member")
    own = founding.create(user=owner, name="Olga's Agency").organisation
    other = founding.create(user=peer, name="Petra's Partners").organisation
    Membership.objects.create(organisation=own, user=member, role="member", accepted_at=now)
    Membership.objects.create(organisation=other, user=owner, role="manager")
    represented = Representation.objects.create(organisation=own, creator=peer, accepted_at=now)
    asked = Representation.objects.create(organisation=other, creator=owner)
    webhook, _secret = webhooks.register(user=owner, organisation=own.uid, target_url=TARGET, events=EVENTS)
    dead = Delivery.objects.create(
        webhook=webhook, event=EVENTS[0], event_id=uuid7(), payload={}, state="dead", ended_at=now
    )
    return {
        "webhook": webhook.uid,
        "delivery": dead.uid,
        "organisation": own.uid,
        "inviting organisation": other.uid,
        "organisation member": member.uid,
        "representation": asked.uid,
        "represented": represented.uid,
    }


def the_peer_as_member(scene: Scene) -> dict[str, str]:
    return {"user_id": str(scene.world.peer.user.uid), "role": "member"}


def the_peer_as_creator(scene: Scene) -> dict[str, str]:
    """Asked again, after it ended."""
    Representation.objects.filter(uid=scene.world.objects["represented"]).delete()
    return {"user_id": str(scene.world.peer.user.uid)}


def the_peer_by_email(scene: Scene) -> dict[str, str]:
    """Invited by their address."""
    email = scene.world.peer.user.email
    uid = scene.world.objects["organisation"]
    members.invite_by_email(user=scene.owner, uid=uid, email=email, role="member")
    return {"email": email}


def a_webhook(scene: Scene) -> dict[str, Any]:
    return {**hears(scene), "organisation_id": str(scene.world.objects["organisation"]), "target_url": TARGET}


def hears(scene: Scene) -> dict[str, Any]:
    return {"events": ["certificate.revoked"]}


def the_delivery(scene: Scene) -> dict[str, str]:
    return {"delivery_id": str(scene.world.objects["delivery"])}

"""Reads of organisations: for their members, each by what their role lets them; and a creator's representations."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet
from django.utils import timezone

from pairly.common.problems import Forbidden, NotFound
from users.models import User
from users.registry import names_of

from ..certificates import published
from ..certificates import selectors as certificates
from ..models import Certificate, Delivery, Membership, Organisation, Representation, Webhook
from .constants import INVITATION_LIFE, RESEND_PERMISSION, STAFF_PERMISSION
from .types import DeadDelivery, ShownCertificate, ShownCreator, ShownMember

Role = Membership.Role
OWNERS, MANAGERS, MEMBERS = (Role.OWNER,), (Role.OWNER, Role.MANAGER), tuple(Role)


def list_own(*, user: User) -> QuerySet[Membership]:
    """The organisations that `user` is a member of, and those that invite them; the newest first."""
    is_open = Q(accepted_at__isnull=False) | Q(invited_at__gt=timezone.now() - INVITATION_LIFE)
    rows = Membership.objects.filter(is_open, user=user, organisation__closed_at__isnull=True)
    return rows.select_related("organisation").order_by("-pk")


def get_own(*, user: User, uid: uuid.UUID, roles: Collection[str] = MEMBERS) -> Membership:
    """The place of `user` in an open organisation. Raises NotFound for who is no member, Forbidden for members of
    another role than `roles`."""
    found = list_own(user=user).filter(organisation__uid=uid, accepted_at__isnull=False).first()
    if found is None:
        raise NotFound
    if found.role not in roles:
        raise Forbidden
    return found


def find_open(*, uid: uuid.UUID, for_update: bool = False) -> Organisation | None:
    """An organisation that is not closed, for services; `for_update` locks it, inside a transaction."""
    rows = Organisation.objects.filter(uid=uid, closed_at__isnull=True)
    return (rows.select_for_update() if for_update else rows).first()


def list_members(*, user: User, uid: uuid.UUID) -> QuerySet[Membership]:
    """Who belongs to an organisation, for its members; owners and managers also see whom it invites. Whoever was
    invited by their address is left out until they accept: the list must not tell who has an account. Raises NotFound.
    """
    place = get_own(user=user, uid=uid)
    rows = Membership.objects.filter(organisation=place.organisation).select_related("user").order_by("-pk")
    if place.role not in MANAGERS:
        return rows.filter(accepted_at__isnull=False)
    is_invited = Q(is_by_email=False, invited_at__gt=timezone.now() - INVITATION_LIFE)
    return rows.filter(Q(accepted_at__isnull=False) | is_invited)


def show_members(*, rows: Sequence[Membership]) -> list[ShownMember]:
    """Members of one page with what they are called: one query for all names."""
    names = names_of(users=[row.user for row in rows])
    return [ShownMember(row=row, name=names[row.user_id]) for row in rows]


def count_owners(*, organisation: Organisation, but: User) -> int:
    """How many own it beside `but`."""
    rows = Membership.objects.filter(organisation=organisation, role=Role.OWNER, accepted_at__isnull=False)
    return rows.exclude(user=but).count()


def list_people(*, organisation: Organisation, roles: Collection[str] = MANAGERS) -> list[User]:
    """Members of these roles, to be told of something."""
    rows = Membership.objects.filter(organisation=organisation, role__in=roles, accepted_at__isnull=False)
    return [row.user for row in rows.select_related("user").order_by("pk")]


# -- creators
def list_creators(*, user: User, uid: uuid.UUID) -> QuerySet[Representation]:
    """The creators of an organisation, for its members; those that have not answered for owners and managers alone.
    Raises NotFound."""
    place = get_own(user=user, uid=uid)
    rows = Representation.objects.filter(organisation=place.organisation).select_related("creator", "organisation")
    return (rows if place.role in MANAGERS else rows.filter(accepted_at__isnull=False)).order_by("-pk")


def show_creators(*, rows: Sequence[Representation]) -> list[ShownCreator]:
    """Creators of one page with what they are called."""
    names = names_of(users=[row.creator for row in rows])
    return [ShownCreator(row=row, name=names[row.creator_id]) for row in rows]


def list_certificates(*, user: User, uid: uuid.UUID) -> QuerySet[Certificate]:
    """Every certificate of the creators who let an organisation represent them, the newest first, for its members.
    Raises NotFound."""
    place = get_own(user=user, uid=uid)
    agreed = Representation.objects.filter(organisation=place.organisation, accepted_at__isnull=False)
    return certificates.list_of(people=agreed.values("creator"))


def show_certificates(*, user: User, uid: uuid.UUID, limit: int) -> list[ShownCertificate]:
    """The newest of `list_certificates` with their state, as a page shows them."""
    now = timezone.now()
    found = [published.show(certificate=row) for row in list_certificates(user=user, uid=uid)[:limit]]
    return [ShownCertificate(code=one.code, state=one.state(at=now), name=one.says.get("name", "")) for one in found]


def list_representations(*, user: User) -> QuerySet[Representation]:
    """The organisations that represent the creator `user`, or ask to; the newest first."""
    rows = Representation.objects.filter(creator=user, organisation__closed_at__isnull=True)
    return rows.select_related("organisation", "creator").order_by("-pk")


def get_representation(*, user: User, uid: uuid.UUID) -> Representation:
    """One that `user` is the creator of, or an owner or manager of its organisation. Raises NotFound, and Forbidden for
    other members."""
    rows = Representation.objects.filter(uid=uid, organisation__closed_at__isnull=True)
    found = rows.select_related("organisation", "creator").first()
    if found is None:
        raise NotFound
    if found.creator_id != user.pk:
        get_own(user=user, uid=found.organisation.uid, roles=MANAGERS)
    return found


# -- webhooks
def list_webhooks(*, user: User) -> QuerySet[Webhook]:
    """The webhooks of every organisation that `user` owns or manages, the newest first."""
    managed = list_own(user=user).filter(accepted_at__isnull=False, role__in=MANAGERS).values("organisation")
    return Webhook.objects.filter(organisation__in=managed).select_related("organisation").order_by("-pk")


def get_webhook(*, user: User, uid: uuid.UUID) -> Webhook:
    """One of an organisation that `user` owns or manages. Raises NotFound, and Forbidden for its other members."""
    found = Webhook.objects.filter(uid=uid).select_related("organisation").first()
    if found is None:
        raise NotFound
    get_own(user=user, uid=found.organisation.uid, roles=MANAGERS)
    return found


def list_deliveries(*, user: User, webhook: uuid.UUID, state: str = "") -> QuerySet[Delivery]:
    """What was or is to be sent to a webhook, the newest first. Raises NotFound, Forbidden."""
    rows = Delivery.objects.filter(webhook=get_webhook(user=user, uid=webhook)).order_by("-pk")
    return rows.filter(state=state) if state else rows


def get_delivery(*, user: User, webhook: uuid.UUID, uid: uuid.UUID, for_update: bool = False) -> Delivery:
    """One of them. Raises NotFound, Forbidden."""
    rows = list_deliveries(user=user, webhook=webhook).filter(uid=uid)
    found = (rows.select_for_update(of=("self",)) if for_update else rows).first()
    if found is None:
        raise NotFound
    return found


def count_dead(*, webhooks: Sequence[Webhook]) -> list[tuple[Webhook, int]]:
    """Webhooks that the caller may see, each with how many notices were given up: one query."""
    rows = Delivery.objects.filter(webhook__in=webhooks, state=Delivery.State.DEAD).values_list("webhook", flat=True)
    n_dead = Counter(rows)
    return [(webhook, n_dead[webhook.pk]) for webhook in webhooks]


def list_dead(*, staff: User) -> QuerySet[Delivery]:
    """What was given up, of all organisations, the newest first; `show_dead` shows it. Raises Forbidden without the
    permission."""
    if not staff.has_perm(STAFF_PERMISSION):
        raise Forbidden
    return Delivery.objects.filter(state=Delivery.State.DEAD).select_related("webhook__organisation").order_by("-pk")


def show_dead(*, rows: Iterable[Delivery]) -> list[DeadDelivery]:
    """As staff see them."""
    return [
        DeadDelivery(
            id=row.uid,
            organisation=row.webhook.organisation.name,
            host=urlsplit(row.webhook.target_url).netloc,
            event=row.event,
            event_id=row.event_id,
            n_tries=row.n_tries,
            status=row.last_status,
            error=row.last_error,
            ended_at=row.ended_at,
            is_paused=not row.webhook.is_active,
        )
        for row in rows
    ]


def get_dead(*, staff: User, uid: uuid.UUID) -> Delivery:
    """One that was given up or waits again, locked, for who may send it again: what was taken staff cannot repeat.
    Raises Forbidden without the permission, NotFound."""
    if not staff.has_perm(RESEND_PERMISSION):
        raise Forbidden
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("webhook__organisation")
    found = rows.filter(uid=uid).exclude(state=Delivery.State.DELIVERED).first()
    if found is None:
        raise NotFound
    return found


def list_expired(*, since: datetime, until: datetime) -> list[Certificate]:
    """Certificates whose time ended between the two, and whose holders an organisation represents; for the job."""
    agreed = Representation.objects.filter(accepted_at__isnull=False).values("creator")
    return list(
        certificates.list_of(people=agreed).filter(expires_at__gt=since, expires_at__lte=until, revoked_at=None)
    )


# -- what is written about somebody
def list_all_of(*, user: User) -> QuerySet[Membership]:
    """Every place of somebody, also in closed organisations and where they never answered; for the copy of their data
    and their erasure."""
    return Membership.objects.filter(user=user).select_related("organisation").order_by("pk")


def list_all_representations_of(*, user: User) -> QuerySet[Representation]:
    """As `list_all_of`, as a creator."""
    return Representation.objects.filter(creator=user).select_related("organisation", "creator").order_by("pk")

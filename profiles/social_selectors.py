"""Reads of whom one knows. Whoever is hidden, blocked, blocks, has left or has no profile is left out everywhere."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Case, Count, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from pairly.common.problems import NotFound
from users.models import User

from .constants import VISITS_KEPT_DAYS
from .models import Connection, Follow, ListEntry, PeopleList, Profile, Visit
from .visibility import without_blocked, without_hidden

Row = TypeVar("Row", bound=Model)
PAGE = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[Row]):
    """One page of rows; `after` continues it, "" at the end."""

    rows: list[Row]
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListChoice:
    """One of the caller's lists, and whether somebody is in it."""

    uid: uuid.UUID
    name: str
    has_them: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What there is between the caller and somebody. `connection`: "", "asked" (by the caller), "asks" (them) or
    "connected"."""

    is_following: bool = False
    connection: str = ""
    lists: list[ListChoice] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitors:
    """A page of those who left their names, and how many did not, in the days that visits are kept."""

    page: Page[Visit]
    n_unnamed: int


def _visible(rows: QuerySet[Row], *, user: User, person: str) -> QuerySet[Row]:
    """`rows` whose `person` (a relation to a user) `user` may see."""
    rows = rows.filter((f"{person}__is_active", True), (f"{person}__profile__isnull", False))
    return without_blocked(without_hidden(rows, column=f"{person}_id"), user=user, column=f"{person}_id")


def _with_person(rows: QuerySet[Row], *, person: str) -> QuerySet[Row]:
    """`rows` with the person's profile and pictures, in two queries however many they are."""
    return rows.select_related(f"{person}__profile").prefetch_related(f"{person}__profile__pictures")


def _page(rows: QuerySet[Row], *, after: str, size: int) -> Page[Row]:
    """The newest first, from the id `after` of the page before; a foreign one is ignored."""
    if re.fullmatch(r"[0-9]{1,18}", after):
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.order_by("-pk")[: size + 1])
    return Page(rows=found[:size], after=str(found[size - 1].pk) if len(found) > size else "")


# -- follows ------------------------------------------------------------------------------------------------
def list_follows(*, user: User) -> QuerySet[Follow]:
    """Whom `user` follows, unordered."""
    rows = Follow.objects.filter(follower=user, followed__role=User.Role.CREATOR)
    return _with_person(_visible(rows, user=user, person="followed"), person="followed")


def get_follow(*, user: User, uid: uuid.UUID) -> Follow:
    """That `user` follows somebody; raises NotFound."""
    found = list_follows(user=user).filter(followed__uid=uid).first()
    if found is None:
        raise NotFound()
    return found


def get_follow_page(*, user: User, after: str = "", size: int = PAGE) -> Page[Follow]:
    """Whom `user` follows, the newest first."""
    return _page(list_follows(user=user), after=after, size=size)


# -- connections --------------------------------------------------------------------------------------------
def list_connections(*, user: User, state: str = "", direction: str = "") -> QuerySet[Connection]:
    """Connections and open requests of `user`, unordered, each with `peer_id`; the caller's is the only view there is.

    `state`: "accepted" or "requested"; `direction`: "out" for what `user` asked for, "in" for what others did. What
    was declined is requested still to who asked (`services.connections`): whatever is not accepted is to be shown so.
    """
    accepted = Q(state=Connection.State.ACCEPTED)
    waiting = Q(state=Connection.State.REQUESTED)
    unknowing = Q(asker=user, state=Connection.State.DECLINED, withdrawn_at=None)
    wanted = {"accepted": accepted, "requested": waiting | unknowing}.get(state, accepted | waiting | unknowing)
    side = {"out": Q(asker=user), "in": Q(asked=user)}.get(direction, Q(asker=user) | Q(asked=user))
    peer_id = Case(When(asker=user, then=F("asked_id")), default=F("asker_id"))
    rows = Connection.objects.filter(wanted & side).annotate(peer_id=peer_id)
    for person in ("asker", "asked"):
        rows = rows.filter((f"{person}__is_active", True), (f"{person}__profile__isnull", False))
    rows = without_blocked(without_hidden(rows, column="peer_id"), user=user, column="peer_id")
    return _with_person(_with_person(rows, person="asker"), person="asked")


def peer_of(*, connection: Connection, user: User) -> User:
    """The other one."""
    return connection.asked if connection.asker_id == user.pk else connection.asker


def find_connection(*, user: User, uid: uuid.UUID) -> Connection | None:
    """The connection or open request between `user` and somebody else."""
    if uid == user.uid:
        return None
    return list_connections(user=user).filter(Q(asker__uid=uid) | Q(asked__uid=uid)).order_by("-pk").first()


def get_connection(*, user: User, uid: uuid.UUID) -> Connection:
    """As `find_connection`; raises NotFound."""
    found = find_connection(user=user, uid=uid)
    if found is None:
        raise NotFound()
    return found


def get_connection_page(
    *, user: User, state: str, direction: str = "", after: str = "", size: int = PAGE
) -> Page[Connection]:
    """As `list_connections`, the newest first."""
    return _page(list_connections(user=user, state=state, direction=direction), after=after, size=size)


def count_requests(*, user: User) -> int:
    """How many people wait for an answer of `user`."""
    return list_connections(user=user, state="requested", direction="in").count()


# -- lists --------------------------------------------------------------------------------------------------
def list_lists(*, user: User) -> QuerySet[PeopleList]:
    """One's own lists, by name, each with `n_people`: of those that one may see."""
    seen = _visible(ListEntry.objects.filter(people_list=OuterRef("pk")), user=user, person="user")
    counted = seen.order_by().values("people_list").annotate(n=Count("pk")).values("n")
    rows = PeopleList.objects.filter(owner=user).annotate(n_people=Coalesce(Subquery(counted), 0))
    return rows.order_by(Lower("name"))


def get_list(*, user: User, uid: uuid.UUID) -> PeopleList:
    """One's own list; raises NotFound."""
    found = list_lists(user=user).filter(pk=uid).first()
    if found is None:
        raise NotFound()
    return found


def list_entries(*, people_list: PeopleList, user: User) -> QuerySet[ListEntry]:
    """Who is in a list of `user` (`get_list`), unordered."""
    rows = ListEntry.objects.filter(people_list=people_list, people_list__owner=user)
    return _with_person(_visible(rows, user=user, person="user"), person="user")


def get_entry_page(*, people_list: PeopleList, user: User, after: str = "", size: int = PAGE) -> Page[ListEntry]:
    """As `list_entries`, the newest first."""
    return _page(list_entries(people_list=people_list, user=user), after=after, size=size)


def find_standing(*, user: User | None, profile: Profile) -> Standing | None:
    """What there is between `user` and the owner of a profile that they may see, for its page. Three queries.

    None for visitors and for the owner.
    """
    if user is None or user.pk == profile.user_id:
        return None
    connection = find_connection(user=user, uid=profile.user.uid)
    has_them = Exists(ListEntry.objects.filter(people_list=OuterRef("pk"), user=profile.user_id))
    lists = PeopleList.objects.filter(owner=user).annotate(has_them=has_them).order_by(Lower("name"))
    return Standing(
        is_following=Follow.objects.filter(follower=user, followed=profile.user_id).exists(),
        connection=_stage(connection, user),
        lists=[ListChoice(uid=one.uid, name=one.name, has_them=one.has_them) for one in lists],
    )


def _stage(connection: Connection | None, user: User) -> str:
    if connection is None:
        return ""
    if connection.state == Connection.State.ACCEPTED:
        return "connected"
    return "asked" if connection.asker_id == user.pk else "asks"


# -- visitors -----------------------------------------------------------------------------------------------
def list_visitors(*, user: User) -> QuerySet[Visit]:
    """Who looked at the profile of `user` in the last VISITS_KEPT_DAYS and leaves their name, then and now."""
    named = _recent_visits(user).filter(_NAMED)
    return _with_person(named, person="visitor")


def get_visitors(*, user: User, after: str = "", size: int = PAGE) -> Visitors:
    """As `list_visitors`, the latest first, and how many there are without a name. `after`: time and id of the last
    one, so that who looks again in between is shown twice rather than not at all.
    """
    rows = list_visitors(user=user)
    if place := re.fullmatch(r"([0-9]{1,17})-([0-9]{1,18})", after):
        at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(place[1]))
        rows = rows.filter(Q(last_at__lt=at) | Q(last_at=at, pk__lt=int(place[2])))
    found = list(rows.order_by("-last_at", "-pk")[: size + 1])
    following = f"{_microseconds(found[size - 1].last_at)}-{found[size - 1].pk}" if len(found) > size else ""
    unnamed = count_unnamed_visitors(user=user)
    return Visitors(page=Page(rows=found[:size], after=following), n_unnamed=unnamed)


def count_unnamed_visitors(*, user: User) -> int:
    """How many looked in the same time and leave no name."""
    return _recent_visits(user).exclude(_NAMED).count()


# Who has switched it off by now is not named for earlier looks either.
_NAMED = Q(is_shown=True, visitor__profile__leaves_visits=True)


def _recent_visits(user: User) -> QuerySet[Visit]:
    since = timezone.now() - timedelta(days=VISITS_KEPT_DAYS)
    rows = Visit.objects.filter(profile__user=user, last_at__gte=since)
    return _visible(rows, user=user, person="visitor")


def _microseconds(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)

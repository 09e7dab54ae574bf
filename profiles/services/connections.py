"""Connecting two people: asked for by one, accepted by the other.

To who asked, a declined request is one that still waits: they can take it back and ask again, and it looks as it always
does, but for ASK_AGAIN_DAYS nobody hears of it. The other one can think better of it: asking back then accepts.
One row a pair and direction is used again and again until a connection comes of it, so that what a person asked in a
day counts the same whether it was declined or not.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from pairly.common.problems import NotFound
from users.models import User
from users.services.notifications import notify

from ..constants import ASK_AGAIN_DAYS, CONNECTIONS_ASKED_A_DAY
from ..errors import TooManyAsked
from ..models import Connection, Follow, ListEntry, Visit
from . import pairs

_State = Connection.State
_OPEN = (_State.REQUESTED, _State.ACCEPTED)


@transaction.atomic
def ask(*, user: User, uid: uuid.UUID) -> Connection:
    """Ask somebody to connect, or accept where they have asked; gives the connection, which may be there already.

    Raises NotFound for oneself and people whom `user` may not see, TooManyAsked.
    """
    pairs.take_turns_alone(user=user, what="asks")
    peer = pairs.hold(user=user, uid=uid).user
    between = list(_between(user, peer).order_by("-pk"))
    current = next((row for row in between if row.state in _OPEN), None)
    theirs = next((row for row in between if _waits_for(row, asker=peer)), None)
    if current is not None and (current.state == _State.ACCEPTED or current.asker_id == user.pk):
        return current
    if theirs is not None:
        return _accept(row=theirs, by=user, asker=peer)
    own = next((row for row in between if row.asker_id == user.pk), None)
    return _ask_anew(row=own, user=user, peer=peer)


def _ask_anew(*, row: Connection | None, user: User, peer: User) -> Connection:
    """`row`: what came of the last request, if it was no connection."""
    if row is not None and _waits_for(row, asker=user) and not _may_ask_again(row):
        return row
    _check_allowance(user=user, peer=peer)
    row = row or Connection(asker=user, asked=peer)
    row.created_at, row.withdrawn_at = timezone.now(), None
    if row.state == _State.DECLINED and not _may_ask_again(row):
        row.save()
        return row
    row.state, row.settled_at = _State.REQUESTED, None
    row.save()
    _tell(peer, kind="connection_request", actor=user, key=f"connection_request:{user.uid}:{row.created_at:%Y-%m-%d}")
    return row


@transaction.atomic
def accept(*, user: User, uid: uuid.UUID) -> Connection:
    """Accept the request of `uid`; again is once. Raises NotFound where there is none (any more)."""
    peer = pairs.hold(user=user, uid=uid).user
    current = _between(user, peer).filter(state__in=_OPEN).first()
    if current is None or (current.state == _State.REQUESTED and current.asker_id == user.pk):
        raise NotFound()
    if current.state == _State.ACCEPTED:
        return current
    return _accept(row=current, by=user, asker=peer)


@transaction.atomic
def decline(*, user: User, uid: uuid.UUID) -> None:
    """Decline the request of `uid`, who is not told of it. Where there is none nothing happens."""
    if _take_turns(user, uid):
        _settle(Q(asked=user, asker__uid=uid, state=_State.REQUESTED), _State.DECLINED)


@transaction.atomic
def withdraw(*, user: User, uid: uuid.UUID) -> None:
    """Take back one's request to `uid`. Where there is none nothing happens."""
    if _take_turns(user, uid):
        mine = Q(asker=user, asked__uid=uid)
        _settle(mine & Q(state=_State.REQUESTED), _State.WITHDRAWN)
        Connection.objects.filter(mine, state=_State.DECLINED, withdrawn_at=None).update(withdrawn_at=timezone.now())


@transaction.atomic
def end(*, user: User, uid: uuid.UUID) -> None:
    """End the connection with `uid`, who is not told of it. Where there is none nothing happens."""
    if _take_turns(user, uid):
        pair = Q(asker=user, asked__uid=uid) | Q(asked=user, asker__uid=uid)
        _settle(pair & Q(state=_State.ACCEPTED), _State.ENDED)


@transaction.atomic
def leave(*, user: User, uid: uuid.UUID) -> None:
    """Whatever there is with `uid`, let it be over: end, withdraw or decline."""
    end(user=user, uid=uid)
    withdraw(user=user, uid=uid)
    decline(user=user, uid=uid)


def end_everything_between(*, blocker: User, blocked: User) -> None:
    """`users.registry.BlockHook`: requests settle themselves, and neither has the other anywhere any more.

    Waits for what one of them is doing about the other at this moment (`pairs`), and finds it.
    """
    pairs.take_turns(blocker, blocked)
    one_way, other_way = Q(asker=blocker, asked=blocked), Q(asker=blocked, asked=blocker)
    _settle(one_way & Q(state=_State.REQUESTED), _State.WITHDRAWN)
    _settle(other_way & Q(state=_State.REQUESTED), _State.DECLINED)
    _settle((one_way | other_way) & Q(state=_State.ACCEPTED), _State.ENDED)
    for one, other in ((blocker, blocked), (blocked, blocker)):
        Follow.objects.filter(follower=one, followed=other).delete()
        ListEntry.objects.filter(people_list__owner=one, user=other).delete()
        Visit.objects.filter(visitor=one, profile__user=other).delete()


def _take_turns(user: User, uid: uuid.UUID) -> bool:
    """Hold the pair, whether one sees the other or not; False where there is nobody."""
    peer = User.objects.filter(uid=uid).first()
    if peer is not None:
        pairs.take_turns(user, peer)
    return peer is not None


def _between(one: User, other: User) -> QuerySet[Connection]:
    pair = Q(asker=one, asked=other) | Q(asker=other, asked=one)
    return Connection.objects.filter(pair).exclude(state=_State.ENDED)


def _waits_for(row: Connection, *, asker: User) -> bool:
    """Whether `asker` sees a request of theirs that waits."""
    is_unknowing = row.state == _State.DECLINED and row.withdrawn_at is None
    return row.asker_id == asker.pk and (row.state == _State.REQUESTED or is_unknowing)


def _may_ask_again(row: Connection) -> bool:
    return row.settled_at is not None and row.settled_at <= timezone.now() - timedelta(days=ASK_AGAIN_DAYS)


def _check_allowance(*, user: User, peer: User) -> None:
    """Raises TooManyAsked. Counts people, so that taking back and asking again is no way to try anything."""
    since = timezone.now() - timedelta(days=1)
    asked = Connection.objects.filter(asker=user, created_at__gt=since).exclude(asked=peer)
    times = list(asked.order_by("created_at").values_list("created_at", flat=True)[:CONNECTIONS_ASKED_A_DAY])
    if len(times) >= CONNECTIONS_ASKED_A_DAY:
        raise TooManyAsked(retry_after_s=(times[0] - since).total_seconds())


def _accept(*, row: Connection, by: User, asker: User) -> Connection:
    row.state, row.settled_at = _State.ACCEPTED, timezone.now()
    row.save(update_fields=["state", "settled_at"])
    _tell(asker, kind="connection_accepted", actor=by, key=f"connection_accepted:{row.uid}")
    return row


def _settle(which: Q, state: Connection.State) -> None:
    Connection.objects.filter(which).update(state=state, settled_at=timezone.now())


def _tell(user: User, *, kind: str, actor: User, key: str) -> None:
    notify(user=user, kind=kind, actor=actor, payload={"user_id": str(actor.uid)}, key=key)

"""Telling people who write with each other that one of them came or went."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from pairly.common.after_commit import push_all
from pairly.common.problems import NotFound
from profiles import presence_selectors
from profiles import selectors as profiles
from profiles.models import Profile
from profiles.presence_selectors import Shown
from profiles.services import presence
from profiles.types import Seen
from users.models import User

from .. import events, selectors
from ..models import Conversation

# People whose pen friends are told in one round trip.
PEOPLE_AT_ONCE = 50


def move() -> int:
    """Write down who came and went (`profiles.services.presence`) and tell those who write with them; gives how many
    came or went. Whoever hides that they are online is not spoken of: a frame would say it."""
    moved = presence.move()
    changed = [*moved.came, *moved.went]
    for at in range(0, len(changed), PEOPLE_AT_ONCE):
        people = presence_selectors.list_shown(user_ids=changed[at : at + PEOPLE_AT_ONCE])
        _tell([person for person in people if person.shows_online])
    return len(changed)


def tell(*, user_id: int) -> None:
    """Tell those who write with somebody how that one shows now: they turned a switch."""
    _tell(presence_selectors.list_shown(user_ids=[user_id]))


def get_state(*, user: User, peer_uid: uuid.UUID) -> events.Frame:
    """How somebody whom `user` writes with shows to them now: what a page asks for that was not connected for a while.
    Raises NotFound where there is no conversation."""
    peer = selectors.find_contact(uid=peer_uid)
    place = selectors.find_conversation(user=user, peer_id=peer.pk) if peer else None
    if peer is None or place is None:
        raise NotFound()
    seen = find_seen(user=user, shown=profiles.shown_profile(user=peer), conversation=place)
    return events.presence(user_id=peer_uid, is_online=seen.is_online, last_seen_at=seen.last_seen_at)


def find_seen(*, user: User, shown: Profile, conversation: Conversation) -> Seen:
    """The presence of the owner of `shown` (`profiles.selectors.shown_profile`), whom `user` writes with; nothing where
    `user` may not see the profile any more, or waits for them to accept a request."""
    is_waiting = selectors.is_open_request(conversation=conversation, reader_id=shown.user_id)
    if shown.pk and not is_waiting and profiles.is_visible(user=user, other=shown.user):
        presence_selectors.attach(user=user, profiles=[shown])
    return shown.seen


def _tell(people: Collection[Shown]) -> None:
    """One frame for each of their latest pen friends whom no block keeps from them. Best effort: the page of a
    conversation begins with what is true when it is opened."""
    if not people:
        return
    by_id = {person.user_id: person for person in people}
    peers = selectors.list_presence_peers(user_ids=list(by_id))
    sharing = presence_selectors.list_sharing(user_ids={peer.peer_id for peer in peers})
    push_all(pushes=[(peer.peer_uid, _frame(by_id[peer.user_id], is_told=peer.peer_id in sharing)) for peer in peers])


def _frame(person: Shown, *, is_told: bool) -> events.Frame:
    seen = person.seen
    return events.presence(
        user_id=person.uid, is_online=seen.is_online, last_seen_at=seen.last_seen_at if is_told else None
    )

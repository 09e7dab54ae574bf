"""Reads of who may write to whom at which price. Fetching is authorizing."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from profiles import selectors as profiles
from profiles.folding import fold
from profiles.models import Profile
from users.models import User

from . import selectors
from .constants import INBOX_PAGE
from .models import Conversation
from .selectors import PRESENCE_PEERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Payer:
    """Somebody who pays for a message to a creator, unless they write for free."""

    uid: uuid.UUID
    is_free: bool


def list_payers(*, user_id: int) -> list[Payer]:
    """The latest PRESENCE_PEERS who pay this person and no block keeps from them. For the job that tells them only."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYERS, {"user": user_id, "limit": PRESENCE_PEERS})
        return [Payer(uid=uid, is_free=is_free) for uid, is_free in cursor.fetchall()]


_PAYERS = """
SELECT CASE WHEN c.low = %(user)s THEN c.high_uid ELSE c.low_uid END,
       CASE WHEN c.low = %(user)s THEN c.high_free ELSE c.low_free END
  FROM messaging_conversation c
 WHERE (c.low = %(user)s AND c.high_pays OR c.high = %(user)s AND c.low_pays)
   AND NOT EXISTS (SELECT FROM users_block b WHERE b.blocker_id = c.low AND b.blocked_id = c.high)
   AND NOT EXISTS (SELECT FROM users_block b WHERE b.blocker_id = c.high AND b.blocked_id = c.low)
 ORDER BY c.recent_ms DESC, c.id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How two people of a conversation stand, for one of them. `request`: what this one has made of the other's first
    words. `is_free`: whether this one writes for free who would have to pay; `lets_free`: whether the other one does,
    None where that one pays nothing anyway."""

    request: str
    pays: bool
    is_free: bool
    lets_free: bool | None
    free_by: str


def standing_of(*, user: User, conversation: Conversation) -> Standing:
    """For `user`, one of the two of `conversation` (`selectors.get_conversation`)."""
    mine, _peer = selectors.side_of(conversation=conversation, user=user)
    theirs = "high" if mine == "low" else "low"
    theirs_free = getattr(conversation, f"{theirs}_free") if getattr(conversation, f"{theirs}_pays") else None
    return Standing(
        request=getattr(conversation, f"{mine}_request"),
        pays=getattr(conversation, f"{mine}_pays"),
        is_free=getattr(conversation, f"{mine}_pays") and getattr(conversation, f"{mine}_free"),
        lets_free=theirs_free,
        free_by=getattr(conversation, f"{theirs}_free_by"),
    )


def find_exception(*, user: User, peer_id: int) -> Standing | None:
    """As `standing_of`, None where the two have no conversation."""
    found = selectors.find_conversation(user=user, peer_id=peer_id)
    return standing_of(user=user, conversation=found) if found else None


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeWriter:
    """Somebody who writes for free; `why`: "listed" or "wrote_first"."""

    conversation: Conversation
    peer: User
    shown: Profile
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeWriters:
    """One page; `after` continues it, "" at the end."""

    rows: list[FreeWriter]
    after: str = ""


def get_free_writers(*, user: User, words: str = "", after: str = "", size: int = INBOX_PAGE) -> FreeWriters:
    """Who writes to the creator `user` for free, by the newest conversation; `words` are looked for in their names. A
    foreign `after` is ignored."""
    found = Conversation.objects.filter(Q(low=user, high_free=True) | Q(high=user, low_free=True))
    if re.fullmatch(r"[0-9]{1,18}", after):
        found = found.filter(pk__lt=int(after))
    if folded := fold(words):
        found = found.filter(RawSQL(_IS_NAMED, [user.pk, folded], output_field=BooleanField()))  # noqa: S611 - a constant
    found = found.select_related("low__profile", "high__profile")
    found = found.prefetch_related("low__profile__pictures", "high__profile__pictures")
    places = list(found.order_by("-pk")[: size + 1])
    rows = [_free_writer(user, place) for place in places[:size]]
    return FreeWriters(rows=rows, after=str(places[size - 1].pk) if len(places) > size else "")


_IS_NAMED = (
    "profiles_is_named(CASE WHEN messaging_conversation.low = %s THEN messaging_conversation.high "
    "ELSE messaging_conversation.low END, %s)"
)


def _free_writer(user: User, place: Conversation) -> FreeWriter:
    peer, why = (place.high, place.high_free_by) if place.low_id == user.pk else (place.low, place.low_free_by)
    return FreeWriter(conversation=place, peer=peer, shown=profiles.shown_profile(user=peer), why=why)
